//! Checks, in the transaction that admits a run, that what a person decided on is still so.

use super::connection::AnyConnection;
use super::error::StoreError;
use super::records::last_ended_run;
use super::review_rows::find_review;
use crate::domain::source::SourceId;
use crate::domain::sync_id::SyncId;

/// What must still be so when a run is admitted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StartCondition {
    /// The run of the source that ended last is still this one.
    LastEndedRun(Option<SyncId>),
    /// Nobody has decided about this review since it was read.
    Review {
        /// The review.
        id: SyncId,
        /// Whether it was decided then that its items are kept.
        is_kept: bool,
    },
}

impl StartCondition {
    /// Returns whether the condition holds for this source.
    pub(super) fn holds(self, conn: &mut AnyConnection, source: SourceId) -> Result<bool, StoreError> {
        match self {
            Self::LastEndedRun(run) => Ok(last_ended_run(conn, source)? == run),
            Self::Review { id, is_kept } => {
                let review = find_review(conn, source.0)?;
                Ok(review.is_some_and(|review| review.id == id && review.is_open() != is_kept))
            }
        }
    }
}
