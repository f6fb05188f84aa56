//! Whole syncs of workbooks: added, unchanged, updated and removed items, and issues.

use lockstep::domain::location::SourceLocation;
use lockstep::domain::operation::Status;
use lockstep::domain::source::SourceDraft;

use super::excel_values::table_source;
use crate::corpora::read_report;
use crate::support::stub_server::{StubReply, StubServer};
use crate::support::test_engine::{full_sync, incremental_sync, source_draft};
use crate::support::workbook_builder::{XlsxBuilder, build_ods, sample_location, text_row};
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    a_workbook_is_taken_and_then_unchanged,
    rows_of_a_workbook_are_updated_and_removed,
    a_workbook_at_an_address_is_requested_with_its_validators,
    a_damaged_workbook_leaves_the_catalog_alone,
    rows_of_a_workbook_that_all_have_one_cell_more_than_the_header_fail_the_run,
    a_mismatch_of_a_workbook_that_is_accepted_leaves_the_cells_beyond_the_header_out,
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
    let requests = stub.requests("/a.xlsx");
    assert_eq!((requests.len(), requests[1].header("If-None-Match")), (2, Some("\"v1\"")));
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
