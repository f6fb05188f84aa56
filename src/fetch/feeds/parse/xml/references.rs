//! Resolves character references, repairs characters, and refuses documents that declare entities.

use std::borrow::Cow;

use encoding_rs::WINDOWS_1252;
use html5ever::data::NAMED_ENTITIES;

use super::super::error::{ParseError, ParseErrorKind};

/// The longest reference that is recognised, in bytes. HTML's longest name has 31.
const MAX_REFERENCE_BYTES: usize = 40;

/// The characters that a reference stands for: `name` is `eacute`, `#233` or `#xE9`.
pub(super) fn resolve_reference(name: &str) -> Option<String> {
    let Some(number) = name.strip_prefix('#') else {
        // quick-xml has a table of these names, too, but half of its Greek letters are semicolons.
        let (first, second) = *NAMED_ENTITIES.get(&format!("{name};"))?;
        return Some([first, second].into_iter().filter(|number| *number > 0).filter_map(char::from_u32).collect());
    };
    let number = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => number.parse().ok()?,
    };
    let is_allowed = |c: &char| matches!(c, '\t' | '\n' | '\r' | ' '..);
    let character = char::from_u32(number).filter(is_allowed).map_or(char::REPLACEMENT_CHARACTER, fix_control);
    Some(character.to_string())
}

/// Replaces a control character from 128 to 159 by the character with this number in Windows-1252, as HTML does.
fn fix_control(c: char) -> char {
    let byte = match u8::try_from(c) {
        Ok(byte @ 128..=159) => [byte],
        _ => return c,
    };
    WINDOWS_1252.decode_without_bom_handling(&byte).0.chars().next().unwrap_or(c)
}

/// `text` with control characters that were meant as Windows-1252 replaced, and without those that XML forbids.
pub(super) fn fix_windows_1252(text: Cow<'_, str>) -> String {
    let is_forbidden = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    if !text.contains(is_forbidden) {
        return text.into_owned();
    }
    text.chars().map(fix_control).filter(|c| !is_forbidden(*c)).collect()
}

/// `text` with its references resolved. Ampersands that do not begin a known reference are kept.
pub(in crate::fetch) fn resolve_references(text: &str) -> String {
    let mut resolved = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        resolved.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let end = rest.bytes().take(MAX_REFERENCE_BYTES).position(|byte| !byte.is_ascii_alphanumeric() && byte != b'#');
        let found = end
            .filter(|end| rest.as_bytes()[*end] == b';')
            .and_then(|end| Some((resolve_reference(&rest[..end])?, end)));
        match found {
            Some((characters, end)) => {
                resolved.push_str(&characters);
                rest = &rest[end + 1..];
            }
            None => resolved.push('&'),
        }
    }
    resolved.push_str(rest);
    resolved
}

/// Refuses a document type that declares entities. Feeds do not need them, and they can expand without limit or refer
/// to files of the server.
///
/// # Errors
/// [`ParseErrorKind::EntitiesDeclared`] when `doctype` contains `<!ENTITY`.
pub(in crate::fetch) fn refuse_entities(doctype: &str) -> Result<(), ParseError> {
    let declares = doctype.as_bytes().windows(8).any(|window| window.eq_ignore_ascii_case(b"<!ENTITY"));
    if !declares {
        return Ok(());
    }
    Err(ParseError::new(
        ParseErrorKind::EntitiesDeclared,
        "The document declares its own entities (<!ENTITY>), which Lockstep refuses because they can expand without \
         limit. Ask its publisher for a version without them.",
    ))
}
