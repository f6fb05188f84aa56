//! Detects placeholders that spreadsheets write into cells instead of values that people enter: errors of formulas, a
//! value that is still loading, an unticked checkbox.

use crate::domain::text::comparable_form::is_blank;

/// Errors of formulas in Google Sheets, Excel and LibreOffice, in English and in the languages that translate them.
const ERROR_VALUES: [&str; 30] = [
    "#REF!",
    "#N/A",
    "#DIV/0!",
    "#VALUE!",
    "#NAME?",
    "#NUM!",
    "#NULL!",
    "#ERROR!",
    "#SPILL!",
    "#CALC!",
    "#GETTING_DATA",
    "#FIELD!",
    "#BLOCKED!",
    "#UNKNOWN!",
    "#CONNECT!",
    "#BUSY!",
    // German, French, Spanish, Italian, Portuguese, Dutch.
    "#BEZUG!",
    "#NV",
    "#WERT!",
    "#ZAHL!",
    "#FEHLER!",
    "#VALEUR!",
    "#NOM?",
    "#NOMBRE!",
    "#VALOR!",
    "#NOMBRE?",
    "#VALORE!",
    "#NOME?",
    "#WAARDE!",
    "#VERW!",
];

/// The placeholders of Google Sheets for a value that is still loading.
const LOADING_TEXTS: [&str; 6] =
    ["Loading...", "Loading…", "Wird geladen...", "Wird geladen…", "Chargement...", "Cargando..."];

/// The values of an unticked checkbox, in the languages that translate them.
const UNTICKED_TEXTS: [&str; 8] = ["FALSE", "FALSCH", "FAUX", "FALSO", "ONWAAR", "FALSKT", "FAŁSZ", "ЛОЖЬ"];

/// The values of a ticked checkbox, in the languages that translate them.
const TICKED_TEXTS: [&str; 9] = ["TRUE", "WAHR", "VRAI", "VERDADERO", "VERDADEIRO", "VERO", "WAAR", "PRAWDA", "ИСТИНА"];

/// The values of a ticked and an unticked checkbox as spreadsheets export them, in any case.
const CHECKBOX_WORDS: [(&str, bool); 2] = [("true", true), ("false", false)];

/// Returns what the value of a checkbox says; `None` for any other cell.
#[must_use]
pub fn parse_checkbox(cell: &str) -> Option<bool> {
    let cell = cell.trim();
    CHECKBOX_WORDS.iter().find(|(word, _)| cell.eq_ignore_ascii_case(word)).map(|(_, is_ticked)| *is_ticked)
}

/// Returns what the cell of a column of flags says: the value of a checkbox, or `yes` or `no`; `None` for any other.
#[must_use]
pub fn parse_flag(cell: &str) -> Option<bool> {
    match cell {
        "yes" => Some(true),
        "no" => Some(false),
        other => parse_checkbox(other),
    }
}

/// A placeholder in a cell.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SpreadsheetPlaceholder {
    /// The error of a formula, such as `#REF!`.
    Error(&'static str),
    /// A value that is still loading. It never replaces a stored value.
    Loading,
}

impl SpreadsheetPlaceholder {
    /// Returns the placeholder that `cell` consists of, ignoring white space at the ends.
    #[must_use]
    pub fn parse(cell: &str) -> Option<Self> {
        // Called for every cell: the first byte rules out most of them.
        let first = cell.bytes().next()?;
        if first.is_ascii_graphic() && !matches!(first, b'#' | b'L' | b'W' | b'C') {
            return None;
        }
        let cell = cell.trim();
        match cell.bytes().next()? {
            b'#' => ERROR_VALUES.iter().find(|word| **word == cell).map(|word| Self::Error(word)),
            b'L' | b'W' | b'C' => LOADING_TEXTS.contains(&cell).then_some(Self::Loading),
            _ => None,
        }
    }

    /// Returns the placeholder as it is written in the cell.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error(word) => word,
            Self::Loading => LOADING_TEXTS[0],
        }
    }
}

/// Returns whether `cell` is an unticked checkbox.
#[must_use]
pub fn is_unticked(cell: &str) -> bool {
    UNTICKED_TEXTS.contains(&cell.trim())
}

/// Returns whether `cell` is a checkbox, ticked or not.
#[must_use]
pub fn is_checkbox(cell: &str) -> bool {
    is_unticked(cell) || TICKED_TEXTS.contains(&cell.trim())
}

/// Returns whether all cells of a row are blank or unticked checkboxes.
#[must_use]
pub fn is_unfilled(cells: &[String]) -> bool {
    cells.iter().all(|cell| is_blank(cell) || is_unticked(cell))
}

#[cfg(test)]
mod tests {
    use super::{SpreadsheetPlaceholder, is_checkbox, is_unticked};

    #[test]
    fn only_a_whole_cell_is_a_placeholder() {
        assert_eq!(SpreadsheetPlaceholder::parse(" #REF! "), Some(SpreadsheetPlaceholder::Error("#REF!")));
        assert_eq!(SpreadsheetPlaceholder::parse("#BEZUG!"), Some(SpreadsheetPlaceholder::Error("#BEZUG!")));
        assert_eq!(SpreadsheetPlaceholder::parse("Loading..."), Some(SpreadsheetPlaceholder::Loading));
        assert_eq!(SpreadsheetPlaceholder::parse("\u{a0}Wird geladen…"), Some(SpreadsheetPlaceholder::Loading));
        for text in ["", "#1", "#N/A in Berlin", "Loading", "Loading... please wait", "#ref!"] {
            assert_eq!(SpreadsheetPlaceholder::parse(text), None, "{text}");
        }
    }

    #[test]
    fn every_string_is_distinguished_from_the_others() {
        assert!(
            super::ERROR_VALUES
                .iter()
                .all(|word| SpreadsheetPlaceholder::parse(word) == Some(SpreadsheetPlaceholder::Error(word)))
        );
        assert!(
            super::LOADING_TEXTS
                .iter()
                .all(|word| SpreadsheetPlaceholder::parse(word) == Some(SpreadsheetPlaceholder::Loading))
        );
    }

    #[test]
    fn checkboxes_are_ticked_or_unticked() {
        assert!(is_unticked("FALSE") && is_unticked("FALSCH") && !is_unticked("TRUE") && !is_unticked("false alarm"));
        assert!(is_checkbox("WAHR") && !is_checkbox("yes"));
    }
}
