//! Feeds: RSS, Atom and JSON Feed, by address or by list.

mod dates;
mod document;
mod entry;
mod json;
mod list;
mod names;
mod shape;
mod values;
mod written;
mod xml;
