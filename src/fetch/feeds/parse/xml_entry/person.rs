//! Who wrote an entry.

use crate::fetch::feeds::parse::values::{folded, plain, plain_of};
use crate::fetch::feeds::parse::xml::XmlElement;

/// The name of a person, or what else there is to call somebody: `<name>` in Atom, and in RSS
/// `me@example.com (Name)`, `Name <me@example.com>`, `Name (me@example.com)`.
pub(super) fn person(element: &XmlElement) -> String {
    for part in ["name", "title", "email"] {
        if let Some(said) = element.child(part).map(plain).filter(|said| !said.is_empty()) {
            return said;
        }
    }
    let text = folded(&element.text());
    let Some((before, rest)) = text.split_once(['(', '<']) else { return plain_of(&text) };
    let inside = rest.split([')', '>']).next().unwrap_or_default().trim();
    let before = before.trim().trim_matches('"');
    match (before.contains('@'), inside.contains('@')) {
        (true, false) if !inside.is_empty() => inside.to_owned(),
        (false, true) if !before.is_empty() => before.to_owned(),
        (_, true) if before.is_empty() => inside.to_owned(),
        _ => plain_of(&text),
    }
}
