//! The ways a run can end, and what each leaves behind.

use std::time::Duration;

use super::signal::Reason;
use crate::domain::change_set::Change;
use crate::domain::feed::Feed;
use crate::domain::feed_counts::FeedCounts;
use crate::domain::guards::{Tally, Verdict};
use crate::domain::in_words;
use crate::domain::issue::Issues;
use crate::domain::operation::{OperationKind, Status};
use crate::domain::progress::Stats;
use crate::domain::source::Source;
use crate::fetch::FetchError;
use crate::store::StoreError;
use crate::store::finish::{Applied, Ending, Requeue};
use crate::store::recovery::interrupted;

/// Why a run did not come to its end.
#[derive(Debug)]
pub(super) enum Stopped {
    /// It was ended early.
    Early(Reason),
    /// Something went wrong: a word, and a sentence for people.
    Failed {
        /// The word.
        code: &'static str,
        /// The sentence.
        message: String,
    },
    /// The database failed it.
    Database(StoreError),
}

impl From<StoreError> for Stopped {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Fenced => Self::Early(Reason::LeaseLost),
            other => Self::Database(other),
        }
    }
}

impl From<FetchError> for Stopped {
    fn from(error: FetchError) -> Self {
        match error {
            // Who asked for it is known to the signal; the caller asks there.
            FetchError::Stopped => Self::Early(Reason::Cancelled),
            FetchError::Failed { code, message } => Self::Failed { code, message },
        }
    }
}

/// What a run found and did, whichever way it ends.
#[derive(Default)]
pub(super) struct Findings {
    pub(super) stats: Stats,
    pub(super) issues: Issues,
    pub(super) changes: Vec<Change>,
    pub(super) feeds: Option<Vec<Feed>>,
    /// How the feeds fare that the source is made of, if it is.
    pub(super) fared: Option<FeedCounts>,
    /// Whether the content was only the newest part of the source.
    pub(super) newest_only: bool,
    /// What became of the columns, at the end of a message; empty when they stayed.
    pub(super) columns: String,
}

/// How long a run could take, and how much of that the database kept it waiting.
#[derive(Clone, Copy)]
pub(super) struct Limit {
    pub(super) sync: Duration,
    pub(super) lost: Duration,
}

impl Limit {
    fn words(self) -> String {
        let limit = in_words::limit(self.sync);
        if self.is_lost() {
            format!(
                "{limit}, {} of them without an answer of the database,",
                in_words::limit(Duration::from_secs(self.lost.as_secs().max(1)))
            )
        } else {
            limit
        }
    }

    fn advice(self) -> &'static str {
        if self.is_lost() {
            "See how the database is (`lockstep doctor`), then sync again."
        } else {
            "If the source is large, raise LOCKSTEP_SYNC_TIMEOUT."
        }
    }

    /// Whether the run would have had far more time otherwise.
    fn is_lost(self) -> bool {
        self.lost > self.sync / 4
    }
}

impl Findings {
    fn ending(self, status: Status, message: String) -> Ending {
        let Self { stats, issues, changes, feeds, .. } = self;
        Ending { stats: Some(stats), issues, changes, feeds, ..Ending::new(status, message) }
    }

    /// How many feeds could not be read, as the end of a message; empty where all could.
    fn unread(&self) -> String {
        match self.fared {
            Some(FeedCounts { failing: 1.., total: 1, .. }) => " The feed could not be read.".to_owned(),
            Some(FeedCounts { failing: failing @ 1.., total, .. }) => {
                format!(" {failing} of {total} feeds could not be read.")
            }
            _ => String::new(),
        }
    }

