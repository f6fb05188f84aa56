//! Writes one record of a CSV file, so that it is read as the same cells.

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};

/// Returns the text of a record with these cells, without a line end. `quotes_all` encloses every cell in quotation
/// marks, otherwise only those that need them.
pub(super) fn write_record(cells: &[String], delimiter: u8, quotes_all: bool) -> String {
    let delimiter = char::from(delimiter);
    let mut text = String::new();
    for (position, cell) in cells.iter().enumerate() {
        if position > 0 {
            text.push(delimiter);
        }
        let needs_quotes = cell.contains([delimiter, '"', '\n', '\r']) || cell.starts_with('\u{FEFF}');
        if quotes_all || needs_quotes {
            text.push('"');
            text.push_str(&cell.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(cell);
        }
    }
    text
}

/// Returns `text` in this encoding.
///
/// # Errors
/// The first character that the encoding does not have.
pub(super) fn encode_text(text: &str, encoding: &'static Encoding) -> Result<Vec<u8>, char> {
    if encoding == UTF_16LE {
        return Ok(text.encode_utf16().flat_map(u16::to_le_bytes).collect());
    }
    if encoding == UTF_16BE {
        return Ok(text.encode_utf16().flat_map(u16::to_be_bytes).collect());
    }
    let has_no_code = |text: &str| encoding.encode(text).2;
    if has_no_code(text) {
        let missing = text.chars().find(|c| has_no_code(c.encode_utf8(&mut [0; 4])));
        return Err(missing.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    Ok(encoding.encode(text).0.into_owned())
}

#[cfg(test)]
mod tests {
    use encoding_rs::{UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

    use super::{encode_text, write_record};

    #[test]
    fn cells_are_quoted_only_where_they_need_it() {
        let cells = ["a", "b;c", "d\"e", "", " f ", "g\r\nh"].map(str::to_owned);
        assert_eq!(write_record(&cells, b';', false), "a;\"b;c\";\"d\"\"e\";; f ;\"g\r\nh\"");
        assert_eq!(write_record(&cells[..2], b',', true), "\"a\",\"b;c\"");
        assert_eq!(write_record(&["\u{FEFF}a".to_owned()], b',', false), "\"\u{FEFF}a\"");
    }

    #[test]
    fn text_is_written_in_the_encoding_of_the_file() {
        assert_eq!(encode_text("é€", WINDOWS_1252), Ok(vec![0xE9, 0x80]));
        assert_eq!(encode_text("é", UTF_16LE), Ok(vec![0xE9, 0]));
        assert_eq!(encode_text("é", UTF_16BE), Ok(vec![0, 0xE9]));
        assert_eq!(encode_text("é", UTF_8), Ok("é".into()));
        assert_eq!(encode_text("aé→b", WINDOWS_1252), Err('→'));
    }
}
