//! What the names in XML mean: vocabularies by their addresses, characters by their entities.

use std::borrow::Cow;

use encoding_rs::WINDOWS_1252;
use html5ever::data::NAMED_ENTITIES;

use super::xml::XmlVocabulary;
use crate::fetch::FetchError;

/// The vocabulary that `address` stands for.
pub(super) fn vocabulary(address: &str) -> XmlVocabulary {
    let address = address.trim().to_ascii_lowercase();
    let address = address.trim_start_matches("https://").trim_start_matches("http://").trim_start_matches("www.");
    let address = address.trim_end_matches('/');
    match address {
        "" => XmlVocabulary::Core,
        "purl.org/rss/1.0/modules/content" => XmlVocabulary::Content,
        "w3.org/1999/xhtml" => XmlVocabulary::Xhtml,
        "w3.org/1999/02/22-rdf-syntax-ns#" => XmlVocabulary::Rdf,
        "w3.org/xml/1998/namespace" => XmlVocabulary::Xml,
        _ if address.starts_with("purl.org/dc/") => XmlVocabulary::Dublin,
        _ if address.contains("mrss") => XmlVocabulary::Media,
        _ if address.starts_with("itunes.com/") || address.starts_with("example.com/dtds/podcast") => {
            XmlVocabulary::Itunes
        }
        _ if CORE.iter().any(|core| address.starts_with(core)) => XmlVocabulary::Core,
        _ => XmlVocabulary::Other,
    }
}

/// The addresses of RSS and Atom, all versions that were ever written.
const CORE: [&str; 12] = [
    "w3.org/2005/atom",
    "purl.org/atom",
    "purl.org/rss/1.0",
    "my.netscape.com/rdf/simple/0.9",
    "channel.netscape.com/rdf/simple/0.9",
    "my.netscape.com/publish/formats/rss-0.91.dtd",
    "purl.org/net/rss1.1",
    "backend.userland.com/rss",
    "blogs.law.harvard.edu/tech/rss",
    "cyber.law.harvard.edu/rss",
    "rssboard.org/rss",
    "example.com/newformat",
];

/// The vocabulary that a prefix customarily stands for where none is declared.
pub(super) fn customary(prefix: &str) -> XmlVocabulary {
    match prefix {
        "dc" | "dcterms" => XmlVocabulary::Dublin,
        "content" => XmlVocabulary::Content,
        "media" => XmlVocabulary::Media,
        "itunes" => XmlVocabulary::Itunes,
        "xhtml" => XmlVocabulary::Xhtml,
        "rdf" => XmlVocabulary::Rdf,
        "xml" => XmlVocabulary::Xml,
        "atom" | "rss" => XmlVocabulary::Core,
        _ => XmlVocabulary::Other,
    }
}

/// The characters that the entity or reference `name` stands for.
pub(super) fn resolved(name: &str) -> Option<String> {
    let Some(number) = name.strip_prefix('#') else {
        // quick-xml has a table of these names, too, but half of its Greek letters are semicolons.
        let (first, second) = *NAMED_ENTITIES.get(&format!("{name};"))?;
        return Some([first, second].into_iter().filter(|number| *number > 0).filter_map(char::from_u32).collect());
    };
    let number = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => number.parse().ok()?,
    };
    let allowed = |c: &char| matches!(c, '\t' | '\n' | '\r' | ' '..);
    Some(char::from_u32(number).filter(allowed).map_or(char::REPLACEMENT_CHARACTER, meant).to_string())
}

/// A control character from 128 to 159 is meant as what Windows has there, as in HTML; nobody means the control.
fn meant(c: char) -> char {
    let byte = match u8::try_from(c) {
        Ok(byte @ 128..=159) => [byte],
        _ => return c,
    };
    WINDOWS_1252.decode_without_bom_handling(&byte).0.chars().next().unwrap_or(c)
}

/// `text` with what cannot be meant replaced by what is meant; controls that XML forbids are left out.
pub(super) fn demoronized(text: Cow<'_, str>) -> String {
    let is_odd = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    if !text.contains(is_odd) {
        return text.into_owned();
    }
    text.chars().map(meant).filter(|c| !is_odd(*c)).collect()
}

/// `text` with its references resolved; ampersands that begin none stay.
pub(super) fn unescaped(text: &str) -> String {
    let mut done = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        done.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let end = rest.bytes().take(40).position(|byte| !byte.is_ascii_alphanumeric() && byte != b'#');
        let found =
            end.filter(|end| rest.as_bytes()[*end] == b';').and_then(|end| Some((resolved(&rest[..end])?, end)));
        match found {
            Some((characters, end)) => {
                done.push_str(&characters);
                rest = &rest[end + 1..];
            }
            None => done.push('&'),
        }
    }
    done.push_str(rest);
    done
}

/// Refuses a document type that declares entities. Not one feed needs them, and they can be made to grow without end or
/// to stand for files of ours.
pub(super) fn refuse_entities(declared: &str) -> Result<(), FetchError> {
    let declares = declared.as_bytes().windows(8).any(|window| window.eq_ignore_ascii_case(b"<!ENTITY"));
    if !declares {
        return Ok(());
    }
    Err(FetchError::failed(
        "entities_declared",
        "It declares entities of its own, which Lockstep does not read: they can be made to grow without end. Ask \
         whoever publishes it for a version without <!ENTITY>.",
    ))
}
