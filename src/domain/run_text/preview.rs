//! The message of a preview: the forecast of a sync.

use super::{would_keep_message, would_leave_out_message};
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
            let kept = would_keep_message(noun, missing, verdict == GuardVerdict::WithholdInDoubt);
            format!("A sync would add {added}, update {updated} and {kept}")
        }
        GuardVerdict::EmptySource | GuardVerdict::KeyChanged => refusal.to_owned(),
    };
    format!("{forecast}{} Nothing was written.{columns}", would_leave_out_message(stats))
}
