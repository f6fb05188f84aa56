//! The text of a cell is data: it is stored unchanged and is never interpreted.

use std::collections::HashSet;

use lockstep::domain::catalog_query::CatalogQuery;
use lockstep::domain::catalog_query::sort_column::SortColumn;
use lockstep::domain::operation::Status;
use lockstep::domain::text::comparable_form::comparable_form;

use crate::support::{TestDatabase, TestEngine, on_both_databases, shared_data};

on_both_databases![
    naughty_strings_are_stored_unchanged,
    naughty_strings_are_found_by_a_search_for_themselves,
    naughty_strings_can_be_keys,
    naughty_strings_can_be_headers_and_sorted_by,
    a_very_long_key_does_not_fail_the_others,
    very_long_cells_are_stored_unchanged,
    a_control_character_does_not_make_a_small_text_binary,
    a_dos_end_of_file_mark_is_skipped_and_noted,
];

/// The Big List of Naughty Strings: SQL, markup, formulas, scripts and the corners of Unicode.
fn read_naughty_texts() -> Option<Vec<String>> {
    let text = std::fs::read_to_string(shared_data("payloads/blns.json")?).expect("text");
    let strings: Vec<String> = serde_json::from_str(&text).expect("JSON");
    assert!(strings.len() > 500);
    Some(strings)
}

fn quote_cell(cell: &str) -> String {
    format!("\"{}\"", cell.replace('"', "\"\""))
}

fn a_control_character_does_not_make_a_small_text_binary(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    for (slug, text, expected) in [
        ("bell", "id,a\n1,\x07\n", "1|\u{7}"),
        ("start-of-heading", "id,a\n1,B\x01\x1a\n2,C\n", "1|B\u{1}\u{1a}"),
        ("form-feed", "id,a\n\x0c1,B\n", "\u{c}1|B"),
        ("like-a-bitmap", "BMI,id\n7,1\x07\n", "7|1\u{7}"),
    ] {
        let source = engine.csv_source(slug, text);
        let record = engine.sync(&source);
        assert_eq!(record.summary.status, Status::Completed, "{slug}: {}", record.summary.message);
        assert_eq!(engine.item_lines(&source)[0], expected, "{slug}");
    }
    let source = engine.csv_source("binary", b"id\n\x01\x02\x03\x04\x05\x06\x0e\x0f");
    let record = engine.sync(&source);
    assert!(record.summary.message.contains("This is a binary file"), "{}", record.summary.message);
}

fn a_dos_end_of_file_mark_is_skipped_and_noted(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let wide = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    let marks = "\x1a".repeat(100);
    for (slug, bytes) in [
        ("own-line", b"id,a\r\n1,B\r\n\x1a".to_vec()),
        ("in-the-cell", b"id,a\r\n1,B\x1a".to_vec()),
        ("block", format!("id,a\r\n1,B\r\n{marks}").into_bytes()),
        ("utf-16", wide("\u{FEFF}id,a\r\n1,B\r\n\x1a")),
    ] {
        let source = engine.csv_source(slug, bytes);
        let record = engine.sync(&source);
        assert_eq!(engine.item_lines(&source), ["1|B"], "{slug}: {}", record.summary.message);
        let issues = engine.list_issues(record.summary.id);
        assert!(issues.len() == 1 && issues[0].contains("Ctrl-Z"), "{slug}: {issues:?}");
    }
}

fn naughty_strings_are_stored_unchanged(db: &TestDatabase) {
    let Some(strings) = read_naughty_texts() else { return };
    let engine = TestEngine::on_database(db);
    let rows: String = strings.iter().enumerate().map(|(n, text)| format!("{n},{}\n", quote_cell(text))).collect();
    let source = engine.csv_source("albums", format!("id,text\n{rows}"));
    let record = engine.sync(&source);
    assert_eq!((record.summary.stats.added, record.issues), (strings.len() as u64, 0), "{}", record.summary.message);
    for (item, text) in engine.list_items(&source).iter().zip(&strings) {
        assert_eq!(item.fields[1].1, *text, "string {}", item.key);
    }
    assert_eq!(engine.sync(&source).summary.stats.unchanged, strings.len() as u64);
}

