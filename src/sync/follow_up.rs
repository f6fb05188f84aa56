//! Starts what a person decides about a finished run: its undo, the removals that it withheld, or the changes of a
//! preview. Also resumes a schedule that an undo paused.

use std::time::Duration;

use super::control::SyncControl;
use crate::domain::operation::{Mode, OperationKind, RunPriority, StartOptions, StartRequest};
use crate::domain::record::{HistoryRun, SyncRecord};
use crate::domain::removal_review::{RemovalReview, ReviewReason};
use crate::domain::run_text::preview::NOTHING_TO_APPLY;
use crate::domain::run_text::undo::{NOTHING_TO_UNDO, RUN_NOT_ENDED, UNDO_WITHOUT_SOURCE};
use crate::domain::run_text::withheld_items::{
    CANNOT_KEEP, LIST_OUTDATED, LIST_OUTDATED_CODE, NOTHING_WITHHELD, SOURCE_BUSY,
};
use crate::domain::source::Source;
use crate::domain::sync_id::SyncId;
use crate::domain::undo_forecast::UndoForecast;
use crate::store::StoreError;
use crate::store::admission::StartOutcome;
use crate::store::reviews::KeepOutcome;
use crate::store::start_condition::StartCondition;

/// How often an undo is forecast again because a run of its source ended meanwhile. Then it starts all the same: it
/// decides about each item when it reaches it.
const MAX_UNDO_FORECASTS: usize = 3;

/// The answer to a request about a finished run.
#[derive(Clone, Debug)]
pub enum FollowUp<T> {
    /// The request is possible.
    Possible(Box<Source>, T),
    /// The run is unknown.
    NoSuchRun,
    /// The request is refused.
    Refused(FollowUpRefusal),
}

/// Why a request about a finished run is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FollowUpRefusal {
    /// The run has not ended.
    StillActive,
    /// Its source was removed.
    SourceRemoved,
    /// The run changed nothing, or everything it changed was changed again since.
    NothingToUndo,
    /// The run withheld no removals.
    NothingWithheld,
    /// The list of withheld removals was replaced, or decided about, since.
    ListOutdated,
    /// Every sync fails until the source is fixed or the items are removed, so keeping them changes nothing.
    CannotKeep,
    /// This run of the source is active.
    SourceBusy(SyncId),
    /// The preview has no changes, its sync would fail, or it is no preview.
    NothingToApply,
}

impl FollowUpRefusal {
    /// Returns the code for programs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::StillActive => "still_active",
            Self::SourceRemoved => "source_removed",
            Self::NothingToUndo => "nothing_to_undo",
            Self::NothingWithheld => "nothing_withheld",
            Self::ListOutdated => LIST_OUTDATED_CODE,
            Self::CannotKeep => "cannot_keep",
            Self::SourceBusy(_) => "already_running",
            Self::NothingToApply => "nothing_to_apply",
        }
    }

    /// Returns the message for people.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::StillActive => RUN_NOT_ENDED,
            Self::SourceRemoved => UNDO_WITHOUT_SOURCE,
            Self::NothingToUndo => NOTHING_TO_UNDO,
            Self::NothingWithheld => NOTHING_WITHHELD,
            Self::ListOutdated => LIST_OUTDATED,
            Self::CannotKeep => CANNOT_KEEP,
            Self::SourceBusy(_) => SOURCE_BUSY,
            Self::NothingToApply => NOTHING_TO_APPLY,
        }
    }
}

impl SyncControl {
    /// Returns what an undo of this run would do.
    ///
    /// # Errors
    /// [`StoreError`] when the run or its changes cannot be read.
    pub fn forecast_undo(&self, run: SyncId) -> Result<FollowUp<UndoForecast>, StoreError> {
        let (source, record) = match self.finished_run(run)? {
            FollowUp::Possible(source, record) => (source, record),
            FollowUp::NoSuchRun => return Ok(FollowUp::NoSuchRun),
            FollowUp::Refused(refusal) => return Ok(FollowUp::Refused(refusal)),
        };
        let forecast = match record.summary.kind {
            OperationKind::Preview => UndoForecast::default(),
            OperationKind::Sync | OperationKind::Undo | OperationKind::Removal => {
                self.engine().store.undo_forecast(run)?
            }
        };
        Ok(if forecast.is_empty() {
            FollowUp::Refused(FollowUpRefusal::NothingToUndo)
        } else {
            FollowUp::Possible(source, forecast)
        })
    }

