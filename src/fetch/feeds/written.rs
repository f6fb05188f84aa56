//! From the bytes of a feed to its text: feeds say in more than one place how they are written, and not always truly.
//!
//! A byte order mark is believed first, then what the server said, then the XML declaration (RFC 7303 for XML served
//! by HTTP), unless the bytes cannot be that; then valid UTF-8 is UTF-8, and the rest is guessed.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE, X_USER_DEFINED};

/// A text and how it was written.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) text: String,
    /// Its name as the web has it; UTF-32, which the web does not know, by its own.
    #[cfg_attr(not(test), expect(dead_code, reason = "the tests know which it has to be"))]
    pub(super) encoding: &'static str,
    /// What had to be mended, for people.
    pub(super) note: Option<String>,
}

/// The text of `bytes`; `charset` is what the server called it.
pub(super) fn decode(bytes: &[u8], charset: Option<&str>) -> Written {
    // Before UTF-16, whose mark begins like that of UTF-32.
    if let Some((big, at)) = wide_32(bytes) {
        return wide(&bytes[at..], big);
    }
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return read(&bytes[mark..], encoding, None);
    }
    let told = declaration(bytes);
    let said = [charset, told.as_deref()];
    let sixteen = sixteen(bytes);
    for name in said.into_iter().flatten() {
        let Some(encoding) = named(name) else { continue };
        let is_wide = encoding == UTF_16LE || encoding == UTF_16BE;
        if let (true, Some(found)) = (is_wide, sixteen) {
            return read(bytes, found, None);
        }
        if is_wide || sixteen.is_some() {
            continue;
        }
        let wrong = if encoding == UTF_8 {
            !is_mostly_utf_8(bytes)
        } else {
            encoding.is_single_byte() && is_rather_utf_8(bytes)
        };
        if wrong {
            continue;
        }
        return read(bytes, encoding, None);
    }
    if let Some(found) = sixteen {
        return read(bytes, found, None);
    }
    let found = if is_mostly_utf_8(bytes) { UTF_8 } else { guess(bytes) };
    let wrongly = said.into_iter().flatten().next().filter(|name| named(name) != Some(found));
    let note = match wrongly {
        Some(name) => {
            let name: String = name.chars().take(40).collect();
            Some(format!("It is said to be written in “{name}”; it was read as {}.", found.name()))
        }
        None if found != UTF_8 => Some(format!("It does not say how it is written; it was read as {}.", found.name())),
        None => None,
    };
    read(bytes, found, note)
}

fn named(name: &str) -> Option<&'static Encoding> {
    let encoding = Encoding::for_label(name.trim().as_bytes());
    encoding.filter(|encoding| *encoding != REPLACEMENT && *encoding != X_USER_DEFINED)
}

fn read(bytes: &[u8], encoding: &'static Encoding, note: Option<String>) -> Written {
    let (text, broken) = encoding.decode_without_bom_handling(bytes);
    let note = note.or_else(|| {
        broken.then(|| format!("Some bytes are no characters in {}; they were replaced.", encoding.name()))
    });
    Written { text: text.into_owned(), encoding: encoding.name(), note }
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

/// UTF-16 without a mark: every other byte of a beginning that is a tag is zero.
fn sixteen(bytes: &[u8]) -> Option<&'static Encoding> {
    match bytes {
        [b'<', 0, second, 0, ..] if *second != 0 => Some(UTF_16LE),
        [0, b'<', 0, second, ..] if *second != 0 => Some(UTF_16BE),
        _ => None,
    }
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

fn wide(bytes: &[u8], big: bool) -> Written {
    let text = bytes
        .chunks_exact(4)
        .map(|four| {
            let four = [four[0], four[1], four[2], four[3]];
            let number = if big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) };
            char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER)
        })
        .collect();
    Written { text, encoding: if big { "UTF-32BE" } else { "UTF-32LE" }, note: None }
}

/// UTF-8 with fewer broken places than right ones: any other reading would spoil all the right ones.
fn is_mostly_utf_8(bytes: &[u8]) -> bool {
    let (mut right, mut broken) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        right += chunk.valid().bytes().filter(|byte| *byte >= 0xC0).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    broken == 0 || right > broken
}

/// UTF-8 with more than ASCII in it: what is written in an encoding of single bytes is so by accident only.
fn is_rather_utf_8(bytes: &[u8]) -> bool {
    !bytes.is_ascii() && std::str::from_utf8(bytes).is_ok()
}

fn guess(bytes: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(bytes, true);
    detector.guess(None, Utf8Detection::Deny)
}
