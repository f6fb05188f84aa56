use std::collections::BTreeMap;

use super::{CorrectionRefusal, SkippedRows, SkippedRowsHeader, find_corrections, restore_cell};
use crate::domain::rows::row::TextRow;

fn owned(cells: &[&str]) -> Vec<String> {
    cells.iter().map(|&cell| cell.to_owned()).collect()
}

fn skipped() -> SkippedRows {
    let rows = [(3, owned(&["", "Two", "1972"])), (5, owned(&["b", "Four", "1974", "", "more"]))];
    SkippedRows { columns: owned(&["id", "title", "year"]), content_hash: String::new(), rows: BTreeMap::from(rows) }
}

fn corrections(columns: &[&str], rows: &[&[&str]]) -> Result<BTreeMap<u64, Vec<String>>, CorrectionRefusal> {
    let row = |(number, cells): (u64, &&[&str])| TextRow { number, cells: owned(cells), ..TextRow::default() };
    let rows: Vec<TextRow> = (2..).zip(rows).map(row).collect();
    find_corrections(&skipped(), &owned(columns), &rows)
}

const HEADER: [&str; 7] = ["id", "title", "year", "column 4", "column 5", "Row", "Reason"];

#[test]
fn the_columns_of_the_file_differ_from_each_other() {
    assert_eq!(SkippedRowsHeader::of_rows(&skipped()).names, HEADER);
    let header = SkippedRowsHeader::new(&owned(&["row", "Row", "reason"]), 0);
    assert_eq!(header.names, ["row", "Row", "reason", "Row (2)", "Reason"]);
}

#[test]
fn rows_that_differ_are_corrections() {
    let unchanged: &[&str] = &["", "Two", "1972", "", "", "3", "Missing key"];
    let found = corrections(&HEADER, &[unchanged, &["b", "Four", "1974", "", "", "5", "Too many"]]);
    assert_eq!(found, Ok(BTreeMap::from([(5, owned(&["b", "Four", "1974"]))])));
    let moved = corrections(&["Row", "year", "", "title", "id"], &[&["3", "1972", "", "Two", "c"]]);
    assert_eq!(moved, Ok(BTreeMap::from([(3, owned(&["c", "Two", "1972"]))])), "columns may be moved");
    assert_eq!(corrections(&HEADER, &[unchanged]).map_err(|refusal| refusal.code), Err("nothing_corrected"));
}

#[test]
fn a_file_that_does_not_fit_is_refused_with_its_rows() {
    let code = |columns: &[&str]| corrections(columns, &[]).map_err(|refusal| refusal.code);
    assert_eq!(code(&["id", "title", "year", "Reason"]), Err("missing_column"));
    assert_eq!(code(&["id", "title", "Row", "Reason"]), Err("missing_column"));
    let problems =
        |columns: &[&str], rows: &[&[&str]]| corrections(columns, rows).expect_err("a refusal").problems.join("\n");
    let fixed = |row| ["c", "Two", "1972", "", "", row, ""];
    let all = problems(&HEADER, &[&fixed("4"), &fixed("x"), &fixed("3"), &fixed(" 3 ")]);
    assert_eq!(
        all,
        "Row 4: it is not among the skipped rows of this sync.\nLine 3 of the uploaded file: “x” is no row number. \
         Leave the column “Row” as it was.\nRow 3: it is in the uploaded file twice."
    );
    let unknown = problems(&["id", "title", "year", "note", "Row"], &[&["c", "Two", "1972", "x", "3"]]);
    assert_eq!(unknown, "Row 3: “note” is not a column of the source.");
}

#[test]
fn only_the_first_problems_are_listed() {
    let rows: Vec<[&str; 7]> = vec![["", "", "", "", "", "x", ""]; 30];
    let rows: Vec<&[&str]> = rows.iter().map(<[&str; 7]>::as_slice).collect();
    let problems = corrections(&HEADER, &rows).expect_err("a refusal").problems;
    assert_eq!((problems.len(), problems[20].as_str()), (21, "10 more."));
}

#[test]
fn the_sign_that_prevents_formulas_is_removed_again() {
    for (uploaded, original, restored) in [
        ("'=1+1", "=1+1", "=1+1"),
        ("=1+1", "=1+1", "=1+1"),
        ("'=2", "=1", "=2"),
        ("'=1", "'=1", "'=1"),
        ("'n Beat", "x", "'n Beat"),
        ("'-5", "-5", "'-5"),
        ("a\nb", "a\r\nb", "a\r\nb"),
        ("'+a\nb", "+a\rb", "+a\rb"),
        ("", "x", ""),
    ] {
        assert_eq!(restore_cell(uploaded, original), restored, "{uploaded:?} for {original:?}");
    }
}
