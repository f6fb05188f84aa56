//! Removals that are withheld because rows or keys may have been misread: as long as the file is the same.

use crate::support::test_engine::{full_sync, incremental_sync};
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    a_file_that_is_in_doubt_withholds_removals_at_every_sync,
    an_item_of_a_doubtful_file_is_removed_by_the_corrected_one,
    a_doubtful_item_that_returns_withholds_removals_again,
    a_key_without_doubt_withholds_nothing_later,
];

const HEADER: &str = "id,title,note\n";

fn format_rows(keys: impl Iterator<Item = u32>) -> String {
    keys.map(|n| format!("{n},Title {n},x\n")).collect()
}

/// Files in which the row of the key 4 was misread, with a name.
fn misread_files() -> Vec<(&'static str, Vec<u8>)> {
    let clean = HEADER.to_owned() + &format_rows(1..=8);
    let replaced = |from: &str, to: &[u8]| {
        let (before, after) = clean.split_once(from).expect("the row");
        [before.as_bytes(), to, after.as_bytes()].concat()
    };
    vec![
        ("a separator that is missing", replaced("4,Title 4,x", b"4Title 4,x")),
        ("a separator too many", replaced("4,Title 4,x", b"4,Title 4,x,y")),
        ("a separator too many at the end", replaced("4,Title 4,x", b"44,Title 4,x,")),
        ("a key unlike the others", replaced("4,Title 4,x", b"four,Title 4,x")),
        ("a byte that was mended", replaced("4,Title 4,x", b"4\xFF,Title 4,x")),
        (
            "a header with a name too many",
            (HEADER.replace("title", "ti,tle") + &format_rows(1..=8).replace("4,Title 4,x\n", "")).into_bytes(),
        ),
    ]
}

fn a_file_that_is_in_doubt_withholds_removals_at_every_sync(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    for (number, (name, text)) in misread_files().into_iter().enumerate() {
        let source = engine.csv_source(&format!("albums-{number}"), HEADER.to_owned() + &format_rows(1..=8));
        engine.sync(&source);
        engine.rewrite_file(&source, &text);
        for request in [incremental_sync(), incremental_sync(), full_sync(), incremental_sync()] {
            let record = engine.run_request(&source, &request);
            let is_kept = engine.list_items(&source).iter().any(|item| item.key == "4");
            assert!(is_kept && record.summary.stats.removed == 0, "{name}: {}", record.summary.message);
        }
    }
}

fn an_item_of_a_doubtful_file_is_removed_by_the_corrected_one(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    for (number, (name, text)) in misread_files().into_iter().enumerate() {
        let source = engine.csv_source(&format!("albums-{number}"), HEADER.to_owned() + &format_rows(1..=8));
        engine.sync(&source);
        let before = engine.item_lines(&source);
        engine.rewrite_file(&source, &text);
        engine.sync(&source);
        engine.sync(&source);
        engine.rewrite_file(&source, HEADER.to_owned() + &format_rows(1..=8));
        let record = engine.sync(&source);
        assert_eq!(record.withheld_removals, 0, "{name}: {}", record.summary.message);
        assert_eq!(engine.item_lines(&source), before, "{name}");
    }
}

fn a_doubtful_item_that_returns_withholds_removals_again(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let clean = (HEADER.to_owned() + &format_rows(1..=8)).into_bytes();
    for (number, (name, text)) in misread_files().into_iter().enumerate() {
        let source = engine.csv_source(&format!("albums-{number}"), clean.clone());
        for text in [&clean, &text, &clean, &text, &text] {
            engine.rewrite_file(&source, text);
            let record = engine.run_request(&source, &full_sync());
            let is_kept = engine.list_items(&source).iter().any(|item| item.key == "4");
            assert!(is_kept, "{name}: {}", record.summary.message);
        }
    }
}

fn a_key_without_doubt_withholds_nothing_later(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", HEADER.to_owned() + &format_rows(1..=8));
    engine.sync(&source);
    // No item is missing, so no removal is withheld.
    engine.rewrite_file(&source, HEADER.to_owned() + &format_rows(1..=8) + "nine,Title 9,x\n");
    assert_eq!(engine.sync(&source).summary.stats.added, 1);
    engine.rewrite_file(&source, HEADER.to_owned() + &format_rows(2..=8) + "nine,Title 9,x\n");
    let record = engine.sync(&source);
    assert_eq!((record.summary.stats.removed, record.withheld_removals), (1, 0), "{}", record.summary.message);
}
