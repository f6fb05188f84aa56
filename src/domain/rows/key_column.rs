//! Explains a missing key column: suggests the header row or the column that may be meant.

use super::header_row::find_header;
use super::joined_names::joined_names_message;
use super::key_names::is_alike;
use super::row::TextRow;
use crate::domain::text::comparable_form::is_same_form;
use crate::domain::text::shortening::{list_columns, shorten_text};
use crate::domain::text::visible_text::{differ_invisibly, mark_invisible};

/// A column whose cells are keys of the catalog.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KnownKeys {
    /// The name of the column.
    pub column: String,
    /// The number of sampled cells that are keys of the catalog.
    pub known: usize,
    /// The number of sampled cells.
    pub sampled: usize,
    /// Whether the source has more rows than were sampled.
    pub has_more_rows: bool,
    /// Whether the name of the column is also a key of the catalog: then the header row is missing and the first row
    /// was used as the header.
    pub named_like_a_key: bool,
}

/// Columns that could be the key column.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct KeyHints {
    /// The columns whose cells are all filled and different, the best candidate first.
    pub unique: Vec<String>,
    /// The column with the keys of the catalog, if there is a catalog.
    pub known: Option<KnownKeys>,
}

/// The facts for the message about a missing key column.
#[derive(Clone, Copy, Debug)]
pub struct MissingKey<'a> {
    /// The name of the key column.
    pub wanted: &'a str,
    /// The columns of the source.
    pub columns: &'a [String],
    /// The first rows, at least [`MAX_SEARCHED_ROWS`](crate::domain::rows::header_row::MAX_SEARCHED_ROWS) if there are
    /// that many.
    pub rows: &'a [TextRow],
    /// Columns that could be the key column.
    pub hints: &'a KeyHints,
    /// The slug of the source.
    pub slug: &'a str,
    /// Whether and how the header row of the source is set.
    pub header_row: HeaderSetting,
}

/// Whether the header row of a source can be set, and to which row it is set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HeaderSetting {
    /// Sources of this kind have no such setting.
    NotOffered,
    /// It is not set, so it is detected.
    Detected,
    /// It is set to this row.
    Set(u64),
}

/// Returns the message about a missing key column, for syncs, checks and the settings page. It suggests a header row
/// among the first rows, otherwise the column with the keys of the catalog, with a similar name, or with distinct
/// cells.
#[must_use]
pub fn missing_key_message(missing: &MissingKey<'_>) -> String {
    let header_is_missing = missing.hints.known.as_ref().is_some_and(|known| known.named_like_a_key);
    if !header_is_missing && let Some(message) = propose_header_row(missing) {
        return message;
    }
    let MissingKey { wanted, columns, .. } = *missing;
    if let Some(message) = joined_names_message(columns, wanted) {
        return format!("{} {message}", no_such_column_message(wanted, columns));
    }
    format!("{} {}", no_such_column_message(wanted, columns), propose_fix(missing))
}

/// Returns the message that there is no column `wanted`.
#[must_use]
pub fn no_such_column_message(wanted: &str, columns: &[String]) -> String {
    format!("There is no column “{}”; the columns are {}.", shorten_text(wanted), list_columns(columns))
}

/// Returns what to do if the key column is named in a row below the current header.
fn propose_header_row(missing: &MissingKey<'_>) -> Option<String> {
    let MissingKey { wanted, columns, rows, hints, slug, header_row } = *missing;
    let found = find_header(columns, rows, |cell| is_same_form(cell, wanted))?;
    // The keys are in another column, so the cell has the name by coincidence.
    let keys_at = hints.known.as_ref().and_then(|known| columns.iter().position(|name| *name == known.column));
    if keys_at.is_some_and(|at| at != found.position) {
        return None;
    }
    let (wanted, row) = (shorten_text(wanted), found.row);
    let settings = format!("the settings of this source (/settings/sources/{slug})");
    let mut message = match header_row {
        HeaderSetting::Set(set) => {
            return Some(format!(
                "The column “{wanted}” is in row {row}, but the header row is set to {set}. Set it to {row} in \
                 {settings}."
            ));
        }
        _ if found.below_titles => format!(
            "The column “{wanted}” is in row {row}. Delete the {} above the header.",
            number_of_rows(row.saturating_sub(1))
        ),
        _ => format!("The column “{wanted}” is in row {row}. Move that row to the top."),
    };
    if header_row == HeaderSetting::Detected && found.below_titles {
        message.push_str(&format!(" Or set the header row to {row} in {settings}."));
    }
    Some(message)
}

