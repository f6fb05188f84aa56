//! From the bytes of a feed to its text: feeds say in more than one place how they are written, and not always truly.
//!
//! A byte order mark is believed first, then the encoding set for the source, then what the server said, then the XML
//! declaration (RFC 7303 for XML served by HTTP), each unless the bytes cannot be that; then valid UTF-8 is UTF-8, and
//! the rest is guessed.

use std::convert::Infallible;

use crate::domain::text::encoding_choice::{EncodingSurvey, detect_legacy};

/// What is said of the encoding of a feed outside of it.
#[derive(Clone, Copy, Default, Debug)]
pub(in crate::fetch) struct EncodingHints<'a> {
    /// The encoding that is set for the source.
    pub(in crate::fetch) set: Option<&'a str>,
    /// What the server called it.
    pub(in crate::fetch) charset: Option<&'a str>,
}

impl<'a> EncodingHints<'a> {
    /// What a server called the encoding of a feed, where nothing is set.
    #[cfg(test)]
    pub(in crate::fetch) const fn of_server(charset: Option<&'a str>) -> Self {
        Self { set: None, charset }
    }
}

/// A text and how it was written.
#[derive(Debug)]
pub(super) struct DecodedText {
    pub(super) text: String,
    /// Its name as the web has it; UTF-32, which the web does not know, by its own.
    #[cfg_attr(not(test), expect(dead_code, reason = "the tests know which it has to be"))]
    pub(super) encoding: &'static str,
    /// What had to be mended, for people.
    pub(super) note: Option<String>,
}

/// The text of `bytes`. What is UTF-8 or UTF-16 beyond doubt is read as that whatever is set: of the feeds of a source
/// often only one needs the setting.
pub(super) fn decode(bytes: &[u8], hints: EncodingHints<'_>) -> DecodedText {
    // Before UTF-16, whose mark begins like that of UTF-32.
    if let Some((big, at)) = wide_32(bytes) {
        return wide(&bytes[at..], big);
    }
    let in_xml = declaration(bytes);
    let declared: Vec<&str> = [hints.charset, in_xml.as_deref()].into_iter().flatten().collect();
    let survey = EncodingSurvey::of(bytes);
    let Ok(choice) = survey.choose::<Infallible>(survey.fitting(hints.set), &declared, || Ok(detect_legacy(bytes)));
    let (text, has_replaced) = choice.encoding.decode_without_bom_handling(&bytes[choice.mark_bytes..]);
    let name = choice.encoding.name();
    let replaced = || has_replaced.then(|| format!("Some bytes are no characters in {name}; they were replaced."));
    let note = choice.doubt().or_else(replaced);
    DecodedText { text: text.into_owned(), encoding: name, note }
}

/// The encoding that the XML declaration names. All that can begin a feed write these first characters alike, as far as
/// the zeros between them are left out.
fn declaration(bytes: &[u8]) -> Option<String> {
    let start: String = bytes.iter().take(400).filter(|byte| **byte != 0).map(|byte| char::from(*byte)).collect();
    let declaration = start.trim_start().strip_prefix("<?xml")?.split_once("?>")?.0.to_owned();
    let value = declaration.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    value[1..].split_once(quote).map(|(name, _)| name.to_owned())
}

/// UTF-32, which the web does not know: whether the high byte comes first, and where the text begins.
fn wide_32(bytes: &[u8]) -> Option<(bool, usize)> {
    match bytes {
        [0, 0, 0xFE, 0xFF, ..] => Some((true, 4)),
        [0xFF, 0xFE, 0, 0, ..] => Some((false, 4)),
        [0, 0, 0, b'<', ..] => Some((true, 0)),
        [b'<', 0, 0, 0, ..] => Some((false, 0)),
        _ => None,
    }
}

fn wide(bytes: &[u8], big: bool) -> DecodedText {
    let text = bytes
        .chunks_exact(4)
        .map(|four| {
            let four = [four[0], four[1], four[2], four[3]];
            let number = if big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) };
            char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER)
        })
        .collect();
    DecodedText { text, encoding: if big { "UTF-32BE" } else { "UTF-32LE" }, note: None }
}
