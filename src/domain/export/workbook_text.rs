//! Writes texts and the places of cells as the sheets of a workbook have them (ECMA-376, part 1, section 18.3).

/// The most characters of a cell, counted in UTF-16 as Excel does.
pub(super) const MAX_CELL_CHARS: usize = 32_767;

/// Returns whether a cell is longer than a workbook may hold.
pub(super) fn is_too_long(cell: &str) -> bool {
    cell.len() > MAX_CELL_CHARS && cell.encode_utf16().count() > MAX_CELL_CHARS
}

/// Returns the letters of a column by its position from 0: `A`, `Z`, `AA`.
pub(super) fn column_letters(position: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = position + 1;
    while rest > 0 {
        rest -= 1;
        letters.push(char::from(b'A' + u8::try_from(rest % 26).unwrap_or_default()));
        rest /= 26;
    }
    letters.iter().rev().collect()
}

/// Returns whether readers would drop white space of this text unless they are told to keep it.
pub(super) fn needs_preserved_space(text: &str) -> bool {
    text.starts_with(char::is_whitespace)
        || text.ends_with(char::is_whitespace)
        || text.bytes().any(|byte| byte == b'\n' || byte == b'\t')
}

/// Appends `text` to XML. Characters that XML cannot contain, and carriage returns, which it changes, are written as
/// `_xHHHH_` (ECMA-376, part 1, section 22.9.2.19), and so is what only looks like that.
pub(super) fn push_text(xml: &mut String, text: &str) {
    for (at, c) in text.char_indices() {
        match c {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '\t' | '\n' => xml.push(c),
            '_' if is_escape(&text.as_bytes()[at..]) => xml.push_str("_x005F_"),
            '\0'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}' => xml.push_str(&format!("_x{:04X}_", u32::from(c))),
            _ => xml.push(c),
        }
    }
}

/// Whether a text begins with `_xHHHH_`.
fn is_escape(text: &[u8]) -> bool {
    text.len() >= 7 && text[1] == b'x' && text[6] == b'_' && text[2..6].iter().all(u8::is_ascii_hexdigit)
}

#[cfg(test)]
mod tests {
    use super::{column_letters, is_too_long, push_text};

    #[test]
    fn columns_are_named_like_those_of_spreadsheets() {
        let named = [0, 25, 26, 51, 52, 701, 702, 16_383].map(column_letters);
        assert_eq!(named, ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA", "XFD"]);
    }

    #[test]
    fn a_text_is_valid_in_xml_and_keeps_its_characters() {
        let write = |text: &str| {
            let mut xml = String::new();
            push_text(&mut xml, text);
            xml
        };
        assert_eq!(write("a<b>&\"c'\t\n"), "a&lt;b&gt;&amp;\"c'\t\n");
        assert_eq!(write("\r\u{1}\u{FFFF}"), "_x000D__x0001__xFFFF_");
        assert_eq!(write("_x0041_ _x004_ _X0041_ _x00é1_"), "_x005F_x0041_ _x004_ _X0041_ _x00é1_");
    }

    #[test]
    fn characters_beyond_16_bits_count_twice() {
        assert!(!is_too_long(&"é".repeat(32_767)) && is_too_long(&"x".repeat(32_768)));
        assert!(!is_too_long(&"🎵".repeat(16_383)) && is_too_long(&"🎵".repeat(16_384)));
    }
}
