//! Lists the removals that a sync withholds, so that an admin can decide about them.

use super::comparison::StoredItems;
use super::context::RunContext;
use super::finish::list_removals;
use super::key_index::KeyIndex;
use super::run_stop::RunStop;
use super::survey::source_survey::SourceSurvey;
use crate::domain::changes_digest::keys_digest;
use crate::domain::guards::{ChangeTally, GuardVerdict};
use crate::domain::removal_review::{RemovalReview, ReviewReason, WithheldRemovals};
use crate::domain::run_text::kept_items::KeptReason;
use crate::domain::sync_id::SyncId;
use crate::fetch::FetchedContent;
use crate::store::reviews::ReviewChange;

/// How many keys of a list are read at a time.
const KEYS_PER_READ: i64 = 10_000;

/// Returns what the guards allow. Content that is only the newest part of its source may be empty.
///
/// # Errors
/// [`RunStop`] when the list of withheld removals cannot be read, or the run has to end.
pub(in crate::sync) fn guard_verdict(
    context: &RunContext<'_>,
    survey: &SourceSurvey<'_>,
    content: &dyn FetchedContent,
    index: &KeyIndex,
) -> Result<GuardVerdict, RunStop> {
    if !content.is_complete() {
        return Ok(GuardVerdict::Apply);
    }
    let tally = survey.tally;
    let review = if tally.removals > 0 {
        context.retry_while_unavailable(|| context.store().find_review(context.source.id))?
    } else {
        None
    };
    let accept_rekey = is_rekey_accepted(context, review.as_ref(), tally, index)?;
    let list = review.and_then(|review| match review.kept_before {
        Some((kept, _)) => Some((kept, true)),
        None => review.reason.may_be_kept().then_some((review.id, !review.is_open())),
    });
    let Some((list, is_kept)) = list else { return Ok(tally.decide_verdict(accept_rekey)) };
    let listed_missing = list_missing(context, list, index)?.len() as u64;
    Ok(tally.decide_with_list(accept_rekey, listed_missing, is_kept))
}

/// Returns whether removals and additions of more than half of the catalog were accepted: these, if a person saw a
/// list, or any.
fn is_rekey_accepted(
    context: &RunContext<'_>,
    review: Option<&RemovalReview>,
    tally: ChangeTally,
    index: &KeyIndex,
) -> Result<bool, RunStop> {
    let options = context.operation.options;
    let Some(seen) = options.rekey_of.filter(|_| options.accept_rekey) else { return Ok(options.accept_rekey) };
    let Some(review) = review.filter(|review| review.id == seen) else { return Ok(false) };
    Ok(tally.additions <= review.additions && keys_digest(&list_removals(context, index)?) == review.digest)
}

/// Returns the keys of a list whose items are in the catalog and still missing in the source.
///
/// # Errors
/// [`RunStop`] when the list cannot be read, or the run has to end.
pub(in crate::sync) fn list_missing(
    context: &RunContext<'_>,
    list: SyncId,
    index: &KeyIndex,
) -> Result<Vec<String>, RunStop> {
    let mut missing = Vec::new();
    let mut after = String::new();
    loop {
        context.check_stop()?;
        let keys = context.retry_while_unavailable(|| context.store().withheld_keys(list, &after, KEYS_PER_READ))?;
        let Some(last) = keys.last() else { return Ok(missing) };
        after.clone_from(last);
        missing.extend(keys.into_iter().filter(|key| index.has_left(key)));
    }
}

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
        GuardVerdict::WithholdRemovals | GuardVerdict::WithholdKept => (ReviewReason::Withheld, 0),
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

/// Returns why the items of a list stay in the catalog: an admin decided to keep the same items before, or else
/// `by_verdict`.
///
/// # Errors
/// [`RunStop`] when the decision cannot be read, or the run has to end.
pub(in crate::sync) fn kept_reason(
    context: &RunContext<'_>,
    review: &ReviewChange,
    by_verdict: KeptReason,
) -> Result<KeptReason, RunStop> {
    let ReviewChange::Withheld(withheld) = review else { return Ok(by_verdict) };
    let current = context.retry_while_unavailable(|| context.engine.store.find_review(context.source.id))?;
    let is_decided = current.is_some_and(|current| current.is_decided_for(withheld));
    Ok(if is_decided { KeptReason::Decided } else { by_verdict })
}
