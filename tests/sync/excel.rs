//! Whole syncs of workbooks: added, unchanged, updated and removed items, and issues.

use std::path::Path;

use lockstep::domain::issue::IssueKind;
use lockstep::domain::location::SourceLocation;
use lockstep::domain::operation::Status;
use lockstep::domain::source::{Source, SourceDraft};

use crate::corpora::keys::{count_changes, list_row_issues, only_note};
use crate::corpora::read_report;
use crate::support::stub_server::{StubReply, StubServer};
use crate::support::test_engine::{full_sync, incremental_sync, preview_run, source_draft};
use crate::support::workbook_builder::{XlsxBuilder, build_ods, sample_location, text_row};
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    a_workbook_is_taken_and_then_unchanged,
    rows_of_a_workbook_are_updated_and_removed,
    a_workbook_at_an_address_is_requested_with_its_validators,
    a_damaged_workbook_leaves_the_catalog_alone,
    rows_of_a_workbook_that_all_have_one_cell_more_than_the_header_fail_the_run,
    a_mismatch_of_a_workbook_that_is_accepted_leaves_the_cells_beyond_the_header_out,
    a_formula_without_a_saved_value_replaces_no_stored_value,
    a_renamed_column_is_recognised_by_its_saved_formula_values,
    a_key_that_is_a_formula_without_a_saved_value_is_refused_and_withholds_removals,
    rows_of_filled_down_formulas_are_not_entries,
    a_rounded_key_that_is_new_withholds_removals,
    a_row_with_two_cells_at_one_place_is_refused_and_its_item_stays,
    an_empty_file_for_a_workbook_is_an_empty_source,
];

fn build_book(rows: &[[&str; 2]]) -> Vec<u8> {
    let rows = rows.iter().enumerate().map(|(row, cells)| text_row(row + 1, cells)).collect::<String>();
    XlsxBuilder::of_rows(&rows).bytes()
}

fn a_workbook_is_taken_and_then_unchanged(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.add_source("albums", "excel", sample_location("albums.xlsx"));
    let record = engine.run_request(&source, &incremental_sync());
    assert_eq!(
        (record.summary.status, record.summary.stats.added),
        (Status::Completed, 3),
        "{}",
        record.summary.message
    );
    assert_eq!(engine.list_items(&source)[0].key, "10000000000");
    let issues = engine.list_issues(record.summary.id);
    for place in ["-/cost/noted: The column is hidden", "4/-/noted: The row is hidden", "(B5:C5)"] {
        assert!(issues.iter().any(|issue| issue.contains(place)), "{place}: {issues:?}");
    }
    assert!(engine.run_request(&source, &incremental_sync()).summary.message.starts_with("Nothing new"));
    let before = db.items_as_written();
    assert_eq!(engine.run_request(&source, &full_sync()).summary.stats.unchanged, 3);
    assert_eq!(db.items_as_written(), before, "a full sync finds the same");
    // The same table in another format is the same catalog.
    for name in ["albums.xls", "albums.ods"] {
        let other = engine.add_source(&name.replace('.', "-"), "excel", sample_location(name));
        assert_eq!(engine.run_request(&other, &full_sync()).summary.stats.added, 3, "{name}");
        assert_eq!(engine.item_lines(&other), engine.item_lines(&source), "{name}");
    }
}

fn rows_of_a_workbook_are_updated_and_removed(db: &TestDatabase) {
    let (engine, folder) = (TestEngine::on_database(db), tempfile::tempdir().expect("a folder"));
    let path = folder.path().join("albums.xlsx");
    let source = engine.add_source("albums", "excel", SourceLocation::File(path.clone()));
    let head = ["id", "title"];
    std::fs::write(&path, build_book(&[head, ["1", "Blue"], ["2", "Train"], ["3", "Moanin"]])).expect("written");
    assert_eq!(engine.run_request(&source, &incremental_sync()).summary.stats.added, 3);
    std::fs::write(&path, build_book(&[head, ["1", "Kind of Blue"], ["2", "Train"]])).expect("written");
    let record = engine.run_request(&source, &incremental_sync());
    assert_eq!(
        (record.summary.stats.updated, record.summary.stats.removed, record.summary.stats.unchanged),
        (1, 1, 1),
        "{}",
        record.summary.message
    );
}

