//! Converts keys and column names to the form in which they are compared. They are stored and shown as written.
//!
//! Spellings that look the same on a screen must be the same key: `Member No` with a no-break space, a pasted
//! zero-width space, `é` as one character or as two.

use std::borrow::Cow;

use unicode_normalization::{UnicodeNormalization, is_nfc};

/// Returns whether `c` is a zero-width space, a soft hyphen or a direction mark. Joiners (U+200C, U+200D) are excluded,
/// because words of Persian and Hindi, and emoji, differ in them.
const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{200B}'
            | '\u{2060}'
            | '\u{FEFF}'
            | '\u{AD}'
            | '\u{200E}'
            | '\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2066}'..='\u{2069}'
    )
}

/// Returns the comparable form of `text`: in Unicode NFC, without invisible characters, each run of white space as one
/// space, and trimmed. Borrowed if `text` already has this form.
#[must_use]
pub fn comparable_form(text: &str) -> Cow<'_, str> {
    if is_in_form(text) {
        return Cow::Borrowed(text);
    }
    // After the removal of invisible characters, letters may compose that were separated, and spaces may be adjacent.
    let composed: String = text.chars().filter(|&c| !is_invisible(c)).nfc().collect();
    let mut form = String::with_capacity(composed.len());
    for word in composed.split_whitespace() {
        if !form.is_empty() {
            form.push(' ');
        }
        form.push_str(word);
    }
    Cow::Owned(form)
}

/// Returns whether [`comparable_form`] would change nothing.
fn is_in_form(text: &str) -> bool {
    let (mut after_space, mut ascii) = (true, true);
    for c in text.chars() {
        ascii &= c.is_ascii();
        if c == ' ' {
            if after_space {
                return false;
            }
            after_space = true;
        } else if c.is_whitespace() || is_invisible(c) {
            return false;
        } else {
            after_space = false;
        }
    }
    (text.is_empty() || !after_space) && (ascii || is_nfc(text))
}

/// Returns whether `text` has no visible character: its comparable form is empty.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || is_invisible(c))
}

/// Returns whether two texts have the same comparable form.
#[must_use]
pub fn is_same_form(one: &str, other: &str) -> bool {
    one == other || comparable_form(one) == comparable_form(other)
}

/// Returns the position of `wanted` in `names`: of its exact spelling, otherwise of the first name with the same
/// comparable form.
#[must_use]
pub fn position_of(names: &[String], wanted: &str) -> Option<usize> {
    names.iter().position(|name| name == wanted).or_else(|| names.iter().position(|name| is_same_form(name, wanted)))
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use proptest::prelude::*;

    use super::{comparable_form, is_blank, is_same_form, position_of};

    #[test]
    fn white_space_of_any_kind_is_one_space_and_none_at_the_ends() {
        for text in ["Member No", "Member\u{a0}No", " Member \t\r\n No\u{3000}", "Member\u{2028}No", "Member\u{85}No"] {
            assert_eq!(comparable_form(text), "Member No", "{text:?}");
        }
        assert!(!is_same_form("Member No", "MemberNo"));
        assert_eq!(comparable_form(" \u{feff}\u{a0}\u{200b} "), "");
        assert!(is_blank(" \u{feff}\u{a0}\u{200b} ") && !is_blank("\u{200b}a"));
    }

    #[test]
    fn invisible_characters_are_ignored_also_between_spaces_and_marks() {
        assert_eq!(comparable_form("\u{feff}B\u{200b}-\u{ad}1\u{2060}"), "B-1");
        assert_eq!(comparable_form("a \u{200e} b"), "a b");
        assert_eq!(comparable_form("Cafe\u{200b}\u{301}"), "Café");
    }

    #[test]
    fn characters_that_distinguish_words_are_kept() {
        for (one, other) in [("می\u{200c}خواهم", "میخواهم"), ("क्\u{200d}ष", "क्ष"), ("e\u{323}", "e"), ("A", "a")]
        {
            assert!(!is_same_form(one, other), "{one:?} {other:?}");
        }
        assert!(is_same_form("Cafe\u{301}", "Caf\u{e9}"));
    }

    #[test]
    fn ordinary_text_is_borrowed() {
        for text in ["", "a", "B-1", "two words", "Björk", "日本"] {
            assert!(matches!(comparable_form(text), Cow::Borrowed(same) if same == text), "{text:?}");
        }
    }

    #[test]
    fn an_exact_spelling_is_preferred_to_an_equal_comparable_form() {
        let names = ["a\u{a0}b", "a b", "c"].map(str::to_owned);
        assert_eq!(position_of(&names, "a b"), Some(1));
        assert_eq!(position_of(&names[..1], "a b"), Some(0));
        assert_eq!(position_of(&names, "d"), None);
    }

    /// Text of the characters that matter here, and any other.
    fn text() -> impl Strategy<Value = String> {
        let special = prop::sample::select(vec![
            ' ', '\t', '\n', '\u{85}', '\u{a0}', '\u{2028}', '\u{3000}', '\u{200b}', '\u{2060}', '\u{feff}', '\u{ad}',
            '\u{200e}', '\u{202a}', '\u{2069}', '\u{200c}', '\u{200d}', '\u{301}', '\u{323}', 'e', 'A', '\u{1100}',
            '\u{1161}', '\u{958}', '\u{212b}',
        ]);
        prop::collection::vec(prop_oneof![4 => special, 1 => any::<char>()], 0..12).prop_map(String::from_iter)
    }

    proptest! {
        #[test]
        fn the_comparable_form_of_a_comparable_form_is_itself(text in text()) {
            let form = comparable_form(&text).into_owned();
            prop_assert_eq!(comparable_form(&form), Cow::Borrowed(form.as_str()));
            prop_assert!(matches!(comparable_form(&form), Cow::Borrowed(_)));
        }

        #[test]
        fn joiners_and_letters_are_never_lost(text in text()) {
            let joiners = |text: &str| text.chars().filter(|c| matches!(c, '\u{200c}' | '\u{200d}')).count();
            prop_assert_eq!(joiners(&comparable_form(&text)), joiners(&text));
            use unicode_normalization::UnicodeNormalization;
            let kept = |text: &str| -> Vec<char> {
                let seen = text.chars().filter(|&c| !super::is_invisible(c) && !c.is_whitespace());
                seen.nfd().filter(|c| !c.is_whitespace()).collect()
            };
            let mut before = kept(&text);
            let mut after = kept(&comparable_form(&text));
            before.sort_unstable();
            after.sort_unstable();
            prop_assert_eq!(before, after, "combining marks stay");
        }
    }
}
