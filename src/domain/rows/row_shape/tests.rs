use super::{RowShapes, ShapeFindings};
use crate::domain::columns::cell_class::CellClass;
use crate::domain::rows::row::TextRow;
use crate::domain::run_text::header_mismatch::HeaderMismatch;

/// The findings for rows of these cells under a header; `known` is what the catalog has in a column.
fn findings(header: &str, known: &[(&str, CellClass)], rows: &[&str]) -> ShapeFindings {
    let columns: Vec<String> = header.split(',').enumerate().map(|(at, name)| named(at, name)).collect();
    let expected = |name: &str| known.iter().find(|(column, _)| *column == name).map(|(_, class)| *class);
    let mut shapes = RowShapes::new(&columns, expected);
    for (number, row) in (2_u64..).zip(rows) {
        let mut cells: Vec<String> = row.split(',').map(str::to_owned).collect();
        let width = cells.len();
        let extra = if width > columns.len() { cells.split_off(columns.len()) } else { Vec::new() };
        cells.resize(columns.len(), String::new());
        let surplus = extra.iter().any(|cell| !cell.is_empty());
        shapes.observe_row(&TextRow { number, cells, surplus, width: Some(width), extra, ..TextRow::default() });
    }
    shapes.into_findings()
}

fn named(at: usize, name: &str) -> String {
    if name.is_empty() { format!("column {}", at + 1) } else { name.to_owned() }
}

const ROWS: [&str; 6] = ["1,One,1991", "2,Two,1992", "3,Three,1993", "4,Four,1994", "5,Five,1995", "6,Six,1996"];

fn with(odd: &str) -> Vec<&str> {
    ROWS.iter().copied().chain([odd]).collect()
}

#[test]
fn rows_that_fit_the_header_have_no_notes() {
    assert_eq!(findings("id,title,year", &[], &ROWS), ShapeFindings::default());
}

#[test]
fn missing_trailing_cells_are_one_note_and_no_doubt() {
    let few = findings("id,title,year", &[], &with("7,Seven"));
    assert_eq!((few.notes.len(), few.notes[0].row, few.is_doubtful), (1, Some(8), false));
    let rows: Vec<String> = (1..=40).map(|n| if n % 2 == 0 { n.to_string() } else { format!("{n},T,1999") }).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let many = findings("id,title,year", &[], &rows);
    assert_eq!((many.notes.len(), many.mismatch), (1, None));
    assert!(many.notes[0].reason.starts_with("20 rows (rows 3, 5, 7, 9, 11, …) have fewer"), "{:?}", many.notes);
}

#[test]
fn a_lost_separator_is_named_where_the_cells_after_it_do_not_fit() {
    let lost = findings("id,title,year", &[], &with("7Seven,1997"));
    assert!(lost.is_doubtful && lost.notes[0].row == Some(8), "{lost:?}");
    assert!(lost.notes[0].reason.contains("“7Seven” does not look like the other values of “id”"), "{lost:?}");
}

#[test]
fn empty_extra_cells_are_one_note_unless_a_cell_does_not_fit_its_column() {
    let harmless = findings("id,title,year", &[], &with("7,Seven,1997,,"));
    assert_eq!((harmless.notes.len(), harmless.is_doubtful), (1, false));
    let shifted = findings("id,title,year", &[], &with("7,,Seven,"));
    assert!(shifted.is_doubtful && shifted.notes[0].column.as_deref() == Some("year"), "{shifted:?}");
}

#[test]
fn rows_that_all_have_one_cell_more_do_not_fit_the_header() {
    let more = findings("id,title", &[], &ROWS);
    assert_eq!(more.mismatch, Some(HeaderMismatch { rows: 6, total_rows: 6, cells: 3, columns: 2 }));
    let message = more.mismatch.map(HeaderMismatch::message).unwrap_or_default();
    assert!(message.starts_with("All 6 rows have 3 cells, but the header has 2,"), "{message}");
    // A separator at the end of each row is harmless.
    let ends: Vec<String> = ROWS.iter().map(|row| format!("{row},")).collect();
    let ends: Vec<&str> = ends.iter().map(String::as_str).collect();
    assert_eq!(findings("id,title,year", &[], &ends).mismatch, None);
}

#[test]
fn an_extra_name_in_a_header_is_detected_by_the_values_in_the_catalog() {
    let known = [("id", CellClass::Number), ("year", CellClass::Number)];
    let split = findings("id,ti,tle,year", &known, &ROWS);
    assert_eq!(split.mismatch, Some(HeaderMismatch { rows: 6, total_rows: 6, cells: 3, columns: 4 }));
    // Without a catalog there is no evidence of wrong names; missing cells are a warning.
    let first = findings("id,ti,tle,year", &[], &ROWS);
    assert_eq!((first.mismatch, first.notes.len()), (None, 1));
    // A column without a name took the place of one with a name.
    assert!(findings("id,,title,year", &[], &ROWS).mismatch.is_some());
    // An extra separator at the end of the header is harmless.
    assert_eq!(findings("id,title,year,", &known, &ROWS).mismatch, None);
}

#[test]
fn rows_inside_a_cell_are_reported_if_they_look_like_rows() {
    let columns = ["id", "title", "year"].map(str::to_owned);
    let inner = |text: &str| -> Vec<Vec<String>> {
        text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect()
    };
    for (text, is_told) in [("7,\"Seven,1997\n8,Eight\",1998", true), ("7,\"Dear,\nyou, yours\",1998", false)] {
        let mut shapes = RowShapes::new(&columns, |_| None);
        for (number, row) in (2_u64..).zip(ROWS) {
            let cells = row.split(',').map(str::to_owned).collect();
            shapes.observe_row(&TextRow { number, cells, width: Some(3), ..TextRow::default() });
        }
        let cells = vec!["7".to_owned(), "Seven".to_owned(), "1998".to_owned()];
        let inner_rows = inner(&text.replace('"', ""));
        shapes.observe_row(&TextRow { number: 8, cells, width: Some(3), inner_rows, ..TextRow::default() });
        let reported = shapes.into_findings();
        assert_eq!(
            (reported.is_doubtful, reported.notes.len()),
            (is_told, usize::from(is_told)),
            "{text}: {reported:?}"
        );
    }
}

#[test]
fn the_message_of_a_mismatch_groups_digits() {
    let mismatch = HeaderMismatch { rows: 12_000, total_rows: 15_000, cells: 4, columns: 3 };
    assert!(mismatch.message().starts_with("12,000 of 15,000 rows have 4 cells"), "{}", mismatch.message());
}
