//! The issues of rows: why a row was skipped, and warnings about rows that were imported.

use crate::domain::source::Noun;
use crate::domain::text::counts::{format_row_count, group_digits};
use crate::domain::text::shortening::{list_columns, shorten_text};

use super::format_count;

/// The maximum number of values or headers in a note.
const MAX_NAMED: usize = 5;

/// The note about a row in which the file ends.
pub const CUT_ROW_NOTE: &str =
    "The file ends in the middle of this row: it has fewer cells than the header and no line end.";

/// The note about a key that contains a line break.
pub const KEY_LINE_BREAK_NOTE: &str = "The key contains a line break. Remove it if it is a mistake.";

/// The end of the note about several rows that repeat the header, after "2 rows (rows 5 and 9) ".
pub const REPEATED_HEADERS_NOTE: &str = "repeat the header and were skipped. Were several files joined into one?";

/// The evidence of an unclosed quotation mark: the lines of a cell are rows that fit the header.
pub const LINES_FIT_HEADER: &str = "this row does not fit the header, but each of its lines does";

/// Cells with a message of the spreadsheet, such as `#N/A`, instead of a value.
#[derive(Clone, Copy, Debug)]
pub struct SpreadsheetMessages<'a> {
    /// The number of these cells.
    pub cells: u64,
    /// The number of these cells whose value was still loading.
    pub loading_cells: u64,
    /// The columns of these cells.
    pub columns: &'a [String],
    /// The different messages.
    pub messages: &'a [&'a str],
    /// The number of the first row with such a cell.
    pub first_row: u64,
}

/// Rows without a key that contain only default values, such as unticked boxes.
#[derive(Clone, Copy, Debug)]
pub struct UnfilledRows<'a> {
    /// The number of rows.
    pub count: u64,
    /// The number of the first row.
    pub first: u64,
    /// The number of the last row.
    pub last: u64,
    /// Whether they contain only unticked boxes.
    pub has_only_boxes: bool,
    /// The values that they contain, each with its column.
    pub fillers: &'a [(&'a str, &'a str)],
}

/// The note about one row that repeats the header.
#[must_use]
pub fn repeated_header_note(row: u64) -> String {
    format!("Row {} repeats the header and was skipped. Were several files joined into one?", group_digits(row))
}

/// The reason for skipping a row with cells beyond the last column.
#[must_use]
pub fn surplus_cells_reason(columns: usize) -> String {
    let columns = group_digits(columns as u64);
    format!(
        "The row has more cells than the header has columns ({columns}). Check the row for a misplaced separator or \
         quote."
    )
}

/// The reason for skipping a row with the same key as an earlier row.
#[must_use]
pub fn duplicate_key_reason(key: &str, first_row: u64) -> String {
    let (key, first_row) = (shorten_text(key), group_digits(first_row));
    format!("Duplicate key “{key}” (first seen in row {first_row}). Give each row a unique key and sync again.")
}

/// The reason for skipping a row with the same key as a later row, which spells the key as the catalog does.
#[must_use]
pub fn respelled_duplicate_reason(key: &str, other_row: u64) -> String {
    let (key, row) = (shorten_text(key), group_digits(other_row));
    format!(
        "Duplicate key “{key}” (also in row {row}, spelled as in the catalog). Give each row a unique key and sync \
         again."
    )
}

/// The note about `count` keys in `column` that the catalog spells differently; `first` is the first of them.
#[must_use]
pub fn respelled_keys_note(count: u64, column: &str, first: &str) -> String {
    let example = if first.is_empty() { String::new() } else { format!(", first “{}”", shorten_text(first)) };
    let (keys, are) = if count == 1 { ("key", "is") } else { ("keys", "are") };
    format!(
        "{} {keys} in “{column}” {are} spelled differently than in the catalog (spaces, invisible characters or \
         Unicode form{example}). The rows were matched; the catalog keeps its spelling.",
        group_digits(count)
    )
}

/// The note about `count` items of the catalog whose keys differ only in spelling.
#[must_use]
pub fn equal_items_note(noun: &Noun, count: u64) -> String {
    format!(
        "{} have keys that differ only in spaces, invisible characters or Unicode form. All were kept, although the \
         source may have one row for them.",
        format_count(noun, count)
    )
}

/// The note about cells with a message of the spreadsheet instead of a value.
#[must_use]
pub fn spreadsheet_messages_note(found: &SpreadsheetMessages<'_>) -> String {
    let SpreadsheetMessages { cells, loading_cells, columns, messages, first_row } = *found;
    let (noun, contain) = if cells == 1 { ("cell", "contains") } else { ("cells", "contain") };
    let mut note = format!(
        "{} {noun} in {} {contain} a spreadsheet message instead of a value ({}), first in row {}.",
        group_digits(cells),
        list_columns(columns),
        messages.join(", "),
        group_digits(first_row),
    );
    if loading_cells < cells {
        note.push_str(" Fix the formulas and sync again.");
    }
    if loading_cells > 0 {
        let still = if loading_cells == 1 { "value is" } else { "values are" };
        note.push_str(&format!(
            " {} {still} still loading: the catalog keeps the stored value until the next sync.",
            group_digits(loading_cells)
        ));
    }
    note
}