fn a_workbook_at_an_address_is_requested_with_its_validators(db: &TestDatabase) {
    let (engine, stub) = (TestEngine::on_database(db), StubServer::start());
    let head = ["id", "title"];
    stub.set_reply("/a.xlsx", StubReply::status(200).body(build_book(&[head, ["1", "Blue"]])).etag("\"v1\""));
    let source = engine.add_source("albums", "excel", SourceLocation::Url(stub.url("/a.xlsx")));
    assert_eq!(engine.run_request(&source, &incremental_sync()).summary.stats.added, 1);
    assert!(engine.run_request(&source, &incremental_sync()).summary.message.starts_with("Nothing new"));
    let asked = stub.requests("/a.xlsx");
    assert_eq!((asked.len(), asked[1].header("If-None-Match")), (2, Some("\"v1\"")));
    stub.set_reply(
        "/a.xlsx",
        StubReply::status(200).body(build_book(&[head, ["1", "Blue"], ["2", "Train"]])).etag("\"v2\""),
    );
    assert_eq!(engine.run_request(&source, &incremental_sync()).summary.stats.added, 1);
}

fn a_damaged_workbook_leaves_the_catalog_alone(db: &TestDatabase) {
    let (engine, folder) = (TestEngine::on_database(db), tempfile::tempdir().expect("a folder"));
    let path = folder.path().join("albums.xlsx");
    let source = engine.add_source("albums", "excel", SourceLocation::File(path.clone()));
    let whole = build_book(&[["id", "title"], ["1", "Blue"], ["2", "Train"]]);
    std::fs::write(&path, &whole).expect("written");
    engine.run_request(&source, &incremental_sync());
    let before = db.items_as_written();
    std::fs::write(&path, &whole[..whole.len() / 2]).expect("written");
    let record = engine.run_request(&source, &full_sync());
    assert_eq!(
        (record.summary.status, record.summary.stats.removed),
        (Status::Failed, 0),
        "{}",
        record.summary.message
    );
    assert_eq!(db.items_as_written(), before);
}

/// Report 11 as workbooks: every row has one cell more than the header.
fn books_with_one_cell_too_many() -> [(&'static str, Vec<u8>); 2] {
    let text = String::from_utf8(read_report("11-one-cell-too-many.csv")).expect("UTF-8");
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split('|').collect()).collect();
    let xlsx: String = rows.iter().enumerate().map(|(row, cells)| text_row(row + 1, cells)).collect();
    let cell = |text: &&str| {
        format!("<table:table-cell office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell>")
    };
    let row = |cells: &Vec<&str>| {
        format!("<table:table-row>{}</table:table-row>", cells.iter().map(cell).collect::<String>())
    };
    [("xlsx", XlsxBuilder::of_rows(&xlsx).bytes()), ("ods", build_ods(&rows.iter().map(row).collect::<String>()))]
}

fn rows_of_a_workbook_that_all_have_one_cell_more_than_the_header_fail_the_run(db: &TestDatabase) {
    let (engine, folder) = (TestEngine::on_database(db), tempfile::tempdir().expect("a folder"));
    for (format, bytes) in books_with_one_cell_too_many() {
        let path = folder.path().join(format);
        std::fs::write(&path, bytes).expect("written");
        let source = engine.add_source(format, "excel", SourceLocation::File(path));
        let record = engine.sync(&source);
        let error = record.summary.error.as_deref().unwrap_or_default();
        assert_eq!(
            (record.summary.status, record.summary.code.as_deref()),
            (Status::Failed, Some("header_mismatch")),
            "{error}"
        );
        assert!(error.starts_with("All 2 rows have 4 cells, but the header has 3"), "{error}");
        assert!(engine.item_lines(&source).is_empty(), "{format}");
    }
}

fn a_mismatch_of_a_workbook_that_is_accepted_leaves_the_cells_beyond_the_header_out(db: &TestDatabase) {
    let (engine, folder) = (TestEngine::on_database(db), tempfile::tempdir().expect("a folder"));
    for (format, bytes) in books_with_one_cell_too_many() {
        let path = folder.path().join(format);
        std::fs::write(&path, bytes).expect("written");
        let mut accepting: SourceDraft = source_draft(format, "excel", SourceLocation::File(path));
        accepting.read_options.accept_header_mismatch = true;
        let source = engine.store.add_source(&accepting, None).expect("added");
        let record = engine.sync(&source);
        assert_eq!(
            (record.summary.status, record.summary.stats.rejected),
            (Status::Completed, 0),
            "{format}: {}",
            record.summary.message
        );
        assert_eq!(engine.item_lines(&source), ["1|Marco|Silvio", "2|Ana|Maria"], "{format}");
        let issues = engine.list_issues(record.summary.id);
        assert!(issues.len() == 1 && issues[0].contains("2 rows (rows 2, 3) have cells beyond the last"), "{issues:?}");
    }
}