/// Returns a number of rows as words after "the": `row`, `three rows`, `14 rows`.
fn number_of_rows(number: u64) -> String {
    const WORDS: [&str; 9] = ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    let word = number.checked_sub(2).and_then(|at| WORDS.get(usize::try_from(at).ok()?));
    match (number, word) {
        (1, _) => "row".to_owned(),
        (_, Some(word)) => format!("{word} rows"),
        _ => format!("{number} rows"),
    }
}

/// Returns what to do if the key column is not named in any of the first rows.
fn propose_fix(missing: &MissingKey<'_>) -> String {
    let MissingKey { wanted, columns, hints, slug, .. } = *missing;
    let wanted_short = shorten_text(wanted);
    let choose = format!("choose it as the key column in the settings of this source (/settings/sources/{slug})");
    let or_rename = format!("or rename it to “{wanted_short}” in the source");
    if let Some(KnownKeys { column, known, sampled, has_more_rows, named_like_a_key }) = &hints.known {
        let of = if *has_more_rows { format!("the first {sampled}") } else { sampled.to_string() };
        if *named_like_a_key {
            return format!(
                "The header row seems to be missing: “{}” is a key in the catalog, and so are the values below it \
                 ({known} of {of}). Restore the row with the column names, including “{wanted_short}”.",
                shorten_text(column)
            );
        }
        return format!("“{}” contains the same keys ({known} of {of}): {choose}, {or_rename}.", shorten_text(column));
    }
    if let Some(alike) = columns.iter().find(|name| differ_invisibly(name, wanted)) {
        return format!(
            "“{}” and “{}” differ only in invisible characters or white space, marked here: rename the column to \
             “{wanted_short}” in the source, or {choose}.",
            mark_invisible(alike),
            mark_invisible(wanted)
        );
    }
    if let Some(alike) = columns.iter().find(|name| is_alike(name, wanted)) {
        return format!("Is “{}” the same column? Then {choose}, {or_rename}.", shorten_text(alike));
    }
    match hints.unique.first() {
        Some(different) => {
            format!("“{}” has a unique value in every row: {choose}, {or_rename}.", shorten_text(different))
        }
        None => format!(
            "No column has a unique value in every row. Add a column “{wanted_short}” to the source, with a unique \
             value in every row."
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::{HeaderSetting, KeyHints, KnownKeys, MissingKey, missing_key_message, number_of_rows};
    use crate::domain::rows::row::TextRow;

    fn message(
        wanted: &str,
        columns: &[&str],
        rows: &[TextRow],
        hints: &KeyHints,
        header_row: HeaderSetting,
    ) -> String {
        let columns: Vec<String> = columns.iter().map(|name| (*name).to_owned()).collect();
        missing_key_message(&MissingKey { wanted, columns: &columns, rows, hints, slug: "albums", header_row })
    }

    #[test]
    fn known_keys_count_more_than_names_and_names_more_than_filled_cells() {
        let known = KnownKeys {
            column: "album_id".to_owned(),
            known: 209,
            sampled: 209,
            has_more_rows: false,
            named_like_a_key: false,
        };
        let mut hints = KeyHints { unique: vec!["sku".to_owned()], known: Some(known) };
        let hint_of = |wanted: &str, hints: &KeyHints| {
            let message = message(wanted, &["Id", "album_id", "sku"], &[], hints, HeaderSetting::Detected);
            let rest = message
                .strip_prefix(&format!("There is no column “{wanted}”; the columns are “Id”, “album_id”, “sku”. "));
            rest.unwrap_or_else(|| panic!("{message}")).to_owned()
        };
        let hint = hint_of("id", &hints);
        assert!(
            hint.starts_with("“album_id” contains the same keys (209 of 209): choose it as the key column"),
            "{hint}"
        );
        assert!(hint.contains("/settings/sources/albums"), "{hint}");
        hints.known = hints.known.map(|known| KnownKeys { column: "0".to_owned(), named_like_a_key: true, ..known });
        let hint = hint_of("id", &hints);
        assert!(hint.starts_with("The header row seems to be missing: “0” is a key in the catalog"), "{hint}");
        assert!(hint.contains("(209 of 209). Restore the row") && !hint.contains("choose"), "{hint}");
        hints.known = None;
        assert!(hint_of("id", &hints).starts_with("Is “Id” the same column?"));
        assert!(hint_of("nr", &hints).starts_with("“sku” has a unique value"));
        hints.unique.clear();
        assert!(hint_of("nr", &hints).contains("Add a column “nr”"));
    }

    fn rows(first: u64, lines: &[&str]) -> Vec<TextRow> {
        let cells = |line: &str| line.split(',').map(str::to_owned).collect();
        (first..)
            .zip(lines)
            .map(|(number, line)| TextRow { number, cells: cells(line), ..TextRow::default() })
            .collect()
    }

    #[test]
    fn a_header_below_titles_is_named_with_its_row() {
        let below = rows(2, &["Period:,January,", "Transaction,Date,Price", "T-1,1/1,2", "T-2,1/2,3"]);
        let hint_of =
            |setting| message("Transaction", &["Sales", "column 2", "column 3"], &below, &KeyHints::default(), setting);
        let delete = "The column “Transaction” is in row 3. Delete the two rows above the header.";
        assert_eq!(hint_of(HeaderSetting::NotOffered), delete);
        let detected =
            format!("{delete} Or set the header row to 3 in the settings of this source (/settings/sources/albums).");
        assert_eq!(hint_of(HeaderSetting::Detected), detected);
        let set = hint_of(HeaderSetting::Set(1));
        assert!(
            set.starts_with("The column “Transaction” is in row 3, but the header row is set to 1. Set it to 3"),
            "{set}"
        );
        let sorted = rows(2, &["b,2,2", "Transaction,Date,Price", "c,1/1,2"]);
        let hint = message("Transaction", &["a", "1", "x"], &sorted, &KeyHints::default(), HeaderSetting::Detected);
        assert_eq!(
            hint, "The column “Transaction” is in row 3. Move that row to the top.",
            "those above are no titles"
        );
        assert_eq!([1, 2, 10, 11].map(number_of_rows), ["row", "two rows", "ten rows", "11 rows"]);
    }

    #[test]
    fn a_cell_that_has_the_name_beside_the_keys_is_not_a_header() {
        let known =
            KnownKeys { column: "nr".to_owned(), known: 2, sampled: 3, has_more_rows: false, named_like_a_key: false };
        let hints = KeyHints { known: Some(known), ..KeyHints::default() };
        let hint = message("id", &["nr", "note"], &rows(2, &["1,id", "2,x"]), &hints, HeaderSetting::Detected);
        assert!(hint.contains("“nr” contains the same keys"), "{hint}");
    }

    #[test]
    fn an_invisible_difference_is_marked() {
        let hint =
            message("Member No", &["Member\u{a0}N\u{200d}o"], &[], &KeyHints::default(), HeaderSetting::Detected);
        assert!(
            hint.contains("the columns are “Member⍽N·U+200D·o”. “Member⍽N·U+200D·o” and “Member No” differ only"),
            "{hint}"
        );
        assert!(hint.contains("rename the column to “Member No”"), "{hint}");
    }
}
