//! Finds where the terms of a search occur in a text, to mark them.

use std::ops::Range;

use super::search_terms::SearchTerms;
use crate::domain::item::{fold_for_search, is_accent};

/// Returns the parts of `text` in which a term occurs, as ranges of bytes in ascending order that neither overlap nor
/// touch. Accents that belong to the last letter are part of a range.
#[must_use]
pub fn find_marks(text: &str, terms: &SearchTerms) -> Vec<Range<usize>> {
    if terms.is_empty() {
        return Vec::new();
    }
    let mut folded = String::with_capacity(text.len());
    // For each byte of the folded text, the letter that it comes from.
    let mut sources: Vec<Range<usize>> = Vec::with_capacity(text.len());
    for (at, letter) in text.char_indices() {
        let end = at + letter.len_utf8();
        let letter = fold_for_search(&text[at..end]);
        folded.push_str(&letter);
        sources.extend(std::iter::repeat_n(at..end, letter.len()));
    }
    let mut marks: Vec<Range<usize>> = Vec::new();
    for term in terms.terms() {
        marks.extend(folded.match_indices(term.as_str()).filter_map(|(at, found)| {
            let (first, last) = (sources.get(at)?, sources.get(at + found.len() - 1)?);
            let accents = text[last.end..].chars().take_while(|&letter| is_accent(letter));
            Some(first.start..last.end + accents.map(char::len_utf8).sum::<usize>())
        }));
    }
    marks.sort_unstable_by_key(|mark| mark.start);
    let mut joined: Vec<Range<usize>> = Vec::with_capacity(marks.len());
    for mark in marks {
        match joined.last_mut() {
            Some(last) if mark.start <= last.end => last.end = last.end.max(mark.end),
            _ => joined.push(mark),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::{SearchTerms, find_marks};

    #[test]
    fn marks_cover_the_letters_as_written() {
        let marked = |text: &str, search: &str| {
            let marks = find_marks(text, &SearchTerms::parse(search));
            marks.into_iter().map(|mark| text[mark].to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(marked("Ágætis byrjun", "agæ byr"), ["Ágæ", "byr"]);
        assert_eq!(marked("A\u{301}gætis", "a"), ["A\u{301}"]);
        assert_eq!(marked("ﬁne ﬁrst", "in fir"), ["ﬁn", "ﬁr"]);
        assert_eq!(marked("banana", "ana nan"), ["anan"]);
        assert_eq!(marked("日本語の本", "本"), ["本", "本"]);
        assert_eq!(marked("Große Straße", "strasse os"), ["oß", "Straße"]);
        assert_eq!(marked("X-200/b", "\"x-2\" 00/B"), ["X-200/b"]);
        assert!(marked("nothing", "").is_empty() && marked("", "a").is_empty());
    }
}
