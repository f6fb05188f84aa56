//! Reports 3 and 7: one form for keys and headers.

use lockstep::domain::change_set::ChangeKind;
use lockstep::domain::issue::{Issue, IssueKind};
use lockstep::domain::location::SourceLocation;
use lockstep::domain::operation::Status;
use lockstep::domain::record::SyncRecord;
use lockstep::domain::source::{Source, SourceDraft};

use super::{read_report, report_path};
use crate::support::test_engine::{preview_run, source_draft};
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    a_header_with_a_no_break_space_or_a_line_break_is_the_key_column,
    a_check_finds_such_a_key_column_too,
    a_zero_width_character_in_a_key_changes_nothing,
    a_preview_of_respelled_keys_changes_nothing,
    spaces_around_a_key_change_nothing,
    an_exact_spelling_takes_its_item_from_an_equal_form,
    the_first_of_two_new_keys_equal_in_form_is_taken,
    stored_keys_that_are_equal_in_form_keep_their_items,
    a_changed_row_with_a_respelled_key_keeps_the_stored_spelling,
    an_item_that_returns_under_another_spelling_is_the_same,
    respelled_headers_keep_the_stored_names,
    stored_headers_that_are_equal_in_form_stay_separate,
    a_key_of_invisible_characters_is_missing,
];

pub(super) fn list_issues(engine: &TestEngine, record: &SyncRecord) -> Vec<Issue> {
    let kept = engine.store.list_issues(record.summary.id, 1, 2000).expect("issues");
    assert_eq!(record.issues, kept.len() as u64);
    kept
}

/// The issues of a run: row, kind and reason.
pub(crate) fn list_row_issues(engine: &TestEngine, record: &SyncRecord) -> Vec<(u64, IssueKind, String)> {
    list_issues(engine, record).into_iter().map(|issue| (issue.row.expect("a row"), issue.kind, issue.reason)).collect()
}

/// The only issue of a run, which must be noted and contain these words.
pub(crate) fn only_note(engine: &TestEngine, record: &SyncRecord, row: u64, parts: &[&str]) {
    let all = list_row_issues(engine, record);
    assert_eq!((all.len(), all[0].0, all[0].1), (1, row, IssueKind::Noted), "{all:?}");
    assert!(parts.iter().all(|part| all[0].2.contains(part)), "{parts:?}: {}", all[0].2);
}

/// A source with a key column of its own.
pub(super) fn add_keyed_source(engine: &TestEngine, slug: &str, file: &str, key: &str) -> Source {
    let location = SourceLocation::File(report_path(file));
    let draft = SourceDraft { key_column: key.to_owned(), ..source_draft(slug, "csv", location) };
    engine.store.add_source(&draft, None).expect("a source")
}

/// Gives a source another key column and another file.
pub(super) fn change_key(engine: &TestEngine, source: &Source, key: &str, location: &SourceLocation) -> Source {
    let draft = source_draft(source.slug.as_str(), "csv", location.clone());
    let draft = SourceDraft { key_column: key.to_owned(), ..draft };
    engine.store.change_source(source.id, &draft, None).expect("changed");
    engine.store.source_by_id(source.id).expect("an answer").expect("the source")
}

/// A source with this key column, of which the file may be changed.
fn add_editable_source(engine: &TestEngine, text: impl AsRef<[u8]>, key: &str) -> Source {
    engine.csv_source_with("albums", text, |draft| key.clone_into(&mut draft.key_column))
}

/// Added, updated, unchanged, removed and refused.
pub(crate) fn count_changes(record: &SyncRecord) -> [u64; 5] {
    assert_eq!(record.summary.status, Status::Completed, "{}", record.summary.message);
    let stats = record.summary.stats;
    [stats.added, stats.updated, stats.unchanged, stats.removed, stats.rejected]
}

fn list_keys(engine: &TestEngine, source: &Source) -> Vec<String> {
    engine.list_items(source).into_iter().map(|item| item.key).collect()
}

fn a_header_with_a_no_break_space_or_a_line_break_is_the_key_column(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    for (slug, file, marked, column) in [
        ("nbsp", "03a-header-nbsp.csv", "Member⍽No", "Member\u{a0}No"),
        ("break", "03b-header-line-break.csv", "Member␤No", "Member\nNo"),
    ] {
        let source = add_keyed_source(&engine, slug, file, "Member No");
        let record = engine.sync(&source);
        assert_eq!(count_changes(&record), [2, 0, 0, 0, 0]);
        assert_eq!(list_keys(&engine, &source), ["M1", "M2"]);
        only_note(&engine, &record, 1, &[marked, "“Member No”"]);
        let columns = engine.store.find_catalog(source.id).expect("an answer").expect("a catalog").columns;
        assert_eq!(columns, [column, "Name"], "what is shown stays as written");
    }
}

