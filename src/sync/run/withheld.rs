//! Lists the removals that a sync withholds, so that an admin can decide about them.

use super::context::RunContext;
use super::finish::list_removals;
use super::key_index::KeyIndex;
use super::run_stop::RunStop;
use crate::domain::changes_digest::keys_digest;
use crate::domain::guards::{ChangeTally, GuardVerdict};
use crate::domain::removal_review::{ReviewReason, WithheldRemovals};
use crate::domain::run_text::withheld_items::KeptReason;
use crate::store::reviews::ReviewChange;

/// Returns what becomes of the removals that wait for a decision: none are left if the guards let the sync apply
/// everything; otherwise the items that are not in the source are listed.
///
/// # Errors
/// [`RunStop`] when the stored items cannot be read, or the run has to end.
pub(in crate::sync) fn review_removals(
    context: &RunContext<'_>,
    index: &KeyIndex,
    tally: ChangeTally,
    verdict: GuardVerdict,
) -> Result<ReviewChange, RunStop> {
    let (reason, additions) = match verdict {
        GuardVerdict::Apply => return Ok(ReviewChange::Resolved),
        GuardVerdict::WithholdRemovals => (ReviewReason::Withheld, 0),
        GuardVerdict::WithholdInDoubt => (ReviewReason::Doubt, 0),
        GuardVerdict::EmptySource => (ReviewReason::EmptySource, 0),
        GuardVerdict::KeyChanged => (ReviewReason::KeyChanged, tally.additions),
    };
    let keys = list_removals(context, index)?;
    if keys.is_empty() {
        return Ok(ReviewChange::Resolved);
    }
    let digest = keys_digest(&keys);
    Ok(ReviewChange::Withheld(WithheldRemovals { reason, keys, digest, additions }))
}

/// Returns why the items of a list stay in the catalog. An admin may have decided to keep the same items before.
///
/// # Errors
/// [`RunStop`] when the decision cannot be read, or the run has to end.
pub(in crate::sync) fn kept_reason(
    context: &RunContext<'_>,
    review: &ReviewChange,
    verdict: GuardVerdict,
) -> Result<KeptReason, RunStop> {
    let by_verdict = KeptReason::of_verdict(verdict);
    let ReviewChange::Withheld(withheld) = review else { return Ok(by_verdict) };
    let current = context.retry_while_unavailable(|| context.engine.store.find_review(context.source.id))?;
    let is_decided = current.is_some_and(|current| !current.is_open() && current.lists(withheld));
    Ok(if is_decided { KeptReason::Decided } else { by_verdict })
}
