//! Explains a missing key column: suggests the header row or the column that may be meant.

use super::header_row::find_header;
use super::joined_names::joined_names_message;
use super::key_names::is_alike;
use super::row::TextRow;
use crate::domain::key_fitness::KeySearch;
use crate::domain::run_text::missing_key::{
    KeySuggestion, KnownKeyCount, key_suggestion_message, no_such_column_message,
};
use crate::domain::text::comparable_form::is_same_form;
use crate::domain::text::visible_text::differ_invisibly;

/// A column whose cells are keys of the catalog.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KnownKeys {
    /// The name of the column.
    pub column: String,
    /// How many of its cells are keys.
    pub count: KnownKeyCount,
    /// Whether the name of the column is also a key of the catalog: then the header row is missing and the first row
    /// was used as the header.
    pub named_like_a_key: bool,
}

/// Columns that could be the key column.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct KeyHints {
    /// The columns whose cells are all filled and different, the best candidate first.
    pub unique: Vec<String>,
    /// The search that found them.
    pub search: KeySearch,
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
    let MissingKey { wanted, columns, slug, .. } = *missing;
    let header_is_missing = missing.hints.known.as_ref().is_some_and(|known| known.named_like_a_key);
    if !header_is_missing && let Some(suggestion) = suggest_header_row(missing) {
        return key_suggestion_message(suggestion, wanted, slug);
    }
    let advice = joined_names_message(columns, wanted)
        .unwrap_or_else(|| key_suggestion_message(suggest_column(missing), wanted, slug));
    format!("{} {advice}", no_such_column_message(wanted, columns))
}

/// Returns the suggestion to change the header row, if a row below the current header names the key column.
fn suggest_header_row(missing: &MissingKey<'_>) -> Option<KeySuggestion<'static>> {
    let MissingKey { wanted, columns, rows, hints, header_row, .. } = *missing;
    let found = find_header(columns, rows, |cell| is_same_form(cell, wanted))?;
    // The keys are in another column, so the cell has the name by coincidence.
    let keys_at = hints.known.as_ref().and_then(|known| columns.iter().position(|name| *name == known.column));
    if keys_at.is_some_and(|at| at != found.position) {
        return None;
    }
    let row = found.row;
    Some(match header_row {
        HeaderSetting::Set(set_row) => KeySuggestion::SetHeaderRow { row, set_row },
        HeaderSetting::Detected | HeaderSetting::NotOffered if found.below_titles => {
            KeySuggestion::DeleteTitles { row, can_set_row: header_row == HeaderSetting::Detected }
        }
        HeaderSetting::Detected | HeaderSetting::NotOffered => KeySuggestion::MoveHeader { row },
    })
}

/// Returns what to do if none of the first rows names the key column.
fn suggest_column<'a>(missing: &MissingKey<'a>) -> KeySuggestion<'a> {
    let MissingKey { wanted, columns, hints, .. } = *missing;
    if let Some(known) = &hints.known {
        let (column, count) = (known.column.as_str(), known.count);
        return if known.named_like_a_key {
            KeySuggestion::RestoreHeader { column, count }
        } else {
            KeySuggestion::ColumnWithKeys { column, count }
        };
    }
    if let Some(alike) = columns.iter().find(|name| differ_invisibly(name, wanted)) {
        return KeySuggestion::InvisibleDifference(alike);
    }
    if let Some(alike) = columns.iter().find(|name| is_alike(name, wanted)) {
        return KeySuggestion::SimilarName(alike);
    }
    hints.unique.first().map_or(KeySuggestion::NoCandidate, |unique| KeySuggestion::UniqueColumn(unique))
}

#[cfg(test)]
mod tests {
    use super::{HeaderSetting, KeyHints, KnownKeyCount, KnownKeys, MissingKey, missing_key_message};
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
            count: KnownKeyCount { known: 209, sampled: 209, has_more_rows: false },
            named_like_a_key: false,
        };
        let mut hints = KeyHints { unique: vec!["sku".to_owned()], known: Some(known), ..KeyHints::default() };
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
    }

    #[test]
    fn a_cell_that_has_the_name_beside_the_keys_is_not_a_header() {
        let count = KnownKeyCount { known: 2, sampled: 3, has_more_rows: false };
        let known = KnownKeys { column: "nr".to_owned(), count, named_like_a_key: false };
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
