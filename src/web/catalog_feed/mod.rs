//! Feeds of what was added, updated and removed in a catalog, as Atom (RFC 4287) and as JSON Feed 1.1.

mod atom;
mod build;
mod field_lines;
pub(super) mod handlers;
mod json;
mod view;
mod xml_characters;
