//! Limits the length of the tokens of an XML part, because a parser keeps each of them in memory.

/// The longest tag, and the longest text between two tags.
const MAX_TOKEN_BYTES: u64 = 2 * 1024 * 1024;

/// The error for a part with a token that is too long or not allowed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct TokenTooLong(pub(super) String);

/// The kind of token at a position of XML.
#[derive(Default, Clone, Copy, PartialEq, Eq, Debug)]
enum MarkupPart {
    #[default]
    Text,
    /// In a tag, with the quotation mark that is open.
    Tag(Option<u8>),
    /// After `<!`, before the kind of token is known.
    Declaration,
    /// In a comment, CDATA or a processing instruction. It ends with these bytes and a `>`, and has at least this
    /// length.
    Until([u8; 2], u64),
}

/// Measures the tokens of XML.
#[derive(Default)]
pub(super) struct XmlToken {
    inside: MarkupPart,
    length: u64,
    /// The last two bytes.
    last: [u8; 2],
}

impl XmlToken {
    /// Measures the next bytes.
    ///
    /// # Errors
    /// When a token is longer than [`MAX_TOKEN_BYTES`] or declares entities.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<(), TokenTooLong> {
        for &byte in bytes {
            self.length += 1;
            let next = match (self.inside, byte) {
                (MarkupPart::Text, b'<') => Some(MarkupPart::Tag(None)),
                (MarkupPart::Tag(None), b'!') if self.length == 2 => Some(MarkupPart::Declaration),
                (MarkupPart::Tag(None), b'?') if self.length == 2 => Some(MarkupPart::Until([0, b'?'], 4)),
                (MarkupPart::Tag(None), b'"' | b'\'') => Some(MarkupPart::Tag(Some(byte))),
                (MarkupPart::Tag(Some(quote)), _) if byte == quote => Some(MarkupPart::Tag(None)),
                (MarkupPart::Tag(None), b'>') => Some(MarkupPart::Text),
                (MarkupPart::Declaration, b'-') => Some(MarkupPart::Until([b'-', b'-'], 7)),
                (MarkupPart::Declaration, b'[') => Some(MarkupPart::Until([b']', b']'], 12)),
                (MarkupPart::Declaration, _) => {
                    return Err(TokenTooLong(
                        "It declares XML entities, which are not allowed in workbooks.".to_owned(),
                    ));
                }
                (MarkupPart::Until([first, second], least), b'>')
                    if self.last[1] == second && (first == 0 || self.last[0] == first) && self.length >= least =>
                {
                    Some(MarkupPart::Text)
                }
                _ => None,
            };
            if let Some(next) = next {
                let begins = matches!((self.inside, next), (MarkupPart::Text, _) | (_, MarkupPart::Text));
                self.inside = next;
                if begins {
                    self.length = u64::from(next != MarkupPart::Text);
                }
            }
            self.last = [self.last[1], byte];
            if self.length > MAX_TOKEN_BYTES {
                return Err(TokenTooLong("It has a cell or a tag of more than 2 MiB.".to_owned()));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_TOKEN_BYTES, XmlToken};

    #[test]
    fn a_token_is_measured_across_what_looks_like_tags() {
        let long = usize::try_from(MAX_TOKEN_BYTES).expect("a size");
        let bad = [
            format!("<a>{}", "x".repeat(long + 1)),
            format!("<a b='{}", ">".repeat(long + 1)),
            format!("<!--{}", "<a>".repeat(long / 2)),
            format!("<![CDATA[{}", "<a>".repeat(long / 2)),
            format!("<?x {}", "<a>".repeat(long / 2)),
            "<!DOCTYPE a>".to_owned(),
        ];
        for text in bad {
            assert!(XmlToken::default().take(text.as_bytes()).is_err(), "{}…", &text[..12]);
        }
        let fine = "<?xml version='1.0'?><!-- a > b --><a b=\"x>y\"><![CDATA[<]]>]]>text</a>".repeat(100_000);
        assert!(XmlToken::default().take(fine.as_bytes()).is_ok());
    }
}
