//! What the pages show, as plain values: one struct per page or fragment, and nothing that knows the house.
//!
//! Handlers fill these from the domain; templates in `templates/` only lay them out. A fragment is a block of the page
//! that owns it, rendered through a small struct of its own.

pub mod base;
pub mod catalog;
pub mod cell;
pub mod dashboard;
pub mod error;
pub mod feeds;
pub mod history;
pub mod item;
pub mod lines;
pub mod login;
pub mod panel;
mod panel_outcome;
pub mod read_fields;
pub mod run;
pub mod setup;
pub mod sources;

#[cfg(test)]
mod tests;
