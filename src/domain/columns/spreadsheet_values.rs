//! Words that a spreadsheet writes into a cell by itself: errors of formulas, a value that is still loading, the box
//! that nobody ticked. They are not what a person entered.

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

/// A value that a formula is still waiting for, as Google Sheets writes it.
const LOADING_TEXTS: [&str; 6] =
    ["Loading...", "Loading…", "Wird geladen...", "Wird geladen…", "Chargement...", "Cargando..."];

/// An unticked box, in the languages that translate it.
const UNTICKED_TEXTS: [&str; 8] = ["FALSE", "FALSCH", "FAUX", "FALSO", "ONWAAR", "FALSKT", "FAŁSZ", "ЛОЖЬ"];

/// A ticked box, likewise.
const TICKED_TEXTS: [&str; 9] = ["TRUE", "WAHR", "VRAI", "VERDADERO", "VERDADEIRO", "VERO", "WAAR", "PRAWDA", "ИСТИНА"];

/// What a cell holds instead of a value.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SheetWord {
    /// The error of a formula, such as `#REF!`.
    Error(&'static str),
    /// A value that is not there yet. It never takes the place of one that was.
    Loading,
}

impl SheetWord {
    /// The word that is all of `cell`, but for white space around it.
    #[must_use]
    pub fn parse(cell: &str) -> Option<Self> {
        // Asked of every cell there is: most are told by their first byte.
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

    /// As it is written in the cell.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error(word) => word,
            Self::Loading => LOADING_TEXTS[0],
        }
    }
}

/// Whether `cell` is a box that nobody ticked.
#[must_use]
pub fn is_unticked(cell: &str) -> bool {
    UNTICKED_TEXTS.contains(&cell.trim())
}

/// Whether `cell` is a box, ticked or not.
#[must_use]
pub fn is_checkbox(cell: &str) -> bool {
    is_unticked(cell) || TICKED_TEXTS.contains(&cell.trim())
}

/// Whether a row holds nothing but boxes that nobody ticked, if anything.
#[must_use]
pub fn is_unfilled(cells: &[String]) -> bool {
    cells.iter().all(|cell| is_blank(cell) || is_unticked(cell))
}

#[cfg(test)]
mod tests {
    use super::{SheetWord, is_checkbox, is_unticked};

    #[test]
    fn only_a_whole_cell_is_such_a_word() {
        assert_eq!(SheetWord::parse(" #REF! "), Some(SheetWord::Error("#REF!")));
        assert_eq!(SheetWord::parse("#BEZUG!"), Some(SheetWord::Error("#BEZUG!")));
        assert_eq!(SheetWord::parse("Loading..."), Some(SheetWord::Loading));
        assert_eq!(SheetWord::parse("\u{a0}Wird geladen…"), Some(SheetWord::Loading));
        for text in ["", "#1", "#N/A in Berlin", "Loading", "Loading... please wait", "#ref!"] {
            assert_eq!(SheetWord::parse(text), None, "{text}");
        }
    }

    #[test]
    fn every_word_is_distinguished_from_the_others() {
        assert!(super::ERROR_VALUES.iter().all(|word| SheetWord::parse(word) == Some(SheetWord::Error(word))));
        assert!(super::LOADING_TEXTS.iter().all(|word| SheetWord::parse(word) == Some(SheetWord::Loading)));
    }

    #[test]
    fn boxes_are_ticked_or_not() {
        assert!(is_unticked("FALSE") && is_unticked("FALSCH") && !is_unticked("TRUE") && !is_unticked("false alarm"));
        assert!(is_checkbox("WAHR") && !is_checkbox("yes"));
    }
}
