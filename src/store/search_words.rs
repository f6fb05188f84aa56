//! Searches stored changes and items for words. The texts are folded here, because neither database folds accents.

use std::borrow::Cow;

use memchr::memmem;

use crate::domain::catalog_query::search_terms::SEARCH_MAX_CHARS;
use crate::domain::compact_fields::{for_each_value, quoted_values};
use crate::domain::item::{fold_for_search, push_folded};

/// The words of a search, folded. All of them must be found; with none everything is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct SearchWords {
    words: Vec<String>,
    /// Whether no word can be found in the quotes and commas between values.
    have_no_punctuation: bool,
}

impl SearchWords {
    /// Splits a search into its words. Only the first [`SEARCH_MAX_CHARS`] characters count, because each word costs a
    /// pass over the texts.
    pub(super) fn split(search: &str) -> Self {
        let search: String = search.chars().filter(|&c| c != '\0').take(SEARCH_MAX_CHARS).collect();
        // Folding turns a few characters, such as ¨, into a space and an accent.
        let words: Vec<String> = fold_for_search(&search).split_whitespace().map(str::to_owned).collect();
        let have_no_punctuation = words.iter().all(|word| !word.contains('"') && word != ",");
        Self { words, have_no_punctuation }
    }

    /// Returns whether there are no words.
    pub(super) const fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Returns whether all words occur in a key, or in a value of stored fields in any form.
    pub(super) fn occur_in(&self, key: &str, sides: [Option<&str>; 2]) -> bool {
        let mut folded = String::with_capacity(512);
        push_folded(&mut folded, key);
        for side in sides.into_iter().flatten() {
            folded.push('\n');
            // Mostly the values need not be taken apart.
            if let Some(values) = quoted_values(side).filter(|_| self.have_no_punctuation) {
                push_folded(&mut folded, values);
                continue;
            }
            // The values before one that cannot be read are searched.
            let _ = for_each_value(side, &mut |text: Cow<'_, str>| {
                push_folded(&mut folded, &text);
                folded.push('\n');
            });
        }
        self.words.iter().all(|word| memmem::find(folded.as_bytes(), word.as_bytes()).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::SearchWords;

    #[test]
    fn words_are_found_in_the_key_and_in_values_of_every_form_but_not_in_names() {
        let (compact, named) = (r#"7["a1","D\u00e9but, \"x\"",""]"#, r#"[["id","a1"],["mood","Calm"]]"#);
        let sides = [Some(compact), Some(r#"~1"Post"12"Last""#)];
        for (search, is_found) in
            [("DEBUT", true), ("k9 post last", true), ("a1 \"x\"", true), ("7[", false), (",", true), ("12", false)]
        {
            assert_eq!(SearchWords::split(search).occur_in("K9", sides), is_found, "{search}");
        }
        let plain = [Some(r#"7["a1","Début, x"]"#), None];
        for (search, is_found) in
            [("debut a1", true), (",", true), ("\"", false), ("7", false), ("]", false), ("a1,", false), ("[", false)]
        {
            assert_eq!(SearchWords::split(search).occur_in("K9", plain), is_found, "{search}");
        }
        assert!(!SearchWords::split(",").occur_in("k", [Some(r#"7["a","b"]"#), None]), "between values");
        for (search, is_found) in [("calm", true), ("mood", false), ("", true), ("a1calm", false)] {
            assert_eq!(SearchWords::split(search).occur_in("k", [None, Some(named)]), is_found, "{search}");
        }
    }
}