/// The note about rows without a key that contain only default values: "998 rows without a key and without a value were
/// skipped (rows 4 to 1001). They contain only “FALSE” in “done”."
#[must_use]
pub fn unfilled_rows_note(found: &UnfilledRows<'_>) -> String {
    let UnfilledRows { count, first, last, has_only_boxes, fillers } = *found;
    let (first, last) = (group_digits(first), group_digits(last));
    let what = if has_only_boxes { "without a value" } else { "without a value of their own" };
    let (skipped, contains) = match count {
        1 => (format!("was skipped (row {first})"), "It contains"),
        _ => (format!("were skipped (rows {first} to {last})"), "They contain"),
    };
    let mut note = format!("{} without a key and {what} {skipped}.", format_row_count(count));
    let named = fillers
        .iter()
        .take(MAX_NAMED)
        .map(|(value, column)| format!("“{}” in “{}”", shorten_text(value), shorten_text(column)));
    let mut named: Vec<String> = named.collect();
    if fillers.len() > MAX_NAMED {
        named.push(format!("and {} more", group_digits((fillers.len() - MAX_NAMED) as u64)));
    }
    if !named.is_empty() {
        note.push_str(&format!(" {contains} only {}.", named.join(", ")));
    }
    note
}

/// The note about a column whose header is a message of the spreadsheet. `read_as` is the column of the catalog as
/// which it was read, if there is one.
#[must_use]
pub fn header_message_note(message: &str, read_as: Option<&str>) -> String {
    let what = format!("The header of this column is a spreadsheet message (“{message}”)");
    match read_as {
        None => format!("{what} instead of a name. Fix the formula and sync again."),
        Some(name) => format!(
            "{what}. It was read as “{}”, the previous column in this place. Fix the formula and sync again.",
            shorten_text(name)
        ),
    }
}

/// The note about headers that are spelled differently than their columns in the catalog. `headers` are pairs of the
/// header and the column.
#[must_use]
pub fn respelled_headers_note(headers: &[(&str, &str)]) -> String {
    let named = headers.iter().take(MAX_NAMED);
    let named = named.map(|(written, name)| format!("“{}” as “{}”", shorten_text(written), shorten_text(name)));
    let mut named = named.collect::<Vec<_>>().join(", ");
    if headers.len() > MAX_NAMED {
        named.push_str(&format!(" and {} more", group_digits((headers.len() - MAX_NAMED) as u64)));
    }
    let (what, was) = if headers.len() == 1 { ("A header is", "was") } else { ("Headers are", "were") };
    format!(
        "{what} spelled differently than in the catalog (spaces, invisible characters or Unicode form) and {was} \
         matched: {named}."
    )
}

/// The end of the note about several rows with the same correction, after "12 rows (rows 5, 9, …) ".
#[must_use]
pub fn common_repair_note(repair: &str) -> String {
    format!("have the same issue: {repair}")
}

/// The evidence of an unclosed quotation mark: a cell contains the row of a key of the catalog.
#[must_use]
pub fn row_inside_cell(key: &str) -> String {
    format!("the row of the key “{}” is inside a cell", shorten_text(key))
}

/// The evidence of a header that is joined with the row below it: a column name looks like a value.
#[must_use]
pub fn value_in_header(name: &str) -> String {
    format!("“{}” looks like a value, not a column name", shorten_text(name))
}

/// The evidence of a header that is joined with the row below it: a column name is a key of the catalog.
#[must_use]
pub fn key_in_header(name: &str) -> String {
    format!("“{}” is a key in the catalog", shorten_text(name))
}

/// The evidence of a header that is joined with the row below it: the last column name ends with a value.
#[must_use]
pub fn value_after_column_name(name: &str, column: &str) -> String {
    format!("“{}” begins with the name of the column “{}”", shorten_text(name), shorten_text(column))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skipped_row_is_explained_with_what_to_do() {
        assert_eq!(
            duplicate_key_reason("1", 2),
            "Duplicate key “1” (first seen in row 2). Give each row a unique key and sync again."
        );
        assert_eq!(
            surplus_cells_reason(3),
            "The row has more cells than the header has columns (3). Check the row for a misplaced separator or quote."
        );
    }

    #[test]
    fn notes_have_singular_and_plural_forms() {
        assert_eq!(
            respelled_headers_note(&[("Id ", "id")]),
            "A header is spelled differently than in the catalog (spaces, invisible characters or Unicode form) and \
             was matched: “Id ” as “id”."
        );
        let rows =
            UnfilledRows { count: 998, first: 4, last: 1001, has_only_boxes: true, fillers: &[("FALSE", "done")] };
        assert_eq!(
            unfilled_rows_note(&rows),
            "998 rows without a key and without a value were skipped (rows 4 to 1001). They contain only “FALSE” in \
             “done”."
        );
        let loading = SpreadsheetMessages {
            cells: 1,
            loading_cells: 1,
            columns: &["price".to_owned()],
            messages: &["Loading..."],
            first_row: 7,
        };
        assert_eq!(
            spreadsheet_messages_note(&loading),
            "1 cell in “price” contains a spreadsheet message instead of a value (Loading...), first in row 7. 1 value \
             is still loading: the catalog keeps the stored value until the next sync."
        );
    }
}