    /// Starts an undo of this run, and pauses the schedule of its source.
    ///
    /// # Errors
    /// [`StoreError`] when the run cannot be read or the admission cannot be written.
    pub fn undo(&self, run: SyncId, requested_by: &str) -> Result<FollowUp<StartOutcome>, StoreError> {
        let options = StartOptions { undo_of: Some(run), ..StartOptions::default() };
        let request = Self::request_by_hand(OperationKind::Undo, options, requested_by);
        let cooldown = self.engine().timeouts.cooldown;
        let forecast_and_start = |is_checked: bool| {
            self.finished_run(run)?.try_and_then(|source, _| {
                // Read before the forecast, which a run that ends meanwhile makes wrong.
                let last = self.engine().store.last_ended_run(source.id)?;
                let condition = is_checked.then_some(StartCondition::LastEndedRun(last));
                self.forecast_undo(run)?.try_map(|source, _| self.start_if(source, &request, condition, cooldown))
            })
        };
        for _ in 0..MAX_UNDO_FORECASTS {
            let answer = forecast_and_start(true)?;
            if !matches!(answer, FollowUp::Possible(_, StartOutcome::Outdated)) {
                return Ok(answer);
            }
        }
        forecast_and_start(false)
    }

    /// Returns the removals that this run withheld, if they still wait for a decision or were kept.
    ///
    /// # Errors
    /// [`StoreError`] when the run or the list cannot be read.
    pub fn withheld_removals(&self, run: SyncId) -> Result<FollowUp<RemovalReview>, StoreError> {
        self.finished_run(run)?.try_and_then(|source, record| {
            Ok(match self.engine().store.review_of_run(run)? {
                Some(review) => FollowUp::Possible(source, review),
                None if record.review.is_some() || record.withheld_removals > 0 => {
                    FollowUp::Refused(FollowUpRefusal::ListOutdated)
                }
                None => FollowUp::Refused(FollowUpRefusal::NothingWithheld),
            })
        })
    }

    /// Starts the removal of what this run withheld. If it failed because the key column may have changed, a sync
    /// starts that applies additions and removals. `was_kept` is whether the items were kept when the person decided,
    /// if that is known; it is refused if someone has decided otherwise since.
    ///
    /// # Errors
    /// [`StoreError`] when the run cannot be read or the admission cannot be written.
    pub fn apply_removals(
        &self,
        run: SyncId,
        was_kept: Option<bool>,
        requested_by: &str,
    ) -> Result<FollowUp<(OperationKind, StartOutcome)>, StoreError> {
        self.withheld_removals(run)?.try_and_then(|source, review| {
            let is_kept = was_kept.unwrap_or(!review.is_open());
            let condition = StartCondition::Review { id: review.id, is_kept };
            let (kind, outcome) = self.start_removal(&source, &review, condition, requested_by)?;
            Ok(match outcome {
                StartOutcome::Outdated => FollowUp::Refused(FollowUpRefusal::ListOutdated),
                outcome => FollowUp::Possible(source, (kind, outcome)),
            })
        })
    }

    fn start_removal(
        &self,
        source: &Source,
        review: &RemovalReview,
        condition: StartCondition,
        requested_by: &str,
    ) -> Result<(OperationKind, StartOutcome), StoreError> {
        let options = match review.reason {
            ReviewReason::KeyChanged => {
                // The sync that failed a moment ago must not make this one wait.
                let options = StartOptions { accept_rekey: true, rekey_of: Some(review.id), ..StartOptions::default() };
                let request = Self::request_by_hand(OperationKind::Sync, options, requested_by);
                return Ok((request.kind, self.start_if(source, &request, Some(condition), Duration::ZERO)?));
            }
            ReviewReason::Withheld | ReviewReason::Doubt | ReviewReason::EmptySource => {
                StartOptions { removals_of: Some(review.id), ..StartOptions::default() }
            }
        };
        let request = Self::request_by_hand(OperationKind::Removal, options, requested_by);
        Ok((request.kind, self.start_if(source, &request, Some(condition), self.engine().timeouts.cooldown)?))
    }

