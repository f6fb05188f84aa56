//! Replaces what a text of XML cannot hold. Cells may contain any character, and one that is not allowed makes the
//! whole feed unreadable.

/// Returns the text with U+FFFD in place of the characters that XML 1.0 forbids even as references (section 2.2).
pub(super) fn replace_forbidden(text: &str) -> String {
    text.replace(|c| !is_allowed(c), "\u{fffd}")
}

/// Returns the text in one line, without forbidden characters.
pub(super) fn to_single_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    replace_forbidden(&words.join(" "))
}

const fn is_allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use super::{replace_forbidden, to_single_line};

    #[test]
    fn only_characters_that_xml_cannot_hold_are_replaced() {
        let kept = "a\tb\r\nc ]]> <b> & é 日本 \u{200f}שלום 👩\u{200d}🚀 \u{fffd}";
        assert_eq!(replace_forbidden(kept), kept);
        assert_eq!(replace_forbidden("\0a\u{1b}[1m\u{fffe}\u{ffff}"), "\u{fffd}a\u{fffd}[1m\u{fffd}\u{fffd}");
        assert_eq!(to_single_line(" Kind\r\n\tof \u{7}Blue "), "Kind of \u{fffd}Blue");
    }
}
