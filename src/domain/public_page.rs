//! How a catalog presents itself: its title and description, whether search engines may list it, and which sites may
//! show it in a frame.

use super::frame_hosts::FrameHosts;

/// The most characters of a title.
pub const MAX_TITLE_CHARS: usize = 100;
/// The most characters of a description: a few sentences.
pub const MAX_DESCRIPTION_CHARS: usize = 600;

/// How a catalog presents itself. Title and description are for all readers, the rest for public catalogs.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct PublicPage {
    /// The title; `None` for the name of the source.
    pub title: Option<String>,
    /// The description, plain text with line breaks; empty if there is none.
    pub description: String,
    /// Whether search engines may list it. A public catalog is only known to those who have its link until an admin
    /// allows it.
    pub is_indexed: bool,
    /// The sites that may show it in a frame.
    pub frame_hosts: FrameHosts,
}

/// A text that is not a title.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("A title has at most {MAX_TITLE_CHARS} characters and no line breaks. Shorten it.")]
pub struct NotATitle;

/// A text that is not a description.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotADescription {
    /// It is too long, by this many characters.
    #[error("A description has at most {MAX_DESCRIPTION_CHARS} characters. Shorten it by {0}.")]
    TooLong(usize),
    /// It has characters that no keyboard types.
    #[error("The description contains control characters. Type it again, or paste it as plain text.")]
    ControlCharacters,
}

/// Returns the title, trimmed; `None` if it is empty.
///
/// # Errors
/// [`NotATitle`] if it is too long or contains control characters.
pub fn parse_title(text: &str) -> Result<Option<String>, NotATitle> {
    let title = text.trim();
    if title.chars().count() > MAX_TITLE_CHARS || title.contains(char::is_control) {
        return Err(NotATitle);
    }
    Ok(Some(title.to_owned()).filter(|title| !title.is_empty()))
}

/// Returns the description, trimmed, with line feeds as its line breaks.
///
/// # Errors
/// [`NotADescription`] if it is too long or contains control characters besides line breaks and tabs.
pub fn parse_description(text: &str) -> Result<String, NotADescription> {
    let text = text.trim().replace("\r\n", "\n").replace(['\r', '\t'], " ");
    if text.chars().any(|c| c.is_control() && c != '\n') {
        return Err(NotADescription::ControlCharacters);
    }
    match text.chars().count() {
        0..=MAX_DESCRIPTION_CHARS => Ok(text),
        count => Err(NotADescription::TooLong(count - MAX_DESCRIPTION_CHARS)),
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_DESCRIPTION_CHARS, MAX_TITLE_CHARS, NotADescription, parse_description, parse_title};

    #[test]
    fn a_title_is_one_line() {
        assert_eq!(parse_title("  Our records "), Ok(Some("Our records".to_owned())));
        assert_eq!(parse_title(" "), Ok(None));
        for bad in ["a\nb", "a\0", &"ä".repeat(MAX_TITLE_CHARS + 1)] {
            assert!(parse_title(bad).is_err(), "{bad:?}");
        }
        assert!(parse_title(&"ä".repeat(MAX_TITLE_CHARS)).is_ok());
    }

    #[test]
    fn a_description_has_lines_and_a_limit() {
        assert_eq!(parse_description(" One.\r\n\r\nTwo\tthree. \n"), Ok("One.\n\nTwo three.".to_owned()));
        assert_eq!(parse_description("a\0b"), Err(NotADescription::ControlCharacters));
        let long = "ü".repeat(MAX_DESCRIPTION_CHARS + 7);
        let message = parse_description(&long).expect_err("too long").to_string();
        assert_eq!(message, "A description has at most 600 characters. Shorten it by 7.");
    }
}