fn a_check_finds_such_a_key_column_too(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = add_keyed_source(&engine, "nbsp", "03a-header-nbsp.csv", "Member No");
    assert_eq!(engine.control.probe_source(&source).expect("a probe").missing_key, None);
    let other = add_keyed_source(&engine, "other", "03a-header-nbsp.csv", "MemberNo");
    let missing = engine.control.probe_source(&other).expect("a probe").missing_key.expect("a message");
    assert!(missing.contains("Member⍽No"), "{missing}");
}

fn a_zero_width_character_in_a_key_changes_nothing(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = add_editable_source(&engine, read_report("07a-keys-plain.csv"), "sku");
    assert_eq!(count_changes(&engine.sync(&source)), [2, 0, 0, 0, 0]);
    engine.rewrite_file(&source, read_report("07b-keys-zero-width.csv"));
    let record = engine.sync(&source);
    assert_eq!(count_changes(&record), [0, 0, 2, 0, 0]);
    only_note(&engine, &record, 2, &["2 keys", "B-1·U+200B·"]);
    assert_eq!(engine.item_lines(&source), ["B-1|Lamp", "B-2|Chair"]);
    assert!(engine.store.list_changes(record.summary.id, ChangeKind::Updated, 10).expect("changes").is_empty());
    // The reverse: the stored key has the invisible characters.
    let other = add_keyed_source(&engine, "other", "07b-keys-zero-width.csv", "sku");
    assert_eq!(count_changes(&engine.sync(&other)), [2, 0, 0, 0, 0]);
    assert_eq!(list_keys(&engine, &other), ["B-1\u{200b}", "\u{2060}B-2"], "as written");
    let other = change_key(&engine, &other, "sku", &SourceLocation::File(report_path("07a-keys-plain.csv")));
    let record = engine.sync(&other);
    assert_eq!(count_changes(&record), [0, 0, 2, 0, 0]);
    assert_eq!(engine.item_lines(&other), ["B-1\u{200b}|Lamp", "\u{2060}B-2|Chair"]);
}

fn a_preview_of_respelled_keys_changes_nothing(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = add_editable_source(&engine, read_report("07a-keys-plain.csv"), "sku");
    engine.sync(&source);
    engine.rewrite_file(&source, read_report("07b-keys-zero-width.csv"));
    let record = engine.run_request(&source, &preview_run());
    assert_eq!(count_changes(&record), [0, 0, 2, 0, 0]);
    assert!(record.summary.message.contains("add 0, update 0 and remove 0"), "{}", record.summary.message);
}

fn spaces_around_a_key_change_nothing(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,title\na,One\nb,Two\n");
    engine.sync(&source);
    engine.rewrite_file(&source, "id,title\n a ,One\n\"b\u{a0}\",Other\n");
    let record = engine.sync(&source);
    assert_eq!((count_changes(&record), list_issues(&engine, &record)), ([0, 1, 1, 0, 0], vec![]));
    assert_eq!(engine.item_lines(&source), ["a|One", "b|Other"]);
}

fn an_exact_spelling_takes_its_item_from_an_equal_form(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,title\na,One\nb,Two\n");
    engine.sync(&source);
    engine.rewrite_file(&source, "id,title\na\u{200b},Pasted\na,New\nb,Two\n");
    let record = engine.sync(&source);
    assert_eq!(count_changes(&record), [0, 1, 1, 0, 1]);
    assert_eq!(engine.item_lines(&source), ["a|New", "b|Two"]);
    let all = list_row_issues(&engine, &record);
    assert_eq!((all.len(), all[0].0, all[0].1), (1, 2, IssueKind::Refused), "{all:?}");
    assert!(all[0].2.starts_with("Duplicate key “a” (also in row 3"), "{}", all[0].2);
}

fn the_first_of_two_new_keys_equal_in_form_is_taken(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,title\nCafe\u{301},One\nCafé,Two\n");
    let record = engine.sync(&source);
    assert_eq!(count_changes(&record), [1, 0, 0, 0, 1]);
    assert_eq!(engine.item_lines(&source), ["Cafe\u{301}|One"]);
    let all = list_row_issues(&engine, &record);
    assert_eq!((all.len(), all[0].0, all[0].1), (1, 3, IssueKind::Refused), "{all:?}");
    assert!(all[0].2.starts_with("Duplicate key “Café” (first seen in row 2)"), "{}", all[0].2);
}

