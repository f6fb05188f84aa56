//! The message of a preview: the forecast of a sync.

use super::withheld_items::{KeptReason, would_keep_message};
use super::{format_plural, would_leave_out_message};
use crate::domain::guards::GuardVerdict;
use crate::domain::progress::RunStats;
use crate::domain::source::Noun;
use crate::domain::text::counts::group_digits;

/// The message of a preview.
///
/// `stats` are the changes that a sync would make, and `missing` is the number of items of the catalog that are not in
/// the source. `refusal` is the forecast for a sync that the guards refuse. `columns` describes changed columns:
/// sentences that begin with a space.
#[must_use]
pub fn preview_message(
    noun: &Noun,
    stats: &RunStats,
    missing: u64,
    verdict: GuardVerdict,
    refusal: &str,
    columns: &str,
) -> String {
    let (added, updated) = (group_digits(stats.added), group_digits(stats.updated));
    let forecast = match verdict {
        GuardVerdict::Apply => {
            format!("A sync would add {added}, update {updated} and remove {}.", group_digits(missing))
        }
        GuardVerdict::WithholdRemovals | GuardVerdict::WithholdInDoubt => {
            let kept = would_keep_message(noun, missing, KeptReason::of_verdict(verdict));
            format!("A sync would add {added}, update {updated} and {kept}")
        }
        GuardVerdict::EmptySource | GuardVerdict::KeyChanged => refusal.to_owned(),
    };
    format!("{forecast}{} Nothing was written.{columns}", would_leave_out_message(stats))
}

/// The failure of a sync that should apply a preview whose changes would differ now.
pub const PREVIEW_OUTDATED: &str = "The changes differ from the preview: the source or the catalog changed since. Nothing was changed. A new preview \
     was started.";

/// The response to a request to apply a preview that would change nothing, or whose sync would fail.
pub const NOTHING_TO_APPLY: &str = "This preview has no changes that can be applied. Preview again.";

/// The button that applies a preview: "Apply 43 changes".
#[must_use]
pub fn apply_label(changes: u64) -> String {
    format!("Apply {}", format_plural(changes, "change", "changes"))
}
