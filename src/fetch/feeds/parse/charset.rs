//! Decodes the bytes of a feed to text.
//!
//! Feeds declare their encoding in several places, sometimes wrongly. The first of these that the bytes do not
//! contradict is used: a byte order mark, the encoding that a person chose, the encoding that the server declared, the
//! encoding in the XML declaration (RFC 7303). Without any of them, valid UTF-8 is read as UTF-8, and any other
//! encoding is guessed.

use std::convert::Infallible;

use super::hints::EncodingHints;
use crate::domain::text::encoding_choice::{EncodingSurvey, detect_legacy};

/// The text of a feed, decoded.
#[derive(Debug)]
pub struct DecodedText {
    /// The text.
    pub text: String,
    /// The name of the encoding in the WHATWG Encoding Standard, or `UTF-32BE` or `UTF-32LE`, which that standard
    /// lacks.
    pub encoding: &'static str,
    /// A message for people about a doubtful encoding or replaced characters.
    pub note: Option<String>,
}

/// Decodes `bytes`. Text that is certainly UTF-8 or UTF-16 is decoded as such even if another encoding is configured: a
/// setting may apply to several feeds of which only one needs it.
#[must_use]
pub fn decode(bytes: &[u8], hints: EncodingHints<'_>) -> DecodedText {
    // Checked before UTF-16, because the byte order mark of UTF-32 begins with that of UTF-16.
    if let Some((is_big_endian, at)) = detect_utf_32(bytes) {
        return decode_utf_32(&bytes[at..], is_big_endian);
    }
    let in_xml = xml_encoding(bytes);
    let declared: Vec<&str> = [hints.declared, in_xml.as_deref()].into_iter().flatten().collect();
    let survey = EncodingSurvey::from_bytes(bytes);
    let Ok(choice) =
        survey.choose_encoding::<Infallible>(survey.unless_contradicted(hints.configured), &declared, || {
            Ok(detect_legacy(bytes))
        });
    let (text, has_replaced) = choice.encoding.decode_without_bom_handling(&bytes[choice.mark_bytes..]);
    let name = choice.encoding.name();
    let replaced = || has_replaced.then(|| format!("Some bytes are not valid {name} and were replaced."));
    let note = choice.describe_doubt().or_else(replaced);
    DecodedText { text: text.into_owned(), encoding: name, note }
}

/// The encoding that the XML declaration names. Without zero bytes, the declaration has the same bytes in all encodings
/// of feeds.
fn xml_encoding(bytes: &[u8]) -> Option<String> {
    let start: String = bytes.iter().take(400).filter(|byte| **byte != 0).map(|byte| char::from(*byte)).collect();
    let declaration = start.trim_start().strip_prefix("<?xml")?.split_once("?>")?.0.to_owned();
    let value = declaration.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    value[1..].split_once(quote).map(|(name, _)| name.to_owned())
}

/// Detects UTF-32, which `encoding_rs` lacks. Returns whether it is big-endian, and the position of the text.
fn detect_utf_32(bytes: &[u8]) -> Option<(bool, usize)> {
    match bytes {
        [0, 0, 0xFE, 0xFF, ..] => Some((true, 4)),
        [0xFF, 0xFE, 0, 0, ..] => Some((false, 4)),
        [0, 0, 0, b'<', ..] => Some((true, 0)),
        [b'<', 0, 0, 0, ..] => Some((false, 0)),
        _ => None,
    }
}

fn decode_utf_32(bytes: &[u8], is_big_endian: bool) -> DecodedText {
    let text = bytes
        .chunks_exact(4)
        .map(|four| {
            let four = [four[0], four[1], four[2], four[3]];
            let number = if is_big_endian { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) };
            char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER)
        })
        .collect();
    DecodedText { text, encoding: if is_big_endian { "UTF-32BE" } else { "UTF-32LE" }, note: None }
}