    /// Keeps the items that this run withheld: nothing is asked until the list changes. Returns the review.
    ///
    /// # Errors
    /// [`StoreError`] when the run cannot be read or the decision cannot be written.
    pub fn keep_withheld(&self, run: SyncId, by: &str) -> Result<FollowUp<RemovalReview>, StoreError> {
        self.withheld_removals(run)?.try_and_then(|source, review| {
            if !review.reason.may_be_kept() {
                return Ok(FollowUp::Refused(FollowUpRefusal::CannotKeep));
            }
            Ok(match self.engine().store.keep_withheld_items(source.id, review.id, by)? {
                KeepOutcome::Kept => FollowUp::Possible(source, review),
                KeepOutcome::AlreadyRunning(active) => FollowUp::Refused(FollowUpRefusal::SourceBusy(active)),
                KeepOutcome::Outdated => FollowUp::Refused(FollowUpRefusal::ListOutdated),
            })
        })
    }

    /// Returns the preview of a source if its changes can be applied.
    ///
    /// # Errors
    /// [`StoreError`] when the run cannot be read.
    pub fn appliable_preview(&self, source: &Source, preview: SyncId) -> Result<FollowUp<SyncRecord>, StoreError> {
        self.finished_run(preview)?.try_and_then(|owner, record| {
            Ok(if owner.id != source.id {
                FollowUp::NoSuchRun
            } else if record.is_appliable_preview() {
                FollowUp::Possible(owner, record)
            } else {
                FollowUp::Refused(FollowUpRefusal::NothingToApply)
            })
        })
    }

    /// Pauses the schedule of a source until somebody resumes it. Returns whether it had one that was not paused.
    ///
    /// # Errors
    /// [`StoreError`] when the change cannot be written.
    pub fn pause_schedule(&self, source: &Source, requested_by: &str) -> Result<bool, StoreError> {
        let is_paused_now = self.engine().store.pause_schedule(source.id)?;
        if is_paused_now {
            log::info!("the schedule of the source {} was paused by {requested_by}", source.slug);
        }
        Ok(is_paused_now)
    }

    /// Resumes the schedule of a source: its next sync starts at the next scheduled time. Returns whether it was
    /// paused.
    ///
    /// # Errors
    /// [`StoreError`] when the change cannot be written.
    pub fn resume_schedule(&self, source: &Source) -> Result<bool, StoreError> {
        self.engine().store.resume_schedule(source.id)
    }

    fn request_by_hand(kind: OperationKind, options: StartOptions, requested_by: &str) -> StartRequest {
        StartRequest {
            kind,
            mode: Mode::Full,
            options,
            priority: RunPriority::Manual,
            requested_by: requested_by.to_owned(),
        }
    }

    /// Returns the record of a finished run with its source.
    fn finished_run(&self, run: SyncId) -> Result<FollowUp<SyncRecord>, StoreError> {
        let store = &self.engine().store;
        let record = match store.find_run(run)? {
            None => return Ok(FollowUp::NoSuchRun),
            Some(HistoryRun::Active(_)) => return Ok(FollowUp::Refused(FollowUpRefusal::StillActive)),
            Some(HistoryRun::Ended(record)) => record,
        };
        Ok(match store.source_by_id(record.source_id)? {
            Some(source) => FollowUp::Possible(Box::new(source), record),
            None => FollowUp::Refused(FollowUpRefusal::SourceRemoved),
        })
    }
}

impl<T> FollowUp<T> {
    /// Goes on with a request that is possible.
    fn try_map<U>(self, next: impl FnOnce(&Source, T) -> Result<U, StoreError>) -> Result<FollowUp<U>, StoreError> {
        self.try_and_then(|source, value| {
            let next = next(&source, value)?;
            Ok(FollowUp::Possible(source, next))
        })
    }

    /// Goes on with a request that is possible so far.
    fn try_and_then<U>(
        self,
        next: impl FnOnce(Box<Source>, T) -> Result<FollowUp<U>, StoreError>,
    ) -> Result<FollowUp<U>, StoreError> {
        match self {
            Self::Possible(source, value) => next(source, value),
            Self::NoSuchRun => Ok(FollowUp::NoSuchRun),
            Self::Refused(refusal) => Ok(FollowUp::Refused(refusal)),
        }
    }
}
