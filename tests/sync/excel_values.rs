//! Syncs of workbooks with formulas without saved values, rounded keys, and two cells at one place.

use std::path::Path;

use lockstep::domain::issue::IssueKind;
use lockstep::domain::location::SourceLocation;
use lockstep::domain::operation::Status;
use lockstep::domain::source::Source;

use crate::corpora::keys::{count_changes, list_row_issues, only_note};
use crate::support::test_engine::{full_sync, incremental_sync, preview_run};
use crate::support::workbook_builder::{XlsxBuilder, text_row};
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    a_formula_without_a_saved_value_replaces_no_stored_value,
    a_renamed_column_is_recognised_by_its_saved_formula_values,
    a_key_that_is_a_formula_without_a_saved_value_is_refused_and_withholds_removals,
    rows_of_filled_down_formulas_are_not_entries,
    a_rounded_key_that_is_new_withholds_removals,
    a_row_with_two_cells_at_one_place_is_refused_and_its_item_stays,
];

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
pub(super) fn table_source(engine: &TestEngine, folder: &Path, rows: &[[&str; 3]]) -> (Source, impl Fn(&[[&str; 3]])) {
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
