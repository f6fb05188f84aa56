//! Reads the name of a person.

use super::super::values::{collapse_whitespace, plain_text, plain_text_of};
use super::super::xml::element::XmlElement;

/// The name of the person in `element`, or the e-mail address if there is no name. Atom has `<name>`; RSS has
/// `me@example.com (Name)`, `Name <me@example.com>` or `Name (me@example.com)`.
pub(super) fn person_name(element: &XmlElement) -> String {
    for part in ["name", "title", "email"] {
        if let Some(name) = element.child(part).map(plain_text).filter(|name| !name.is_empty()) {
            return name;
        }
    }
    let text = collapse_whitespace(&element.text());
    let Some((before, rest)) = text.split_once(['(', '<']) else { return plain_text_of(&text) };
    let inside = rest.split([')', '>']).next().unwrap_or_default().trim();
    let before = before.trim().trim_matches('"');
    match (before.contains('@'), inside.contains('@')) {
        (true, false) if !inside.is_empty() => inside.to_owned(),
        (false, true) if !before.is_empty() => before.to_owned(),
        (_, true) if before.is_empty() => inside.to_owned(),
        _ => plain_text_of(&text),
    }
}
