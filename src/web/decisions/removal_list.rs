//! Finds the list of withheld removals that a request is about.

use crate::domain::change_set::MAX_PREVIEWED_CHANGES;
use crate::domain::operation::OperationKind;
use crate::domain::removal_review::RemovalReview;
use crate::domain::source::Source;
use crate::domain::sync_id::SyncId;
use crate::sync::follow_up::{FollowUp, FollowUpRefusal};
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;

/// A list of withheld removals, or why there is none.
pub(super) enum RemovalList {
    /// The list waits for a decision, or a person decided to keep its items.
    Review(RemovalReview),
    /// The items that a sync would keep, as a preview found.
    Previewed {
        /// The preview.
        id: SyncId,
        /// How many items it counted. It lists the first [`MAX_PREVIEWED_CHANGES`] of them.
        counted: u64,
    },
    /// There is no list.
    None(FollowUpRefusal),
}

impl RemovalList {
    /// The id that the items are stored under; `None` without a list.
    pub(super) fn id(&self) -> Option<SyncId> {
        match self {
            Self::Review(review) => Some(review.id),
            Self::Previewed { id, .. } => Some(*id),
            Self::None(_) => None,
        }
    }

    /// How many items are listed, if they are only the first ones. Some of these may have left the catalog since.
    pub(super) fn kept_part(&self) -> Option<u64> {
        let max_listed = MAX_PREVIEWED_CHANGES as u64;
        matches!(self, Self::Previewed { counted, .. } if *counted > max_listed).then_some(max_listed)
    }
}

/// The id of a run of this source.
///
/// # Errors
/// `not_found` if the text is no id, or the source has no such run.
pub(super) fn parse_run_of(state: &AppState, source: &Source, id: &str) -> Result<SyncId, WebError> {
    let no_run = || WebError::not_found("sync");
    let id: SyncId = id.parse().map_err(|_| no_run())?;
    if state.store.source_of_run(id)? == Some(source.id) { Ok(id) } else { Err(no_run()) }
}

/// The list of the run `sync`, or the current list of the source if `sync` is empty.
///
/// # Errors
/// `not_found` if the source has no such run.
pub(super) fn find_list(state: &AppState, source: &Source, sync: &str) -> Result<RemovalList, WebError> {
    if sync.is_empty() {
        let review = state.store.find_review(source.id)?;
        return Ok(review.map_or(RemovalList::None(FollowUpRefusal::NothingWithheld), RemovalList::Review));
    }
    let run = parse_run_of(state, source, sync)?;
    Ok(match state.control.withheld_removals(run)? {
        FollowUp::Possible(_, review) => RemovalList::Review(review),
        FollowUp::NoSuchRun => return Err(WebError::not_found("sync")),
        FollowUp::Refused(refusal) => match state.store.find_record(run)? {
            Some(record) if record.summary.kind == OperationKind::Preview && record.withheld_removals > 0 => {
                RemovalList::Previewed { id: run, counted: record.withheld_removals }
            }
            _ => RemovalList::None(refusal),
        },
    })
}