fn stored_keys_that_are_equal_in_form_keep_their_items(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,title\na,One\nx,Two\nc,Three\n");
    engine.sync(&source);
    // An earlier version stored both, because it compared keys by their exact spelling.
    db.run_sql(
        "UPDATE items SET key = 'a\u{200b}', fields = replace(fields, '\"x\"', '\"a\u{200b}\"') WHERE key = 'x'",
    );
    // Both items have a row.
    engine.rewrite_file(&source, "id,title\na,One\na\u{200b},New\nc,Three\n");
    let record = engine.sync(&source);
    assert_eq!(count_changes(&record), [0, 1, 2, 0, 0]);
    assert_eq!(engine.item_lines(&source), ["a|One", "a\u{200b}|New", "c|Three"]);
    // One item has no row, and a third spelling is not a key of its own.
    engine.rewrite_file(&source, "id,title\na,One\n\u{2060}a,Third\nc,Three\n");
    let record = engine.sync(&source);
    assert_eq!(count_changes(&record), [0, 0, 2, 0, 1]);
    assert_eq!(engine.item_lines(&source), ["a|One", "a\u{200b}|New", "c|Three"]);
    let noted: Vec<_> =
        list_row_issues(&engine, &record).into_iter().filter(|(_, kind, _)| *kind == IssueKind::Noted).collect();
    assert!(noted.len() == 1 && noted[0].2.starts_with("2 albums have keys that differ only in"), "{noted:?}");
    // Without any row both items are removed.
    engine.rewrite_file(&source, "id,title\nc,Three\n");
    assert_eq!(count_changes(&engine.sync(&source)), [0, 0, 1, 2, 0]);
}

fn a_changed_row_with_a_respelled_key_keeps_the_stored_spelling(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,title\na b,One\nc,Two\n");
    engine.sync(&source);
    engine.rewrite_file(&source, "id,title\na\u{a0}b\u{200b},New\nc,Two\n");
    assert_eq!(count_changes(&engine.sync(&source)), [0, 1, 1, 0, 0]);
    let item = engine.list_items(&source).remove(0);
    assert_eq!((item.key.as_str(), item.fields[0].1.as_str(), item.fields[1].1.as_str()), ("a b", "a b", "New"));
    assert_eq!(count_changes(&engine.sync(&source)), [0, 0, 2, 0, 0]);
}

fn an_item_that_returns_under_another_spelling_is_the_same(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,title\na,One\nb,Two\nc,Three\n");
    engine.sync(&source);
    let id = engine.list_items(&source)[0].id.clone();
    engine.rewrite_file(&source, "id,title\nb,Two\nc,Three\n");
    assert_eq!(count_changes(&engine.sync(&source)), [0, 0, 2, 1, 0]);
    engine.rewrite_file(&source, "id,title\na\u{200b},One\nb,Two\nc,Three\n");
    assert_eq!(count_changes(&engine.sync(&source)), [1, 0, 2, 0, 0]);
    let back = engine.list_items(&source).remove(0);
    assert_eq!((back.id, back.key.as_str()), (id, "a"));
    assert_eq!(count_changes(&engine.sync(&source)), [0, 0, 3, 0, 0]);
}

fn respelled_headers_keep_the_stored_names(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,Track No,Café\na,1,x\nb,2,y\n");
    engine.sync(&source);
    engine.rewrite_file(&source, "\u{200b}id,\"Track\nNo\",Cafe\u{301}\na,1,x\nb,2,y\n");
    let record = engine.sync(&source);
    assert_eq!(count_changes(&record), [0, 0, 2, 0, 0]);
    only_note(&engine, &record, 1, &["“Track␤No” as “Track No”", "“·U+200B·id” as “id”"]);
    let catalog = engine.store.find_catalog(source.id).expect("an answer").expect("a catalog");
    assert_eq!(catalog.columns, ["id", "Track No", "Café"]);
    engine.rewrite_file(&source, "id,Track No,Café\na,1,x\nb,2,y\n");
    let record = engine.sync(&source);
    assert_eq!(
        (count_changes(&record), list_issues(&engine, &record)),
        ([0, 0, 2, 0, 0], vec![]),
        "only as long as it is so"
    );
}

fn stored_headers_that_are_equal_in_form_stay_separate(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,note,other\na,x,y\n");
    engine.sync(&source);
    // An earlier version stored the exact name of the second column.
    db.run_sql("UPDATE items SET fields = replace(fields, 'other', 'note\u{200b}')");
    db.run_sql("UPDATE catalogs SET columns = replace(columns, 'other', 'note\u{200b}')");
    engine.rewrite_file(&source, "id,note,note\u{200b}\na,x,y\n");
    let record = engine.sync(&source);
    let catalog = engine.store.find_catalog(source.id).expect("an answer").expect("a catalog");
    assert_eq!(catalog.columns, ["id", "note", "note\u{200b}"]);
    assert!(!record.summary.message.contains("column"), "{}", record.summary.message);
}

fn a_key_of_invisible_characters_is_missing(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,title\na,One\n\u{200b},Two\n");
    let record = engine.sync(&source);
    assert_eq!(count_changes(&record), [1, 0, 0, 0, 1]);
    assert!(list_row_issues(&engine, &record)[0].2.starts_with("Missing key (“id” is empty)"));
}
