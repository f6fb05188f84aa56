//! Splits a search into terms and finds them in cells.

use crate::domain::item::fold_for_search;

/// The length to which a search is cut, in characters: each term costs a pass over the catalog.
pub const SEARCH_MAX_CHARS: usize = 200;

/// The terms of a search: words and phrases in quotes, folded. An item matches if each term occurs in one of its cells,
/// ignoring case and accents, also inside a word: `00/b` finds the code `X-200/B`.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct SearchTerms(Vec<String>);

impl SearchTerms {
    /// Splits the first [`SEARCH_MAX_CHARS`] characters of a search into terms. A quote without its partner is part of
    /// a word, as in `7" single`.
    #[must_use]
    pub fn parse(search: &str) -> Self {
        let search: String = search.chars().filter(|&c| c != '\0').take(SEARCH_MAX_CHARS).collect();
        let mut terms: Vec<String> = Vec::new();
        let mut rest = search.trim_start();
        while !rest.is_empty() {
            let (term, after) = match quoted_phrase(rest) {
                Some(split) => split,
                None => rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len())),
            };
            let folded = fold_for_search(term);
            // Folding turns a few characters, such as ¨, into a space and an accent.
            let folded = folded.trim();
            if !folded.is_empty() && !terms.iter().any(|known| known == folded) {
                terms.push(folded.to_owned());
            }
            rest = after.trim_start();
        }
        Self(terms)
    }

    /// Returns the folded terms.
    #[must_use]
    pub fn terms(&self) -> &[String] {
        &self.0
    }

    /// Returns whether there are no terms, so that every item matches.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether each term occurs in one of these cells.
    #[must_use]
    pub fn match_cells<'a>(&self, cells: impl IntoIterator<Item = &'a str>) -> bool {
        let cells: Vec<String> = cells.into_iter().map(fold_for_search).collect();
        self.0.iter().all(|term| cells.iter().any(|cell| cell.contains(term.as_str())))
    }
}

/// Splits a text that begins with a phrase in quotes into the phrase and the text behind it.
fn quoted_phrase(text: &str) -> Option<(&str, &str)> {
    let (phrase, after) = text.strip_prefix('"')?.split_once('"')?;
    (!phrase.trim().is_empty()).then_some((phrase, after))
}

#[cfg(test)]
mod tests {
    use super::SearchTerms;

    fn terms(search: &str) -> Vec<String> {
        SearchTerms::parse(search).terms().to_vec()
    }

    #[test]
    fn a_search_has_words_and_phrases() {
        assert_eq!(terms("  Kind \t BLUE "), ["kind", "blue"]);
        assert_eq!(terms("\"Kind of\" blue \"x"), ["kind of", "blue", "\"x"]);
        assert_eq!(terms("7\" single"), ["7\"", "single"]);
        assert_eq!(terms("\"\" \" \" a a"), ["\"\"", "\"", "a"]);
        assert_eq!(terms("\"it's \"quoted\""), ["it's", "quoted\""]);
        assert_eq!(terms("\0 \u{301}"), [""; 0]);
    }

    #[test]
    fn each_term_must_occur_in_one_cell() {
        let found = |search: &str| SearchTerms::parse(search).match_cells(["X-200/b", "Ágætis byrjun", "日本語の本"]);
        for search in ["", "00/B", "x-200", "agaetis", "ágætis x-2", "\"s byr\"", "本語", "b"] {
            assert_eq!(found(search), search != "agaetis", "{search}");
        }
        assert!(!found("\"x-200/b ágætis\"") && !found("x-200 nothing"));
    }
}
