//! The message about a missing key column, for syncs, checks and the settings page.

use crate::domain::text::shortening::{list_columns, shorten_text};
use crate::domain::text::visible_text::mark_invisible;

/// How many sampled cells of a column are keys of the catalog.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KnownKeyCount {
    /// The number of sampled cells that are keys of the catalog.
    pub known: usize,
    /// The number of sampled cells.
    pub sampled: usize,
    /// Whether the source has more rows than were sampled.
    pub has_more_rows: bool,
}

/// What can be done about a missing key column.
#[derive(Clone, Copy, Debug)]
pub enum KeySuggestion<'a> {
    /// The header row is set to `set_row`, but `row` names the key column.
    SetHeaderRow {
        /// The row that names the key column.
        row: u64,
        /// The row that is set.
        set_row: u64,
    },
    /// Titles above `row`, which names the key column, can be deleted.
    DeleteTitles {
        /// The row that names the key column.
        row: u64,
        /// Whether the header row can be set instead.
        can_set_row: bool,
    },
    /// `row` names the key column below other rows of the table.
    MoveHeader {
        /// The row that names the key column.
        row: u64,
    },
    /// The header row is missing: the name of `column` and its values are keys of the catalog.
    RestoreHeader {
        /// The name of the column.
        column: &'a str,
        /// How many of its values are keys.
        count: KnownKeyCount,
    },
    /// `column` has the keys of the catalog.
    ColumnWithKeys {
        /// The name of the column.
        column: &'a str,
        /// How many of its values are keys.
        count: KnownKeyCount,
    },
    /// The name of this column differs only in invisible characters.
    InvisibleDifference(&'a str),
    /// The name of this column is similar.
    SimilarName(&'a str),
    /// This column has a different value in every row.
    UniqueColumn(&'a str),
    /// No column can be the key column.
    NoCandidate,
}

/// Returns the message that there is no column `wanted`.
#[must_use]
pub fn no_such_column_message(wanted: &str, columns: &[String]) -> String {
    format!("There is no column “{}”; the columns are {}.", shorten_text(wanted), list_columns(columns))
}

/// Returns what to do about the missing key column `wanted` of the source `slug`.
#[must_use]
pub fn key_suggestion_message(suggestion: KeySuggestion<'_>, wanted: &str, slug: &str) -> String {
    let short = shorten_text(wanted);
    let settings = format!("the settings of this source (/settings/sources/{slug})");
    let choose = format!("choose it as the key column in {settings}");
    let or_rename = format!("or rename it to “{short}” in the source");
    match suggestion {
        KeySuggestion::SetHeaderRow { row, set_row } => format!(
            "The column “{short}” is in row {row}, but the header row is set to {set_row}. Set it to {row} in {settings}."
        ),
        KeySuggestion::DeleteTitles { row, can_set_row } => {
            let rows = format_rows_above(row.saturating_sub(1));
            let message = format!("The column “{short}” is in row {row}. Delete the {rows} above the header.");
            if can_set_row { message + &format!(" Or set the header row to {row} in {settings}.") } else { message }
        }
        KeySuggestion::MoveHeader { row } => {
            format!("The column “{short}” is in row {row}. Move that row to the top.")
        }
        KeySuggestion::RestoreHeader { column, count } => format!(
            "The header row seems to be missing: “{}” is a key in the catalog, and so are the values below it ({}). \
             Restore the row with the column names, including “{short}”.",
            shorten_text(column),
            format_count(count)
        ),
        KeySuggestion::ColumnWithKeys { column, count } => format!(
            "“{}” contains the same keys ({}): {choose}, {or_rename}.",
            shorten_text(column),
            format_count(count)
        ),
        KeySuggestion::InvisibleDifference(column) => format!(
            "“{}” and “{}” differ only in invisible characters or white space, marked here: rename the column to \
             “{short}” in the source, or {choose}.",
            mark_invisible(column),
            mark_invisible(wanted)
        ),
        KeySuggestion::SimilarName(column) => {
            format!("Is “{}” the same column? Then {choose}, {or_rename}.", shorten_text(column))
        }
        KeySuggestion::UniqueColumn(column) => {
            format!("“{}” has a unique value in every row: {choose}, {or_rename}.", shorten_text(column))
        }
        KeySuggestion::NoCandidate => format!(
            "No column has a unique value in every row. Add a column “{short}” to the source, with a unique value in \
             every row."
        ),
    }
}

/// "45 of 50", or "45 of the first 50".
fn format_count(count: KnownKeyCount) -> String {
    let first = if count.has_more_rows { "the first " } else { "" };
    format!("{} of {first}{}", count.known, count.sampled)
}

/// Returns a number of rows as words after "the": `row`, `three rows`, `14 rows`.
fn format_rows_above(number: u64) -> String {
    const WORDS: [&str; 9] = ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    let word = number.checked_sub(2).and_then(|at| WORDS.get(usize::try_from(at).ok()?));
    match (number, word) {
        (1, _) => "row".to_owned(),
        (_, Some(word)) => format!("{word} rows"),
        _ => format!("{number} rows"),
    }
}

#[cfg(test)]
mod tests {
    use super::format_rows_above;

    #[test]
    fn up_to_ten_rows_are_counted_in_words() {
        assert_eq!([1, 2, 10, 11].map(format_rows_above), ["row", "two rows", "ten rows", "11 rows"]);
    }
}