/// A workbook whose rows have an id, a price and a total, as XML; `=` at the beginning of one is a formula without a
/// saved value.
fn book_of_cells(rows: &[[&str; 3]]) -> Vec<u8> {
    book_with(&["id", "price", "total"], rows)
}

fn book_with(header: &[&str; 3], rows: &[[&str; 3]]) -> Vec<u8> {
    let cell = |(column, value): (char, &&str), row: usize| match value.strip_prefix('=') {
        Some(formula) => format!("<c r=\"{column}{row}\"><f>{formula}</f><v/></c>"),
        None if value.is_empty() => String::new(),
        None => format!("<c r=\"{column}{row}\"><v>{value}</v></c>"),
    };
    let row = |(at, cells): (usize, &[&str; 3])| {
        let number = at + 2;
        let cells: String = ['A', 'B', 'C'].into_iter().zip(cells).map(|pair| cell(pair, number)).collect();
        format!("<row r=\"{number}\">{cells}</row>")
    };
    let rows: String = rows.iter().enumerate().map(row).collect();
    XlsxBuilder::of_rows(&(text_row(1, header) + &rows)).bytes()
}

/// A source of such a workbook, and how its rows are replaced.
fn table_source(engine: &TestEngine, folder: &Path, rows: &[[&str; 3]]) -> (Source, impl Fn(&[[&str; 3]])) {
    let path = folder.join("table.xlsx");
    let write = {
        let path = path.clone();
        move |rows: &[[&str; 3]]| std::fs::write(&path, book_of_cells(rows)).expect("written")
    };
    write(rows);
    let source = engine.add_source("table", "excel", SourceLocation::File(path));
    let record = engine.run_request(&source, &incremental_sync());
    assert_eq!(record.summary.status, Status::Completed, "{}", record.summary.message);
    (source, write)
}

fn a_formula_without_a_saved_value_replaces_no_stored_value(db: &TestDatabase) {
    let (engine, folder) = (TestEngine::on_database(db), tempfile::tempdir().expect("a folder"));
    let (source, write) = table_source(&engine, folder.path(), &[["1", "2", "4"], ["2", "3", "6"], ["3", "4", "8"]]);
    write(&[["1", "2", "=B2*2"], ["2", "5", "=B3*2"], ["3", "=1+3", "8"], ["4", "7", "=B5*2"]]);
    let record = engine.run_request(&source, &preview_run());
    assert_eq!(count_changes(&record), [1, 1, 2, 0, 0], "{}", record.summary.message);
    let record = engine.run_request(&source, &incremental_sync());
    assert_eq!(count_changes(&record), [1, 1, 2, 0, 0], "{}", record.summary.message);
    assert_eq!(engine.item_lines(&source), ["1|2|4", "2|5|6", "3|4|8", "4|7|"]);
    let part = ["4 cells in “price”, “total” are formulas without a saved value, first in row 2", "save it once"];
    only_note(&engine, &record, 2, &part);
    // No validators of the same file are kept, so the next run reads it again.
    let again = engine.run_request(&source, &incremental_sync());
    assert_eq!((count_changes(&again), again.issues), ([0, 0, 4, 0, 0], 1), "{}", again.summary.message);
    let forced = engine.run_request(&source, &full_sync());
    assert_eq!(engine.item_lines(&source), ["1|2|4", "2|5|6", "3|4|8", "4|7|"], "{}", forced.summary.message);
    // The file was opened and saved.
    write(&[["1", "2", "4"], ["2", "5", "10"], ["3", "4", "8"], ["4", "7", "14"]]);
    assert_eq!(count_changes(&engine.run_request(&source, &incremental_sync())), [0, 2, 2, 0, 0]);
    assert!(engine.run_request(&source, &incremental_sync()).summary.message.starts_with("Nothing new"));
}

