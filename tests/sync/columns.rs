//! Renamed, added and missing columns are reported; without the key column nothing is written. The type of a column
//! depends on all of its cells.

use lockstep::domain::columns::column_type::ColumnType;
use lockstep::domain::columns::dates::DateOrder;
use lockstep::domain::columns::numbers::DecimalSign;
use lockstep::domain::issue::IssueKind;
use lockstep::domain::operation::Status;
use lockstep::domain::record::SyncRecord;
use lockstep::domain::source::Source;

use crate::support::test_engine::preview_run;
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    the_first_sync_reports_no_columns,
    added_and_removed_columns_are_reported,
    a_column_with_the_same_cells_was_renamed,
    a_column_with_other_cells_was_not_renamed,
    empty_columns_are_not_matched_with_each_other,
    moved_columns_are_not_reported,
    a_preview_reports_columns_too,
    many_columns_are_counted_in_the_message,
    a_vanished_key_column_stops_before_the_first_write_and_is_proposed,
    a_missing_header_row_is_detected,
    a_key_column_with_another_spelling_is_proposed,
    a_column_that_identifies_rows_is_proposed,
    types_follow_from_the_cells_and_change_with_them,
    a_catalog_of_an_older_version_gets_column_types_at_its_next_sync,
];

/// The issues about the header: column and reason.
fn list_notes(engine: &TestEngine, record: &SyncRecord) -> Vec<(String, String)> {
    let issues = engine.store.list_issues(record.summary.id, 1, 100).expect("issues");
    let header = issues.into_iter().filter(|issue| issue.row == Some(1));
    let note = header.inspect(|issue| assert_eq!(issue.kind, IssueKind::Noted));
    note.map(|issue| (issue.column.expect("a column"), issue.reason)).collect()
}

fn column_note(column: &str, reason: &str) -> (String, String) {
    (column.to_owned(), reason.to_owned())
}

fn add_albums(engine: &TestEngine) -> Source {
    let source = engine.csv_source("albums", "id,title,year,label\na,One,1976,Blue\nb,Two,1977,\nc,Three,,Red\n");
    engine.sync(&source);
    source
}

fn the_first_sync_reports_no_columns(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,title\na,One\n");
    let record = engine.sync(&source);
    assert_eq!(
        (list_notes(&engine, &record), record.summary.message.as_str()),
        (vec![], "1 added, 0 updated, 0 removed.")
    );
    let again = engine.sync(&source);
    assert_eq!(list_notes(&engine, &again), []);
}

fn added_and_removed_columns_are_reported(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = add_albums(&engine);
    engine.rewrite_file(&source, "id,title,year,price\na,One,1976,9\nb,Two,1977,8\nc,Three,,7\n");
    let record = engine.sync(&source);
    let expected = [column_note("price", "New column “price”."), column_note("label", "Column “label” was removed.")];
    assert_eq!(list_notes(&engine, &record), expected);
    assert_eq!(
        record.summary.message,
        "0 added, 3 updated, 0 removed. New column “price”. Column “label” was removed."
    );
    assert_eq!(record.summary.stats.rejected, 0);
    assert_eq!(list_notes(&engine, &engine.sync(&source)), [], "it is reported once");
}

fn a_column_with_the_same_cells_was_renamed(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = add_albums(&engine);
    engine.rewrite_file(
        &source,
        "price,id,Released,label,Name\n1,a,1976,Blue,One\n2,b,1977,,Two\n3,c,,Red,Three\n4,d,1,,New\n",
    );
    let record = engine.sync(&source);
    let expected = [
        column_note("Name", "Column “title” was renamed to “Name”."),
        column_note("Released", "Column “year” was renamed to “Released”."),
        column_note("price", "New column “price”."),
    ];
    assert_eq!(list_notes(&engine, &record), expected);
    assert!(
        record.summary.message.ends_with(
            " Column “title” was renamed to “Name”. Column “year” was renamed to “Released”. New column “price”."
        ),
        "{}",
        record.summary.message
    );
}

