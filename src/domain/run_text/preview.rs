//! The message of a preview: the forecast of a sync.

use super::kept_items::{KeptReason, would_keep_message};
use super::{format_plural, would_leave_out_message};
use crate::domain::progress::RunStats;
use crate::domain::source::Noun;
use crate::domain::text::counts::group_digits;

/// What a sync would do with the items of the catalog that are not in the source.
#[derive(Clone, Debug)]
pub enum PreviewOutcome {
    /// It would remove them.
    Remove,
    /// It would keep them.
    Keep(KeptReason),
    /// It would fail and write nothing. The forecast of its failure.
    Fail(String),
}

/// The message of a preview.
///
/// `stats` are the changes that a sync would make, and `missing` is the number of items of the catalog that are not in
/// the source. `columns` describes changed columns: sentences that begin with a space.
#[must_use]
pub fn preview_message(noun: &Noun, stats: &RunStats, missing: u64, outcome: &PreviewOutcome, columns: &str) -> String {
    let (added, updated) = (group_digits(stats.added), group_digits(stats.updated));
    let forecast = match outcome {
        PreviewOutcome::Remove => {
            format!("A sync would add {added}, update {updated} and remove {}.", group_digits(missing))
        }
        PreviewOutcome::Keep(reason) => {
            let kept = would_keep_message(noun, missing, reason);
            format!("A sync would add {added}, update {updated} and {kept}")
        }
        PreviewOutcome::Fail(failure) => failure.clone(),
    };
    format!("{forecast}{} Nothing was written.{columns}", would_leave_out_message(stats))
}

/// The code of a sync that should apply a preview whose changes would differ now.
pub const PREVIEW_OUTDATED_CODE: &str = "preview_outdated";

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

/// What applying a preview will do: "Adds 3, updates 38, removes 2 products."
#[must_use]
pub fn apply_message(noun: &Noun, stats: &RunStats) -> String {
    let parts = [("adds", stats.added), ("updates", stats.updated), ("removes", stats.removed)];
    let parts: Vec<_> = parts.into_iter().filter(|(_, number)| *number > 0).collect();
    let Some(((_, last), _)) = parts.split_last() else { return NOTHING_TO_APPLY.to_owned() };
    let text: Vec<String> = parts.iter().map(|(verb, number)| format!("{verb} {}", group_digits(*number))).collect();
    let text = text.join(", ");
    format!("{}{} {}.", text[..1].to_uppercase(), &text[1..], noun.for_count(*last))
}

/// What follows if a preview is applied.
pub const APPLY_NOTICE: &str = "Applies exactly these changes. If the source or the catalog has changed since, nothing is written and a new preview \
     starts.";

/// The message while a new preview replaces one that was outdated when it was applied.
pub const PREVIEWING_AGAIN: &str = "The source or the catalog changed since the preview. Previewing again…";

/// The beginning of the message of that new preview.
pub const SOURCE_CHANGED: &str = "The source or the catalog changed since the preview.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn applying_a_preview_says_what_it_will_do() {
        let noun = Noun { one: "album".to_owned(), many: "albums".to_owned() };
        let message = |added, updated, removed| {
            apply_message(&noun, &RunStats { added, updated, removed, ..RunStats::default() })
        };
        assert_eq!(message(3, 38, 2), "Adds 3, updates 38, removes 2 albums.");
        assert_eq!(message(0, 0, 1), "Removes 1 album.");
        assert_eq!(apply_label(1), "Apply 1 change");
    }
}
