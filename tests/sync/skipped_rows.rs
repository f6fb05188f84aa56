//! The cells of skipped rows, which are stored with their issues.

use lockstep::domain::issue::{Issue, IssueKind};
use lockstep::domain::kept_cells::KeptCells;
use lockstep::domain::location::SourceLocation;
use lockstep::domain::record::SyncRecord;
use lockstep::domain::source::SourceDraft;

use crate::support::test_engine::{full_sync, preview_run, source_draft};
use crate::support::workbook_builder::{XlsxBuilder, text_row};
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    a_skipped_row_keeps_its_cells_whatever_the_reason,
    a_row_that_loses_to_a_later_spelling_keeps_its_cells,
    a_preview_and_a_failed_sync_keep_the_cells_of_skipped_rows,
    rows_that_are_too_large_or_too_many_are_listed_without_their_cells,
    a_column_that_is_left_out_is_not_in_the_cells_of_a_skipped_row,
];

/// The number of a skipped row, and its cells if they are kept.
type SkippedRow = (u64, Option<Vec<String>>);

/// The skipped rows of a run, with the cells that are kept.
fn list_skipped(engine: &TestEngine, record: &SyncRecord) -> Vec<SkippedRow> {
    let issues = engine.store.list_issues(record.summary.id, 1, 10_000).expect("issues");
    let refused = issues.into_iter().filter(|issue| issue.kind == IssueKind::Refused);
    refused.map(|issue| (issue.row.expect("a row"), cells_of(&issue))).collect()
}

fn cells_of(issue: &Issue) -> Option<Vec<String>> {
    issue.cells.as_ref().map(KeptCells::to_cells)
}

fn kept(row: u64, cells: &[&str]) -> SkippedRow {
    (row, Some(cells.iter().map(|&cell| cell.to_owned()).collect()))
}

fn a_skipped_row_keeps_its_cells_whatever_the_reason(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let rows = [
        "id,title,year",
        "a,One,1971",
        ",\"Two\n\"\"2\"\"\",1972",
        "a,Three",
        "b,Four,1974,,too much,",
        "\"c,Five,1975\"",
        "d,Six,1976",
        "#REF!,Seven,1977",
    ];
    let source = engine.csv_source("albums", rows.join("\n"));
    let record = engine.sync(&source);
    assert_eq!((record.summary.stats.rejected, record.summary.stats.added), (5, 2));
    let expected = [
        kept(3, &["", "Two\n\"2\"", "1972"]),
        kept(4, &["a", "Three", ""]),
        kept(5, &["b", "Four", "1974", "", "too much"]),
        kept(6, &["c,Five,1975", "", ""]),
        kept(8, &["#REF!", "Seven", "1977"]),
    ];
    assert_eq!(list_skipped(&engine, &record), expected);
    let counts = engine.store.count_kept_issues(record.summary.id).expect("counts");
    assert_eq!((counts.with_cells, counts.without_cells), (5, 0));
    let skipped = engine.store.list_skipped_rows(record.summary.id).expect("rows");
    assert_eq!(skipped.iter().map(|issue| issue.row).collect::<Vec<_>>(), [3, 4, 5, 6, 8].map(Some));
    let table = engine.store.find_read_table(record.summary.id).expect("an answer").expect("a table");
    assert_eq!(table.columns, ["id", "title", "year"].map(|name| Some(name.to_owned())));
    assert_eq!(table.content_hash.map(|hash| hash.len()), Some(64));
}

fn a_row_that_loses_to_a_later_spelling_keeps_its_cells(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,title\na,One\n");
    let record = engine.sync(&source);
    assert_eq!(engine.store.find_read_table(record.summary.id).expect("an answer"), None, "without issues");
    engine.rewrite_file(&source, "id,title\na\u{200b},Pasted\na,New\nb,Two\n");
    let record = engine.sync(&source);
    assert_eq!(list_skipped(&engine, &record), [kept(2, &["a\u{200b}", "Pasted"])]);
}

fn a_preview_and_a_failed_sync_keep_the_cells_of_skipped_rows(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,title\n,One\n,Two\n");
    for request in [full_sync(), preview_run()] {
        let record = engine.run_request(&source, &request);
        assert_eq!(list_skipped(&engine, &record), [kept(2, &["", "One"]), kept(3, &["", "Two"])]);
    }
}

fn rows_that_are_too_large_or_too_many_are_listed_without_their_cells(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let long = "x".repeat(16 * 1024);
    let source = engine.csv_source("albums", format!("id,title\na,One\na,{long}\na,short\n"));
    let record = engine.sync(&source);
    assert_eq!(list_skipped(&engine, &record), [(3, None), kept(4, &["a", "short"])]);
    let counts = engine.store.count_kept_issues(record.summary.id).expect("counts");
    assert_eq!((counts.with_cells, counts.without_cells), (1, 1));

    // 8 MiB hold 558 rows of 15,007 bytes.
    let rows: String = (0..600).map(|row| format!(",{row:05}{}\n", "x".repeat(14_995))).collect();
    engine.rewrite_file(&source, format!("id,title\na,One\n{rows}"));
    let record = engine.sync(&source);
    let counts = engine.store.count_kept_issues(record.summary.id).expect("counts");
    assert_eq!((counts.with_cells, counts.without_cells), (558, 42));
}

fn a_column_that_is_left_out_is_not_in_the_cells_of_a_skipped_row(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let rows: [&[&str]; 4] =
        [&["id", "cost", "title"], &["1", "991", "One"], &["1", "882", "Two"], &["2", "773", "x", "y"]];
    let rows = rows.iter().enumerate().map(|(row, cells)| text_row(row + 1, cells)).collect::<String>();
    let hidden = "<cols><col min=\"2\" max=\"2\" width=\"9\" hidden=\"1\"/></cols>";
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("albums.xlsx");
    std::fs::write(&path, XlsxBuilder::of_sheet(&format!("{hidden}<sheetData>{rows}</sheetData>")).bytes())
        .expect("written");
    for (slug, public) in [("private", false), ("public", true)] {
        let draft = SourceDraft { public, ..source_draft(slug, "excel", SourceLocation::File(path.clone())) };
        let source = engine.store.add_source(&draft, None).expect("a source");
        let record = engine.sync(&source);
        let table = engine.store.find_read_table(record.summary.id).expect("an answer").expect("a table");
        let (columns, cells): (_, [SkippedRow; 2]) = if public {
            ([Some("id"), None, Some("title")], [kept(3, &["1", "Two"]), kept(4, &["2", "x"])])
        } else {
            let cells = [kept(3, &["1", "882", "Two"]), kept(4, &["2", "773", "x", "y"])];
            ([Some("id"), Some("cost"), Some("title")], cells)
        };
        assert_eq!(table.columns, columns.map(|name| name.map(str::to_owned)), "{slug}");
        assert_eq!(list_skipped(&engine, &record), cells, "{slug}");
    }
}