fn a_column_with_other_cells_was_not_renamed(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let header = |name: &str| format!("id,{name}\n");
    let rows = |changed: usize| -> String {
        (0..20).map(|n| if n < changed { format!("k{n},other\n") } else { format!("k{n},cell {n}\n") }).collect()
    };
    let source = engine.csv_source("albums", header("old") + &rows(0));
    engine.sync(&source);
    engine.rewrite_file(&source, header("new") + &rows(2));
    assert_eq!(list_notes(&engine, &engine.sync(&source)), [column_note("new", "Column “old” was renamed to “new”.")]);
    engine.rewrite_file(&source, header("newer") + &rows(5));
    let expected = [column_note("newer", "New column “newer”."), column_note("new", "Column “new” was removed.")];
    assert_eq!(list_notes(&engine, &engine.sync(&source)), expected, "three of twenty cells differ");
}

fn empty_columns_are_not_matched_with_each_other(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,old\na,\nb,\n");
    engine.sync(&source);
    engine.rewrite_file(&source, "id,new\na,\nb,\n");
    let expected = [column_note("new", "New column “new”."), column_note("old", "Column “old” was removed.")];
    assert_eq!(list_notes(&engine, &engine.sync(&source)), expected);
}

fn moved_columns_are_not_reported(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,title,year\na,One,1976\n");
    engine.sync(&source);
    engine.rewrite_file(&source, "year,id,title\n1976,a,One\n");
    let record = engine.sync(&source);
    assert_eq!((record.summary.status, list_notes(&engine, &record)), (Status::Completed, vec![]));
}

fn a_preview_reports_columns_too(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = add_albums(&engine);
    engine.rewrite_file(&source, "id,name,year,label\na,One,1976,Blue\nb,Two,1977,\nc,Three,,Red\n");
    let record = engine.run_request(&source, &preview_run());
    assert_eq!(list_notes(&engine, &record), [column_note("name", "Column “title” was renamed to “name”.")]);
    assert!(
        record.summary.message.ends_with("Nothing was written. Column “title” was renamed to “name”."),
        "{}",
        record.summary.message
    );
    assert_eq!(list_notes(&engine, &engine.sync(&source)).len(), 1, "the sync reports it, too");
}

fn many_columns_are_counted_in_the_message(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,title\na,One\n");
    engine.sync(&source);
    engine.rewrite_file(&source, "id,title,u,v,w,x,y,z\na,One,1,2,3,4,5,6\n");
    let record = engine.sync(&source);
    assert_eq!(list_notes(&engine, &record).len(), 6);
    let end = "New column “u”. New column “v”. New column “w”. New column “x”. 2 more columns were added, removed or \
               renamed.";
    assert!(record.summary.message.ends_with(end), "{}", record.summary.message);
}

/// Gives the source other columns and returns the error of its sync, which must write nothing.
fn assert_fails_without_key(db: &TestDatabase, engine: &TestEngine, source: &Source, text: &str) -> String {
    engine.rewrite_file(source, text);
    let before = db.items_as_written();
    for request in [crate::support::test_engine::full_sync(), preview_run()] {
        let record = engine.run_request(source, &request);
        assert_eq!((record.summary.status, record.summary.code.as_deref()), (Status::Failed, Some("no_key_column")));
    }
    assert_eq!(db.items_as_written(), before);
    let probe = engine.control.probe_source(source).expect("a probe");
    let missing = probe.missing_key.expect("a missing key");
    let record = engine.sync(source);
    let error = record.summary.error.expect("a sentence");
    assert_eq!(error.replace(" Nothing was changed.", ""), missing, "a probe reports the same");
    error
}