fn naughty_strings_are_found_by_a_search_for_themselves(db: &TestDatabase) {
    let Some(strings) = read_naughty_texts() else { return };
    let engine = TestEngine::on_database(db);
    let rows: String = strings.iter().enumerate().map(|(n, text)| format!("{n},{}\n", quote_cell(text))).collect();
    let source = engine.csv_source("albums", format!("id,text\n{rows}"));
    engine.sync(&source);
    for (n, text) in strings.iter().enumerate() {
        let found = engine.search_keys(&source, text);
        assert!(found.contains(&n.to_string()), "string {n} does not find itself: {text:?}");
    }
}

/// The visible strings, without white space around them, each normalised form once.
fn read_names() -> Option<Vec<String>> {
    let mut names: Vec<String> = read_naughty_texts()?.iter().map(|text| text.trim().to_owned()).collect();
    names.sort_unstable();
    let mut forms = HashSet::from([String::new()]);
    names.retain(|name| forms.insert(comparable_form(name).into_owned()));
    Some(names)
}

fn naughty_strings_can_be_keys(db: &TestDatabase) {
    let Some(keys) = read_names() else { return };
    let engine = TestEngine::on_database(db);
    let rows: String = keys.iter().map(|key| format!("{},x\n", quote_cell(key))).collect();
    let source = engine.csv_source("albums", format!("id,title\n{rows}"));
    let record = engine.sync(&source);
    assert_eq!(
        (record.summary.stats.added, record.summary.stats.rejected),
        (keys.len() as u64, 0),
        "{}",
        record.summary.message
    );
    let stored: Vec<String> = engine.list_items(&source).into_iter().map(|item| item.key).collect();
    assert_eq!(stored, keys);
    let again = engine.sync(&source);
    assert_eq!(
        (again.summary.stats.unchanged, again.summary.stats.removed),
        (keys.len() as u64, 0),
        "each key is itself again"
    );
}

fn naughty_strings_can_be_headers_and_sorted_by(db: &TestDatabase) {
    let Some(names) = read_names() else { return };
    let engine = TestEngine::on_database(db);
    let header: String = names.iter().map(|name| format!(",{}", quote_cell(name))).collect();
    // In each column the two rows are in the reverse order of the column before.
    let cells = |even: char, odd: char| -> String {
        (0..names.len()).map(|n| format!(",{}", if n % 2 == 0 { even } else { odd })).collect()
    };
    let source = engine.csv_source("albums", format!("id{header}\na{}\nb{}\n", cells('1', '2'), cells('2', '1')));
    assert_eq!(engine.sync(&source).summary.stats.added, 2);
    let columns = engine.store.find_catalog(source.id).expect("an answer").expect("a catalog").columns;
    assert_eq!(columns[1..], names[..]);
    for (n, name) in names.iter().enumerate() {
        let sort = vec![SortColumn { name: name.clone(), descending: false }];
        let found = engine.find_items(&source, &CatalogQuery { sort, ..CatalogQuery::default() });
        assert_eq!(found[0].key, if n % 2 == 0 { "a" } else { "b" }, "{name:?}");
    }
}

/// Text that does not compress.
fn noise_text(length: usize) -> String {
    let mut state = 88_172_645_463_325_252_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b'a' + u8::try_from(state % 26).expect("small"))
    };
    (0..length).map(|_| next()).collect()
}

fn a_very_long_key_does_not_fail_the_others(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", format!("id,title\na,One\n{},Long\nb,Two\n", noise_text(20_000)));
    let record = engine.sync(&source);
    assert_eq!(record.summary.status.as_str(), "completed", "{}", record.summary.message);
    let lines = engine.item_lines(&source);
    assert!(lines.contains(&"a|One".to_owned()) && lines.contains(&"b|Two".to_owned()));
    assert_eq!(record.summary.stats.added + record.summary.stats.rejected, 3);
}

fn very_long_cells_are_stored_unchanged(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let long = noise_text(900_000);
    let source = engine.csv_source("albums", format!("id,title\na,{long}\nb,Two\n"));
    assert_eq!(engine.sync(&source).summary.stats.added, 2);
    assert!(engine.list_items(&source)[0].fields[1].1 == long);
}
