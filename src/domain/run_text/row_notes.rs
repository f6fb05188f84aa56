//! The issues of rows: why a row was skipped, and what is worth checking in a row that was taken.

use crate::domain::source::Noun;
use crate::domain::text::counts::{format_row_count, group_digits};
use crate::domain::text::shortening::{list_columns, shorten};

use super::format_count;

/// How many values or headers a note names.
const MAX_NAMED: usize = 5;

/// The note about a row at whose end the file ends.
pub const CUT_ROW_NOTE: &str =
    "The file ends in the middle of this row: it has fewer cells than the header and no line end.";

/// The note about a key with a line break in it.
pub const KEY_LINE_BREAK_NOTE: &str = "The key contains a line break. Remove it if it is a mistake.";

/// What follows "2 rows (rows 5 and 9)" where rows repeat the header.
pub const REPEATED_HEADERS_NOTE: &str = "repeat the header and were skipped. Were several files joined into one?";

/// The sign of an unclosed quotation mark: what stands in the cell fits the header line by line.
pub const LINES_FIT_HEADER: &str = "this row does not fit the header, but each of its lines does";

/// Messages of the spreadsheet that stand in cells instead of values.
#[derive(Clone, Copy, Debug)]
pub struct SpreadsheetMessages<'a> {
    /// How many cells have one.
    pub cells: u64,
    /// How many of these were still loading.
    pub loading_cells: u64,
    /// The columns of these cells.
    pub columns: &'a [String],
    /// The messages, such as `#N/A`.
    pub messages: &'a [&'a str],
    /// The number of the first row with one.
    pub first_row: u64,
}

/// Rows without a key in which nothing was entered.
#[derive(Clone, Copy, Debug)]
pub struct UnfilledRows<'a> {
    /// How many there are.
    pub count: u64,
    /// The number of the first.
    pub first: u64,
    /// The number of the last.
    pub last: u64,
    /// Whether unticked boxes are all that they contain.
    pub has_only_boxes: bool,
    /// The values that they contain, each with its column.
    pub fillers: &'a [(&'a str, &'a str)],
}

/// The note about one row that repeats the header.
#[must_use]
pub fn repeated_header_note(row: u64) -> String {
    format!("Row {} repeats the header and was skipped. Were several files joined into one?", group_digits(row))
}

/// Why a row with cells beyond the last column was skipped.
#[must_use]
pub fn surplus_cells_reason(columns: usize) -> String {
    let columns = group_digits(columns as u64);
    format!(
        "The row has more cells than the header has columns ({columns}). Check the row for a misplaced separator or \
         quote."
    )
}

/// Why a row was skipped whose key an earlier row has.
#[must_use]
pub fn duplicate_key_reason(key: &str, first_row: u64) -> String {
    let (key, first_row) = (shorten(key), group_digits(first_row));
    format!("Duplicate key “{key}” (first seen in row {first_row}). Give each row a unique key and sync again.")
}

/// Why a row was skipped whose key a later row has in the spelling of the catalog.
#[must_use]
pub fn respelled_duplicate_reason(key: &str, other_row: u64) -> String {
    let (key, row) = (shorten(key), group_digits(other_row));
    format!(
        "Duplicate key “{key}” (also in row {row}, spelled as in the catalog). Give each row a unique key and sync \
         again."
    )
}

/// The note about `count` keys of the column `column` that the catalog spells otherwise, `first` the first of them.
#[must_use]
pub fn respelled_keys_note(count: u64, column: &str, first: &str) -> String {
    let example = if first.is_empty() { String::new() } else { format!(", first “{}”", shorten(first)) };
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

/// The note about messages of the spreadsheet instead of values.
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

/// The note about rows without a key in which nothing was entered: "998 rows without a key and without a value were
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
    let named =
        fillers.iter().take(MAX_NAMED).map(|(value, column)| format!("“{}” in “{}”", shorten(value), shorten(column)));
    let mut named: Vec<String> = named.collect();
    if fillers.len() > MAX_NAMED {
        named.push(format!("and {} more", group_digits((fillers.len() - MAX_NAMED) as u64)));
    }
    if !named.is_empty() {
        note.push_str(&format!(" {contains} only {}.", named.join(", ")));
    }
    note
}

/// The note about a column whose header is a message of the spreadsheet. `read_as` is the column of the catalog that it
/// was taken for, where there is one.
#[must_use]
pub fn header_message_note(message: &str, read_as: Option<&str>) -> String {
    let what = format!("The header of this column is a spreadsheet message (“{message}”)");
    match read_as {
        None => format!("{what} instead of a name. Fix the formula and sync again."),
        Some(name) => format!(
            "{what}. It was read as “{}”, the previous column in this place. Fix the formula and sync again.",
            shorten(name)
        ),
    }
}

/// The note about headers that are spelled otherwise than the columns they were matched with: pairs of the header and
/// the column.
#[must_use]
pub fn respelled_headers_note(headers: &[(&str, &str)]) -> String {
    let named = headers.iter().take(MAX_NAMED);
    let named = named.map(|(written, name)| format!("“{}” as “{}”", shorten(written), shorten(name)));
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

/// What follows "12 rows (rows 5, 9, …)" where the same cell of all of them was corrected in the same way.
#[must_use]
pub fn common_repair_note(repair: &str) -> String {
    format!("have the same issue: {repair}")
}

/// The sign of an unclosed quotation mark: the row of a key of the catalog stands inside a cell.
#[must_use]
pub fn row_inside_cell(key: &str) -> String {
    format!("the row of the key “{}” is inside a cell", shorten(key))
}

/// The sign of a header that is joined with the row below it: one of its names looks like a value.
#[must_use]
pub fn value_in_header(name: &str) -> String {
    format!("“{}” looks like a value, not a column name", shorten(name))
}

/// The same sign: one of its names is a key of the catalog.
#[must_use]
pub fn key_in_header(name: &str) -> String {
    format!("“{}” is a key in the catalog", shorten(name))
}

/// The same sign: the last name has a value appended to it.
#[must_use]
pub fn value_after_column_name(name: &str, column: &str) -> String {
    format!("“{}” begins with the name of the column “{}”", shorten(name), shorten(column))
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
    fn one_and_many_have_their_own_forms() {
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
