//! Marks invisible characters, so that names which look the same can be distinguished in a message.

/// Which characters are marked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum MarkingScope {
    /// All invisible characters.
    All,
    /// All except joiners and variation selectors that change the characters beside them.
    Stray,
}

/// Returns `text` with every invisible character replaced by a mark: `Member⍽No` for a no-break space, `␤` for a line
/// break, `·U+200B·` for a zero-width space.
#[must_use]
pub fn mark_invisible(text: &str) -> String {
    mark_characters(text, MarkingScope::All)
}

/// Like [`mark_invisible`], but keeps joiners between letters of scripts that need them, and in emoji.
#[must_use]
pub fn mark_stray_invisible(text: &str) -> String {
    mark_characters(text, MarkingScope::Stray)
}

/// Returns whether two texts differ only in white space and invisible characters.
#[must_use]
pub fn differ_invisibly(one: &str, other: &str) -> bool {
    let visible = |text: &str| -> Vec<char> {
        text.chars().filter(|c| !c.is_whitespace() && !c.is_control() && !is_invisible(*c)).collect()
    };
    one != other && visible(one) == visible(other)
}

fn mark_characters(text: &str, marking: MarkingScope) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut shown = String::with_capacity(text.len());
    for (at, &c) in letters.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| letters[at]);
        let after = letters.get(at + 1).copied();
        match c {
            ' ' if before != Some(' ') && after != Some(' ') => shown.push(' '),
            // Pages and terminals display several spaces as one.
            ' ' => shown.push('␣'),
            '\r' if after == Some('\n') => {}
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => shown.push('␤'),
            '\t' => shown.push('␉'),
            c if c.is_whitespace() => shown.push('⍽'),
            c if marking == MarkingScope::Stray && shapes_neighbours(c, before, after) => shown.push(c),
            c if c.is_control() || is_invisible(c) => shown.push_str(&format!("·U+{:04X}·", u32::from(c))),
            c => shown.push(c),
        }
    }
    shown
}

/// Returns whether a joiner or a variation selector changes the characters beside it.
fn shapes_neighbours(c: char, before: Option<char>, after: Option<char>) -> bool {
    // Scripts that use joiners, and emoji, come after Armenian in Unicode.
    let joins = |c: Option<char>| c.is_some_and(|c| c >= '\u{590}' && !is_invisible(c) || c == '\u{fe0f}');
    match c {
        '\u{200c}' | '\u{200d}' => joins(before) && joins(after),
        '\u{fe00}'..='\u{fe0f}' => after == Some('\u{20e3}') || before.is_some_and(|c| c >= '\u{a9}'),
        _ => false,
    }
}

/// Returns whether `c` is a `Default_Ignorable_Code_Point` of Unicode or an annotation mark.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{17b4}'
            | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::{differ_invisibly, mark_invisible, mark_stray_invisible};

    #[test]
    fn invisible_characters_are_marked() {
        for (text, shown) in [
            ("Member No", "Member No"),
            ("Member\u{a0}No", "Member⍽No"),
            ("Member\u{202f}No\u{3000}", "Member⍽No⍽"),
            ("Member  No", "Member␣␣No"),
            ("Member\r\nNo", "Member␤No"),
            ("Member\u{2028}No\t", "Member␤No␉"),
            ("\u{feff}id", "·U+FEFF·id"),
            ("i\u{200b}d", "i·U+200B·d"),
            ("i\u{200d}d\u{1}", "i·U+200D·d·U+0001·"),
            ("Größe 日本", "Größe 日本"),
        ] {
            assert_eq!(mark_invisible(text), shown, "{text:?}");
            assert_eq!(mark_stray_invisible(text), shown, "{text:?}");
        }
    }

    #[test]
    fn joiners_of_letters_and_emoji_are_marked_only_in_comparisons_of_names() {
        for text in ["می\u{200c}خواهم", "👩\u{200d}🚀", "❤\u{fe0f}", "1\u{fe0f}\u{20e3}", "🏳\u{fe0f}\u{200d}🌈"]
        {
            assert_eq!(mark_stray_invisible(text), text);
            assert!(mark_invisible(text).contains("·U+"), "{text:?}");
        }
        assert_eq!(mark_stray_invisible("❤\u{200d}"), "❤·U+200D·", "it joins nothing");
    }

    #[test]
    fn names_that_look_the_same_are_detected() {
        for other in ["Member\u{a0}No", "MemberNo", "Member\nNo", "Mem\u{200b}ber No", " Member No"] {
            assert!(differ_invisibly("Member No", other), "{other:?}");
        }
        for other in ["Member No", "Member-No", "member No", "Member Nó"] {
            assert!(!differ_invisibly("Member No", other), "{other:?}");
        }
    }
}