fn a_renamed_column_is_recognised_by_its_saved_formula_values(db: &TestDatabase) {
    let (engine, folder) = (TestEngine::on_database(db), tempfile::tempdir().expect("a folder"));
    let saved = [["1", "2", "4"], ["2", "3", "6"], ["3", "4", "8"]];
    let (source, _) = table_source(&engine, folder.path(), &saved);
    let write = |header: &[&str; 3], rows: &[[&str; 3]]| {
        std::fs::write(folder.path().join("table.xlsx"), book_with(header, rows)).expect("written");
    };
    let unsaved = [["1", "2", "=B2*2"], ["2", "3", "=B3*2"], ["3", "4", "=B4*2"]];
    // A few equal values show that it is the same column.
    write(&["id", "price", "sum"], &[["1", "2", "=B2*2"], ["2", "3", "6"], ["3", "4", "=B4*2"]]);
    let record = engine.run_request(&source, &incremental_sync());
    assert!(record.summary.message.contains("Column “total” was renamed to “sum”."), "{}", record.summary.message);
    assert_eq!(engine.item_lines(&source), ["1|2|4", "2|3|6", "3|4|8"]);
    // Different values mean another column, and so do unknown ones: a column must not get the values of another one.
    write(&["id", "price", "tax"], &[["1", "2", "=B2*2"], ["2", "3", "1"], ["3", "4", "=B4*2"]]);
    engine.run_request(&source, &incremental_sync());
    assert_eq!(engine.item_lines(&source), ["1|2|", "2|3|1", "3|4|"]);
    write(&["id", "price", "fee"], &unsaved);
    let record = engine.run_request(&source, &incremental_sync());
    assert!(
        record.summary.message.contains("New column “fee”. Column “tax” was removed."),
        "{}",
        record.summary.message
    );
    assert_eq!(engine.item_lines(&source), ["1|2|", "2|3|", "3|4|"]);
}

fn a_key_that_is_a_formula_without_a_saved_value_is_refused_and_withholds_removals(db: &TestDatabase) {
    let (engine, folder) = (TestEngine::on_database(db), tempfile::tempdir().expect("a folder"));
    let (source, write) = table_source(&engine, folder.path(), &[["1", "2", "4"], ["2", "3", "6"], ["3", "4", "8"]]);
    write(&[["1", "2", "4"], ["=A2+1", "3", "6"], ["3", "4", "8"]]);
    let record = engine.run_request(&source, &incremental_sync());
    assert_eq!((count_changes(&record), record.withheld_removals), ([0, 0, 2, 0, 1], 1), "{}", record.summary.message);
    assert_eq!(engine.item_lines(&source), ["1|2|4", "2|3|6", "3|4|8"]);
    let all = list_row_issues(&engine, &record);
    let refused = all.iter().find(|(_, kind, _)| *kind == IssueKind::Refused).expect("a refusal");
    assert!(refused.0 == 3 && refused.2.contains("“id” contains a formula without a saved value instead of a key"));
    // A file with only such keys has no usable rows.
    write(&[["=1", "2", "4"], ["=2", "3", "6"]]);
    let record = engine.run_request(&source, &incremental_sync());
    assert_eq!(record.summary.code.as_deref(), Some("empty_source"), "{}", record.summary.message);
    assert_eq!(engine.item_lines(&source).len(), 3);
}

fn rows_of_filled_down_formulas_are_not_entries(db: &TestDatabase) {
    let (engine, folder) = (TestEngine::on_database(db), tempfile::tempdir().expect("a folder"));
    let (source, write) = table_source(&engine, folder.path(), &[["1", "2", "4"]]);
    write(&[["1", "2", "5"], ["", "", "=B3*2"], ["", "", "=B4*2"]]);
    let record = engine.run_request(&source, &incremental_sync());
    assert_eq!(count_changes(&record), [0, 1, 0, 0, 0], "{}", record.summary.message);
    only_note(&engine, &record, 3, &["2 rows without a key and without a value were skipped (rows 3 to 4)."]);
    assert!(
        engine.run_request(&source, &incremental_sync()).summary.message.starts_with("Nothing new"),
        "nothing is waited for"
    );
}

