//! Reads the columns that `sync_operations` and `sync_records` share as one summary of a run.

use super::error::StoreError;
use super::stored_values::{parse_json, parse_value};
use crate::domain::run_summary::RunSummary;

/// The shared columns of one row, as they are stored.
pub(super) struct RunColumns<'a> {
    pub(super) id: &'a str,
    pub(super) source: &'a str,
    pub(super) kind: &'a str,
    pub(super) status: &'a str,
    pub(super) progress: i32,
    pub(super) stage: Option<&'a str>,
    pub(super) message: String,
    pub(super) stats: &'a str,
    pub(super) error: Option<String>,
    pub(super) code: Option<String>,
    pub(super) attempt: i32,
    pub(super) retry_of: Option<&'a str>,
    pub(super) successor: Option<&'a str>,
}

impl RunColumns<'_> {
    /// Parses the columns.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] naming the first column whose value this program would not have written.
    pub(super) fn into_summary(self) -> Result<RunSummary, StoreError> {
        Ok(RunSummary {
            id: parse_value("id of a run", self.id)?,
            source: parse_value("source of a run", self.source)?,
            kind: parse_value("kind of a run", self.kind)?,
            status: parse_value("status of a run", self.status)?,
            progress: u8::try_from(self.progress)
                .map_err(|error| StoreError::corrupt_value("progress of a run")(&error))?,
            stage: self.stage.map(|stage| parse_value("stage of a run", stage)).transpose()?,
            message: self.message,
            stats: parse_json("stats of a run", self.stats)?,
            error: self.error,
            code: self.code,
            attempt: self.attempt,
            retry_of: self.retry_of.map(|id| parse_value("retry_of of a run", id)).transpose()?,
            successor: self.successor.map(|id| parse_value("successor of a run", id)).transpose()?,
        })
    }
}
