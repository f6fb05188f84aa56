//! Finds a header row that is not the first row: the rows above it may contain a title, a period or the name of the
//! person who exported the file.

use std::collections::HashSet;

use super::row::TextRow;

/// The number of rows that are searched for the header.
pub const MAX_SEARCHED_ROWS: usize = 50;
/// The maximum length of a column name, in characters.
const MAX_NAME_CHARS: usize = 80;

/// A header row that was found below other rows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HeaderFound {
    /// The number of the row, from 1.
    pub row: u64,
    /// The position of the cell that was searched for, from 0.
    pub position: usize,
    /// Whether all rows above it have fewer cells, as titles do.
    pub below_titles: bool,
}

/// Finds the header row that contains a certain column name: the first row with a cell for which `is_same` is true, if
/// its cells are distinct and at least half as many as in the widest row. `columns` is the current header.
#[must_use]
pub fn find_header(columns: &[String], rows: &[TextRow], is_same: impl Fn(&str) -> bool) -> Option<HeaderFound> {
    let rows = &rows[..rows.len().min(MAX_SEARCHED_ROWS)];
    let widest = rows.iter().map(|row| filled_cells(row).count()).max()?;
    rows.iter().enumerate().find_map(|(index, row)| {
        let position = all_cells(row).position(&is_same)?;
        let cells = filled_cells(row).count();
        let is_header = cells * 2 >= widest && are_distinct(row);
        let below_titles = count_named_columns(columns) < cells
            && rows[..index].iter().all(|above| filled_cells(above).count() < cells);
        is_header.then_some(HeaderFound { row: row.number, position, below_titles })
    })
}

/// Returns the number of the row that is probably the header, if the current header (`columns`) looks like a title
/// above it. That row is the first of the widest rows, and its cells look like names.
#[must_use]
pub fn likely_header(columns: &[String], rows: &[TextRow]) -> Option<u64> {
    let rows = &rows[..rows.len().min(MAX_SEARCHED_ROWS)];
    let widest = rows.iter().map(|row| filled_cells(row).count()).max().filter(|widest| *widest >= 2)?;
    let index = rows.iter().position(|row| filled_cells(row).count() == widest)?;
    let (header, below) = (&rows[index], &rows[index + 1..]);
    let are_names =
        filled_cells(header).all(|cell| cell.chars().count() <= MAX_NAME_CHARS && cell.contains(char::is_alphabetic));
    let has_table = below.first().is_some_and(|row| filled_cells(row).count() * 2 >= widest);
    (count_named_columns(columns) * 2 <= widest && are_names && are_distinct(header) && has_table)
        .then_some(header.number)
}

/// Returns the cells of a row, including those beyond the last column that are kept.
fn all_cells(row: &TextRow) -> impl Iterator<Item = &str> {
    row.cells.iter().chain(&row.extra).map(|cell| cell.trim())
}

fn filled_cells(row: &TextRow) -> impl Iterator<Item = &str> {
    all_cells(row).filter(|cell| !cell.is_empty())
}

fn are_distinct(row: &TextRow) -> bool {
    let mut seen = HashSet::new();
    filled_cells(row).all(|cell| seen.insert(cell))
}

/// Returns how many columns have a name in the source.
fn count_named_columns(columns: &[String]) -> usize {
    columns.iter().zip(1..).filter(|(name, number)| **name != format!("column {number}")).count()
}

#[cfg(test)]
mod tests {
    use super::{HeaderFound, find_header, likely_header};
    use crate::domain::rows::row::{TextRow, column_names};

    /// A table as it is read: its first line is the header.
    fn read(lines: &[&str]) -> (Vec<String>, Vec<TextRow>) {
        let split = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
        let columns = column_names(&split(lines[0]));
        let row = |(number, line): (u64, &&str)| {
            let mut cells = split(line);
            let extra = cells.split_off(cells.len().min(columns.len()));
            TextRow { number, cells, extra, ..TextRow::default() }
        };
        let rows = (2..).zip(&lines[1..]).map(row).collect();
        (columns, rows)
    }

    fn found(lines: &[&str], wanted: &str) -> Option<HeaderFound> {
        let (columns, rows) = read(lines);
        find_header(&columns, &rows, |cell| cell == wanted)
    }

    #[test]
    fn a_header_is_found_below_titles_of_any_width() {
        for title in ["Sales,,", "Sales"] {
            let table = [title, "Period:,January,", "Country,Transaction,Date", "IT,T-1,1/1", "NO,T-2,1/2"];
            let header = HeaderFound { row: 3, position: 1, below_titles: true };
            assert_eq!(found(&table, "Transaction"), Some(header), "{title}");
            let (columns, rows) = read(&table);
            assert_eq!(likely_header(&columns, &rows), Some(3), "{title}");
        }
    }

    #[test]
    fn rows_above_a_header_may_belong_to_the_table() {
        let sorted = ["a,One,1", "b,Two,2", "id,title,year", "x,Three,3"];
        assert_eq!(found(&sorted, "id"), Some(HeaderFound { row: 3, position: 0, below_titles: false }));
        let (columns, rows) = read(&sorted);
        assert_eq!(likely_header(&columns, &rows), None);
    }

    #[test]
    fn a_cell_with_the_name_of_a_column_is_not_a_header() {
        assert_eq!(found(&["a,b,c", "1,2,3", "id,,"], "id"), None, "the others have more");
        assert_eq!(found(&["a,b,c", "id,id,x"], "id"), None, "it stands there twice");
        assert_eq!(found(&["a,b,c"], "id"), None);
    }

    #[test]
    fn a_table_with_its_header_in_the_first_row_has_no_other_header() {
        for table in [
            &["id,title", "1,One", "2,Two"][..],
            &["Title,", "One,", "Two,"],
            &["Notes,", "12,13", "14,15"],
            &["id", "1", "2"],
        ] {
            let (columns, rows) = read(table);
            assert_eq!(likely_header(&columns, &rows), None, "{table:?}");
        }
    }
}