fn a_rounded_key_that_is_new_withholds_removals(db: &TestDatabase) {
    let (engine, folder) = (TestEngine::on_database(db), tempfile::tempdir().expect("a folder"));
    let (source, write) = table_source(&engine, folder.path(), &[["1", "2", "4"], ["2", "3", "6"], ["3", "4", "8"]]);
    write(&[["1", "2", "4"], ["2", "3", "6"], ["12345678901234567", "4", "8"]]);
    let record = engine.run_request(&source, &incremental_sync());
    assert_eq!((count_changes(&record), record.withheld_removals), ([1, 0, 2, 0, 0], 1), "{}", record.summary.message);
    only_note(&engine, &record, 4, &["1 cell in “id” is a number of more than 15 digits, which spreadsheets round"]);
    let again = engine.run_request(&source, &incremental_sync());
    assert_eq!((count_changes(&again), again.withheld_removals), ([0, 0, 3, 0, 0], 1), "{}", again.summary.message);
    // Two numbers that were different where they came from.
    let rows = [["1", "2", "4"], ["12345678901234567", "3", "6"], ["12345678901234568", "4", "8"]];
    write(&rows);
    let record = engine.run_request(&source, &full_sync());
    assert_eq!(record.summary.stats.rejected, 1, "{}", record.summary.message);
    let all = list_row_issues(&engine, &record);
    assert!(
        all.iter().any(|(row, kind, why)| (*row, *kind) == (4, IssueKind::Refused) && why.contains("Duplicate key"))
    );
    assert!(
        all.iter().any(|(_, _, why)| why.contains("2 cells in “id” are numbers of more than 15 digits")),
        "{all:?}"
    );
}

fn a_row_with_two_cells_at_one_place_is_refused_and_its_item_stays(db: &TestDatabase) {
    let (engine, folder) = (TestEngine::on_database(db), tempfile::tempdir().expect("a folder"));
    let (source, _) = table_source(&engine, folder.path(), &[["1", "2", "4"], ["2", "3", "6"]]);
    let row = |number: u32, cells: &str| format!("<row r=\"{number}\">{cells}</row>");
    let rows = text_row(1, &["id", "price", "total"])
        + &row(2, "<c r=\"A2\"><v>1</v></c><c r=\"A2\"><v>9</v></c><c r=\"B2\"><v>2</v></c>")
        + &row(3, "<c r=\"A3\"><v>2</v></c><c r=\"B3\"><v>3</v></c><c r=\"C3\"><v>6</v></c>");
    std::fs::write(folder.path().join("table.xlsx"), XlsxBuilder::of_rows(&rows).bytes()).expect("written");
    let record = engine.run_request(&source, &incremental_sync());
    assert_eq!((count_changes(&record), record.withheld_removals), ([0, 0, 1, 0, 1], 1), "{}", record.summary.message);
    assert_eq!(engine.item_lines(&source), ["1|2|4", "2|3|6"]);
    let all = list_row_issues(&engine, &record);
    assert!(all[0].0 == 2 && all[0].2.starts_with("The file has two cells at the same position (A2)"), "{all:?}");
    // With a readable key its item is known to be still in the source.
    let rows = rows.replace("<c r=\"A2\"><v>9</v></c>", "<c r=\"B2\"><v>9</v></c>");
    std::fs::write(folder.path().join("table.xlsx"), XlsxBuilder::of_rows(&rows).bytes()).expect("written");
    let record = engine.run_request(&source, &full_sync());
    assert_eq!((count_changes(&record), record.withheld_removals), ([0, 0, 1, 0, 1], 0), "{}", record.summary.message);
    assert_eq!(engine.item_lines(&source), ["1|2|4", "2|3|6"]);
}

fn an_empty_file_for_a_workbook_is_an_empty_source(db: &TestDatabase) {
    let (engine, folder) = (TestEngine::on_database(db), tempfile::tempdir().expect("a folder"));
    let (source, _) = table_source(&engine, folder.path(), &[["1", "2", "4"]]);
    std::fs::write(folder.path().join("table.xlsx"), "").expect("written");
    let record = engine.run_request(&source, &incremental_sync());
    assert_eq!(
        (record.summary.status, record.summary.code.as_deref()),
        (Status::Failed, Some("empty_source")),
        "{}",
        record.summary.message
    );
    assert_eq!(engine.item_lines(&source), ["1|2|4"]);
}
