//! A probe reports before a sync what the sync reports afterwards: the same failure, issues and withheld removals.
//! Tested on every report and on a sample of polluted files, with and without a catalog.

use lockstep::domain::issue::Issue;
use lockstep::domain::operation::Status;
use lockstep::domain::record::SyncRecord;
use lockstep::domain::source::Source;

use super::pollution::clean::CleanTable;
use super::pollution::faults::Fault;
use super::read_report;
use crate::support::seeded_random::SeededRandom;
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    a_probe_of_every_report_agrees_with_its_sync,
    a_probe_of_the_second_file_of_a_pair_agrees_with_its_sync,
    a_probe_of_a_polluted_file_agrees_with_its_sync,
    a_check_finds_the_row_of_an_item_inside_a_cell,
    a_check_knows_rows_that_were_only_filled_down,
    a_check_foretells_a_changed_key_and_withheld_removals,
    a_probe_of_an_empty_source_agrees_with_its_sync,
];

/// The tables among the reports, each with its key column.
const TABLES: [(&str, &str); 24] = [
    ("01a-stray-quote-before.csv", "id"),
    ("01b-stray-quote-after.csv", "id"),
    ("02a-utf8.csv", "id"),
    ("02b-one-row-cp1252.csv", "id"),
    ("03a-header-nbsp.csv", "Member No"),
    ("03b-header-line-break.csv", "Member No"),
    ("04a-title-rows-above-header.csv", "Transaction"),
    ("04b-every-line-in-quotes.csv", "id"),
    ("05-joined-files.csv", "id"),
    ("07a-keys-plain.csv", "sku"),
    ("07b-keys-zero-width.csv", "sku"),
    ("08a-two-columns-decimal-comma.csv", "nome"),
    ("08b-commas-in-header.csv", "SKU (leer bei neu, Pflicht bei alt)"),
    ("08c-header-one-separator-short.csv", "Nr"),
    ("08d-lists-with-semicolons.csv", "driver_id"),
    ("08e-one-row-of-prose.csv", "item_id"),
    ("09-macintosh.csv", "id"),
    ("10-inner-quotes.csv", "id"),
    ("11-one-cell-too-many.csv", "id"),
    ("12-sheet-errors.csv", "id"),
    ("13-checkbox-rows.csv", "id"),
    ("14-blank-headers.csv", "id"),
    ("15-count-rows.csv", "id"),
    ("16-sheet.csv", "id"),
];

/// Checks the source, syncs it, and asserts that both report the same. Returns the record of the sync, and everything
/// that the check reported.
fn check_and_sync(engine: &TestEngine, source: &Source, name: &str) -> (SyncRecord, Vec<String>) {
    let looked = engine.control.probe_source(source);
    let record = engine.sync(source);
    let probe = match looked {
        Ok(probe) => probe,
        Err(error) => {
            assert_eq!(record.summary.code.as_deref(), Some(error.code), "{name}: {error}");
            assert!(record.summary.message.starts_with(&error.message), "{name}: {} {error}", record.summary.message);
            return (record, vec![error.message]);
        }
    };
    assert_eq!(
        record.summary.code.as_deref(),
        probe.failure.as_ref().map(|failure| failure.code),
        "{name}: {}",
        record.summary.message
    );
    if let Some(failure) = &probe.failure {
        assert!(
            record.summary.message.starts_with(&failure.message()),
            "{name}: {} {failure:?}",
            record.summary.message
        );
    }
    let mut issues = engine.store.list_issues(record.summary.id, 1, 20_000).expect("issues");
    let mut foretold = probe.issues.kept.clone();
    let sort_key = |issue: &Issue| (issue.row, issue.column.clone(), issue.reason.clone());
    issues.sort_by_key(sort_key);
    foretold.sort_by_key(sort_key);
    assert_eq!(foretold, issues, "{name}");
    assert_eq!(probe.issues.count, record.issues, "{name}");
    let problems: Vec<String> = probe.all_problems().collect();
    if record.summary.status == Status::Completed {
        let is_foretold = problems.iter().any(|problem| problem.starts_with("A sync would keep "));
        assert_eq!(is_foretold, record.withheld_removals > 0, "{name}: {problems:?} {}", record.summary.message);
        let is_skipping = problems.iter().any(|problem| problem.contains("would be skipped"));
        assert_eq!(is_skipping, record.summary.stats.rejected > 0, "{name}: {problems:?} {}", record.summary.message);
    }
    (record, problems)
}

fn add_keyed_source(engine: &TestEngine, slug: &str, content: impl AsRef<[u8]>, key: &str) -> Source {
    engine.csv_source_with(slug, content, |draft| key.clone_into(&mut draft.key_column))
}

fn a_probe_of_every_report_agrees_with_its_sync(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let folder = std::fs::read_dir(super::report_path("")).expect("the reports");
    let tables =
        folder.filter(|entry| entry.as_ref().is_ok_and(|entry| entry.path().extension() == Some("csv".as_ref())));
    assert_eq!(tables.count(), TABLES.len(), "every table is among them");
    for (at, (name, key)) in TABLES.into_iter().enumerate() {
        let source = add_keyed_source(&engine, &format!("report-{at}"), read_report(name), key);
        let (first, _) = check_and_sync(&engine, &source, name);
        let (second, _) = check_and_sync(&engine, &source, name);
        assert_eq!(first.summary.status, second.summary.status, "{name}");
    }
    // Content that is not a table fails in the same way.
    for (at, name) in ["17-sign-in.html", "21-feed-packed.xml.gz", "29-feed-numeric-id.json"].into_iter().enumerate() {
        let source = add_keyed_source(&engine, &format!("other-{at}"), read_report(name), "id");
        check_and_sync(&engine, &source, name);
    }
}

