//! Rows that are skipped or corrected do not affect the other rows.

use lockstep::domain::issue::{Issue, IssueKind};
use lockstep::domain::operation::Status;
use lockstep::domain::record::SyncRecord;

use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    a_short_row_is_padded,
    a_row_with_surplus_cells_is_refused,
    empty_surplus_cells_are_ignored,
    a_row_without_a_key_is_refused,
    the_first_of_rows_with_the_same_key_is_taken,
    a_key_is_the_same_with_white_space_around_it,
    keys_that_differ_in_case_are_two,
    nul_characters_are_dropped_and_noted,
    a_refused_row_removes_no_item,
    without_the_key_column_the_sync_fails_and_names_the_columns,
    blank_and_repeated_headers_get_names,
];

fn list_issues(engine: &TestEngine, record: &SyncRecord) -> Vec<Issue> {
    let kept = engine.store.list_issues(record.summary.id, 1, 100).expect("issues");
    assert_eq!(record.issues, kept.len() as u64);
    kept
}

/// The one issue of a run: row, column, kind and reason.
fn only_issue(engine: &TestEngine, record: &SyncRecord) -> (Option<u64>, Option<String>, IssueKind, String) {
    let mut all = list_issues(engine, record);
    assert_eq!(all.len(), 1, "{all:?}");
    let Issue { row, column, kind, reason, .. } = all.remove(0);
    (row, column, kind, reason)
}

fn a_short_row_is_padded(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,title,year\na\nb,Two\n");
    let record = engine.sync(&source);
    assert_eq!(engine.item_lines(&source), ["a||", "b|Two|"]);
    assert_eq!((record.summary.status, record.summary.stats.rejected), (Status::Completed, 0));
    let (row, _, kind, reason) = only_issue(&engine, &record);
    assert_eq!((row, kind), (Some(2), IssueKind::Noted));
    assert!(reason.starts_with("2 rows (rows 2, 3) have fewer cells than the header (3)"), "{reason}");
}

fn a_row_with_surplus_cells_is_refused(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,title\na,One\nb,Two,too,many\nc,Three\n");
    let record = engine.sync(&source);
    assert_eq!((record.summary.status, record.summary.stats.rejected), (Status::Completed, 1));
    assert_eq!(engine.item_lines(&source), ["a|One", "c|Three"]);
    let (row, _, kind, reason) = only_issue(&engine, &record);
    assert_eq!((row, kind), (Some(3), IssueKind::Refused));
    assert!(reason.contains("more cells than the header has columns (2)"), "{reason}");
}

fn empty_surplus_cells_are_ignored(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,title\na,One,,\n");
    let record = engine.sync(&source);
    assert_eq!(engine.item_lines(&source), ["a|One"]);
    let (row, _, kind, reason) = only_issue(&engine, &record);
    assert_eq!((row, kind), (Some(2), IssueKind::Noted));
    assert!(reason.contains("empty cells beyond the last of the 2 columns"), "{reason}");
}

fn a_row_without_a_key_is_refused(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,title\na,One\n  ,Two\n,Three\n");
    let record = engine.sync(&source);
    assert_eq!((record.summary.status, record.summary.stats.rejected), (Status::Completed, 2));
    assert_eq!(engine.item_lines(&source), ["a|One"]);
    let rows: Vec<_> = list_issues(&engine, &record).into_iter().map(|issue| (issue.row, issue.column)).collect();
    assert_eq!(rows, [(Some(3), Some("id".to_owned())), (Some(4), Some("id".to_owned()))]);
}

fn the_first_of_rows_with_the_same_key_is_taken(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,title\na,First\nb,Other\na,Second\n");
    let record = engine.sync(&source);
    assert_eq!(engine.item_lines(&source), ["a|First", "b|Other"]);
    let (row, column, kind, reason) = only_issue(&engine, &record);
    assert_eq!((row, column.as_deref(), kind), (Some(4), Some("id"), IssueKind::Refused));
    assert!(reason.contains("“a”") && reason.contains("row 2"), "both rows are named: {reason}");
    // The issue is also found when nothing else is new.
    let again = engine.sync(&source);
    assert_eq!((again.summary.stats.unchanged, again.summary.stats.rejected, again.summary.stats.updated), (2, 1, 0));
    assert_eq!(engine.item_lines(&source), ["a|First", "b|Other"]);
}

fn a_key_is_the_same_with_white_space_around_it(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,title\n a ,One\na,Two\n");
    let record = engine.sync(&source);
    assert_eq!((record.summary.stats.added, record.summary.stats.rejected), (1, 1));
    assert_eq!(engine.list_items(&source)[0].key, "a");
}

fn keys_that_differ_in_case_are_two(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,title\na,One\nA,Two\nä,Three\n");
    assert_eq!(engine.sync(&source).summary.stats.added, 3);
    assert_eq!(engine.sync(&source).summary.stats.unchanged, 3);
}

fn nul_characters_are_dropped_and_noted(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,title\na,O\0ne\nb,Two\n");
    let record = engine.sync(&source);
    assert_eq!((record.summary.status, record.summary.stats.rejected), (Status::Completed, 0));
    assert_eq!(engine.item_lines(&source), ["a|One", "b|Two"]);
    let (row, column, kind, reason) = only_issue(&engine, &record);
    assert_eq!((row, column.as_deref(), kind), (Some(2), Some("title"), IssueKind::Noted));
    assert!(reason.contains("NUL"), "{reason}");
}

fn a_refused_row_removes_no_item(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,title\na,One\nb,Two\n");
    engine.sync(&source);
    engine.rewrite_file(&source, "id,title\na,One\nb,Two,out of place\n");
    let record = engine.sync(&source);
    assert_eq!((record.summary.stats.removed, record.summary.stats.rejected), (0, 1), "{}", record.summary.message);
    assert_eq!(engine.item_lines(&source), ["a|One", "b|Two"]);
}

fn without_the_key_column_the_sync_fails_and_names_the_columns(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,title\na,One\n");
    engine.sync(&source);
    let before = db.items_as_written();
    engine.rewrite_file(&source, "ident,title\na,One\n");
    let record = engine.sync(&source);
    assert_eq!((record.summary.status, record.summary.code.as_deref()), (Status::Failed, Some("no_key_column")));
    let error = record.summary.error.expect("a sentence");
    for word in ["“id”", "“ident”", "“title”"] {
        assert!(error.contains(word), "{error}");
    }
    assert_eq!(db.items_as_written(), before);
}

fn blank_and_repeated_headers_get_names(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,,title,title\na,b,c,d\n");
    engine.sync(&source);
    let names: Vec<_> = engine.list_items(&source)[0].fields.iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(names, ["id", "column 2", "title", "title (2)"]);
}
