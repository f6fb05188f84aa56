//! The message of a sync that completed, and the state of the catalog after it.

use super::kept_items::{KeptReason, kept_items_message};
use super::withheld_items::removals_label;
use super::{append_left_out, format_count, has_left_out, left_out_message, outcome_label};
use crate::domain::operation::Status;
use crate::domain::progress::RunStats;
use crate::domain::source::Noun;
use crate::domain::text::counts::group_digits;

/// The result of a completed run, for [`completed_message`].
#[derive(Clone, Copy, Debug)]
pub struct RunResult<'a> {
    /// The name of the items.
    pub noun: &'a Noun,
    /// The counts.
    pub stats: RunStats,
    /// The number of items that are kept although they are no longer in the source.
    pub withheld: u64,
    /// Why these items are kept.
    pub kept_reason: &'a KeptReason,
    /// Whether only the newest entries of the source were fetched.
    pub newest_only: bool,
}

/// The state of a catalog whose latest run completed: "Up to date", or what needs attention.
#[must_use]
pub fn catalog_state_label(stats: &RunStats, withheld: u64) -> String {
    if withheld > 0 {
        append_left_out(removals_label(withheld), stats)
    } else if has_left_out(stats) {
        outcome_label(Status::Completed, stats)
    } else {
        "Up to date".to_owned()
    }
}

/// The message of a sync that completed. `columns` describes changed columns: sentences that begin with a space.
#[must_use]
pub fn completed_message(result: &RunResult<'_>, columns: &str) -> String {
    let RunResult { noun, stats, withheld, kept_reason, newest_only } = *result;
    let RunStats { added, updated, removed, unchanged, .. } = stats;
    let mut message = match added + updated + removed {
        0 if withheld > 0 => "Nothing was written.".to_owned(),
        0 if newest_only => format!("No new {}.", noun.many),
        0 if stats.rejected > 0 => "No changes.".to_owned(),
        0 => format!("No changes: {}.", format_count(noun, unchanged)),
        _ => {
            let [added, updated, removed] = [added, updated, removed].map(group_digits);
            format!("{added} added, {updated} updated, {removed} removed.")
        }
    };
    if withheld > 0 {
        message.push(' ');
        message.push_str(&kept_items_message(noun, withheld, kept_reason));
    }
    message + &left_out_message(&stats) + columns
}