fn a_probe_of_the_second_file_of_a_pair_agrees_with_its_sync(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    // One report after another with the same key: columns and keys are added and removed.
    let same_key: Vec<&str> = TABLES.into_iter().filter(|(_, key)| *key == "id").map(|(name, _)| name).collect();
    let source = add_keyed_source(&engine, "pairs", "id\n1\n", "id");
    for (before, after) in same_key.iter().zip(&same_key[1..]).chain([(&same_key[0], &same_key[12])]) {
        engine.rewrite_file(&source, read_report(before));
        check_and_sync(&engine, &source, before);
        engine.rewrite_file(&source, read_report(after));
        check_and_sync(&engine, &source, &format!("{before}, then {after}"));
    }
}

fn a_probe_of_a_polluted_file_agrees_with_its_sync(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    // Every fault, in several tables, on SQLite because it is faster.
    let cases = if db.is_sqlite() { 76 } else { 19 };
    for case in 0..cases {
        let mut random = SeededRandom::new(0xC4EC_0000 + case);
        let clean = CleanTable::draw_table(&mut random);
        let fault = Fault::ALL[usize::try_from(case).expect("small") % Fault::ALL.len()];
        let polluted = fault.pollute(&clean, &mut random);
        let source = engine.csv_source(&format!("case-{case}"), clean.to_bytes());
        if random.next_chance(70) {
            engine.sync(&source);
        }
        engine.rewrite_file(&source, &polluted.polluted_bytes);
        check_and_sync(
            &engine,
            &source,
            &format!("case {case}: {}", String::from_utf8_lossy(&polluted.polluted_bytes)),
        );
    }
}

fn a_check_finds_the_row_of_an_item_inside_a_cell(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,note,year\n1,One,1990\n2,Two,1991\n3,Three,1992\n");
    engine.sync(&source);
    // The row with the key 2 is inside a cell, and the row around it has the right number of cells.
    engine.rewrite_file(&source, "id,note,year\n1,\"One,1990\n2,Two\",1991\n3,Three,1992\n");
    let (record, problems) = check_and_sync(&engine, &source, "albums");
    assert_eq!(record.summary.code.as_deref(), Some("unclosed_quote"), "{}", record.summary.message);
    let shown_text = "A sync would fail: Row 2: an unclosed quotation mark (\") includes the rows below; the row of \
                      the key “2” is inside a cell. Remove the quotation mark, or double it if it belongs to the text.";
    assert_eq!(problems, [shown_text]);
}

fn a_check_knows_rows_that_were_only_filled_down(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let rows = |from: u32, key: bool| -> String {
        (from..from + 20).map(|n| if key { format!("{n},Title {n},new\n") } else { ",,new\n".to_owned() }).collect()
    };
    let source = engine.csv_source("albums", format!("id,title,state\n{}{}", rows(1, true), rows(21, false)));
    let (record, problems) = check_and_sync(&engine, &source, "albums");
    assert_eq!((record.summary.stats.rejected, problems), (0, Vec::new()), "{}", record.summary.message);
    let issues = engine.list_issues(record.summary.id);
    assert!(issues.len() == 1 && issues[0].contains("They contain only “new” in “state”"), "{issues:?}");
}

fn a_check_foretells_a_changed_key_and_withheld_removals(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let rows = |keys: std::ops::Range<u32>| -> String { keys.map(|n| format!("k{n},Title\n")).collect() };
    let source = engine.csv_source("albums", format!("id,title\n{}", rows(0..40)));
    engine.sync(&source);
    engine.rewrite_file(&source, format!("id,title\n{}", rows(100..140)));
    let (record, problems) = check_and_sync(&engine, &source, "albums");
    assert_eq!(record.summary.code.as_deref(), Some("key_changed"));
    let shown_text = "A sync would fail: Did the key column change? 40 of 40 albums would be removed and 40 added. \
                      If this is intended, choose “Sync anyway”.";
    assert_eq!(problems, [shown_text]);
    engine.rewrite_file(&source, format!("id,title\n{}", rows(0..10)));
    let (record, problems) = check_and_sync(&engine, &source, "albums");
    assert_eq!(record.withheld_removals, 30);
    let shown_text = "A sync would keep 30 albums no longer in the source: that is more than half of the catalog. \
                      Large deletions need confirmation.";
    assert_eq!(problems, [shown_text]);
}

fn a_probe_of_an_empty_source_agrees_with_its_sync(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,title\n1,One\n");
    engine.sync(&source);
    let cases = [
        ("", "The source is empty. Nothing was changed: the catalog keeps its 1 album. Its first row must name"),
        ("id,title\n", "The source has a header but no rows. Nothing was changed: the catalog keeps its 1 album."),
        ("id,title\n,One\n", "No row of the source can be imported. Nothing was changed: the catalog keeps its"),
    ];
    for (text, shown_text) in cases {
        engine.rewrite_file(&source, text);
        let (record, _) = check_and_sync(&engine, &source, text);
        assert_eq!(record.summary.code.as_deref(), Some("empty_source"), "{text:?}");
        assert!(record.summary.message.starts_with(shown_text), "{text:?}: {}", record.summary.message);
    }
}
