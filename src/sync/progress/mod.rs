//! The progress of a run: published to pollers and stored in the database.

mod published;
pub(super) mod reporter;