    /// Everything was applied, but for removals that wait for a person's word.
    pub(super) fn completed(self, source: &Source, applied: Applied, withheld: u64) -> Ending {
        let removed = u64::try_from(applied.removals.len()).unwrap_or(u64::MAX);
        let Stats { added, updated, .. } = self.stats;
        let held = count(source, self.stats.unchanged);
        let mut message = match added + updated + removed {
            0 if withheld > 0 => "Nothing was written.".to_owned(),
            0 if self.newest_only => format!("No new {}.", source.noun.many),
            0 if self.stats.rejected > 0 => format!("Nothing changed: the catalog holds what could be taken, {held}."),
            0 => format!("Nothing changed: the catalog holds what the source holds, {held}."),
            _ => format!("{added} added, {updated} updated, {removed} removed."),
        };
        if withheld > 0 {
            message.push_str(&format!(
                " {} no longer in the source {} kept: that is more than half of the catalog.",
                count(source, withheld),
                if withheld == 1 { "was" } else { "were" },
            ));
        }
        message.push_str(&self.unread());
        message.push_str(&self.columns);
        Ending { withheld_removals: withheld, applied: Some(applied), ..self.ending(Status::Completed, message) }
    }

    /// The source has nothing new.
    pub(super) fn unchanged(self, source: &Source, applied: Applied) -> Ending {
        let unread = self.unread();
        let message = if unread.is_empty() {
            format!("Nothing new since the last sync: {}.", count(source, self.stats.unchanged))
        } else {
            format!("No new {}.{unread}", source.noun.many)
        };
        Ending { applied: Some(applied), ..self.ending(Status::Completed, message) }
    }

    /// What a sync would do, or why it would be refused. Nothing was written.
    pub(super) fn previewed(mut self, source: &Source, tally: Tally, verdict: Verdict) -> Ending {
        let Stats { added, updated, .. } = self.stats;
        let Tally { removals, .. } = tally;
        let unread = self.unread();
        let (removed, withheld, mut message) = match verdict {
            Verdict::Apply => {
                let message = format!(
                    "A sync would add {added}, update {updated} and remove {removals}.{unread} Nothing was written."
                );
                (removals, 0, message)
            }
            Verdict::WithholdRemovals => {
                let kept = count(source, removals);
                let message = format!(
                    "A sync would add {added}, update {updated} and keep {kept} no longer in the source: that is more \
                     than half of the catalog. Nothing was written."
                );
                (0, removals, message)
            }
            Verdict::EmptySource => {
                (0, 0, "A sync would be refused: the source has no rows to take. Nothing was written.".to_owned())
            }
            Verdict::KeyChanged => {
                let message = format!(
                    "A sync would be refused, as the key column may have changed: {added} would come and {removals} would \
                     go. Nothing was written."
                );
                (removals, 0, message)
            }
        };
        self.stats.removed = removed;
        message.push_str(&self.columns);
        Ending { withheld_removals: withheld, ..self.ending(Status::Completed, message) }
    }

    /// It failed.
    pub(super) fn failed(self, code: &str, sentence: &str) -> Ending {
        Ending {
            error: Some((code.to_owned(), sentence.to_owned())),
            ..self.ending(Status::Failed, sentence.to_owned())
        }
    }

    /// It was ended early, at that percent. `None` when the run belongs to somebody else now: then there is nothing to end.
    pub(super) fn ended_early(self, reason: Reason, percent: u8, kind: OperationKind, limit: Limit) -> Option<Ending> {
        let kept = match kind {
            OperationKind::Preview => "Nothing was written.",
            _ => "What was written until then is kept; the next sync does the rest.",
        };
        Some(match reason {
            Reason::LeaseLost => return None,
            Reason::Cancelled => self.ending(Status::Cancelled, format!("Cancelled at {percent} %. {kept}")),
            Reason::TimedOut => self.failed(
                "timeout",
                &format!(
                    "The sync took longer than {} and was ended at {percent} %. {kept} {}",
                    limit.words(),
                    limit.advice()
                ),
            ),
            Reason::Stopping => {
                // An undo is never begun twice by itself.
                let again = kind != OperationKind::Undo;
                let next = if again { "Starting again; nothing is lost." } else { kept };
                let message = format!("The server restarted at {percent} %. {next}");
                let requeue = if again { Requeue::SameAttempt } else { Requeue::No };
                Ending { requeue, error: Some(interrupted()), ..self.ending(Status::Interrupted, message) }
            }
        })
    }
}

/// `1 album`, `47 albums`.
pub(super) fn count(source: &Source, number: u64) -> String {
    format!("{number} {}", source.noun.of(number))
}
