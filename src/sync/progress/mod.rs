//! The progress of a run: reported to pollers and to the database.

pub(super) mod reporter;