fn a_vanished_key_column_stops_before_the_first_write_and_is_proposed(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let rows = |header: &str| -> String {
        let rows = (0..209).map(|n| format!("{n},k{n},Title {n}\n"));
        format!("{header}\n{}", rows.collect::<String>())
    };
    let source = engine.csv_source("albums", rows("nr,id,title"));
    engine.sync(&source);
    let error = assert_fails_without_key(db, &engine, &source, &rows("nr,album_id,title"));
    assert_eq!(
        error,
        "There is no column “id”; the columns are “nr”, “album_id”, “title”. “album_id” contains the same keys (209 of \
         209): choose it as the key column in the settings of this source (/settings/sources/albums), or rename it to \
         “id” in the source. Nothing was changed."
    );
}

fn a_missing_header_row_is_detected(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let rows: String = (0..30).map(|number| format!("{number},Title {number}\n")).collect();
    let source = engine.csv_source("albums", format!("id,title\n{rows}"));
    engine.sync(&source);
    let error = assert_fails_without_key(db, &engine, &source, &rows);
    assert!(error.contains("The header row seems to be missing: “0” is a key in the catalog"), "{error}");
    assert!(error.contains("(29 of 29)") && !error.contains("choose"), "{error}");
}

fn a_key_column_with_another_spelling_is_proposed(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,title\na,One\nb,Two\nc,Three\n");
    engine.sync(&source);
    let error = assert_fails_without_key(db, &engine, &source, "title,Id\nOne,x\nTwo,y\nThree,a\n");
    assert!(error.contains("Is “Id” the same column?"), "{error}");
}

fn a_column_that_identifies_rows_is_proposed(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,title\na,One\nb,Two\n");
    engine.sync(&source);
    let error = assert_fails_without_key(db, &engine, &source, "genre,sku\nJazz,1\nJazz,2\n");
    assert!(error.contains("“sku” has a unique value in every row"), "{error}");
    let error = assert_fails_without_key(db, &engine, &source, "genre\nJazz\nJazz\n");
    assert!(error.contains("Add a column “id”"), "{error}");
}

fn list_types(engine: &TestEngine, source: &Source) -> Vec<ColumnType> {
    engine.store.find_catalog(source.id).expect("an answer").expect("a catalog").column_types
}

fn types_follow_from_the_cells_and_change_with_them(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let text = "id,price,day,page,cover,odd,empty\n\
                1,\"1.234,5\",3.4.2025,https://example.org/,https://example.org/a.png,1,\n\
                2,12,,,,x,\n";
    let source = engine.csv_source("albums", text);
    engine.sync(&source);
    let mut expected = vec![
        ColumnType::Number(DecimalSign::Point),
        ColumnType::Number(DecimalSign::Comma),
        ColumnType::Date(DateOrder::DayFirst),
        ColumnType::Link,
        ColumnType::Image,
        ColumnType::Text,
        ColumnType::Text,
    ];
    assert_eq!(list_types(&engine, &source), expected);
    engine.rewrite_file(&source, text.replace("2,12,", "2,soon,"));
    engine.run_request(&source, &preview_run());
    assert_eq!(list_types(&engine, &source), expected, "a preview writes nothing");
    engine.sync(&source);
    expected[1] = ColumnType::Text;
    assert_eq!(list_types(&engine, &source), expected);
    assert_eq!(engine.item_lines(&source)[0], "1|1.234,5|3.4.2025|https://example.org/|https://example.org/a.png|1|");
}

fn a_catalog_of_an_older_version_gets_column_types_at_its_next_sync(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,year\na,1976\n");
    engine.sync(&source);
    db.run_sql("UPDATE catalogs SET column_types = '[]'");
    let record = engine.run_request(&source, &crate::support::test_engine::incremental_sync());
    assert_eq!((record.summary.status, record.summary.stats.unchanged), (Status::Completed, 1));
    assert_eq!(list_types(&engine, &source), [ColumnType::Text, ColumnType::Number(DecimalSign::Point)]);
}
