//! The list of removals that waits for a decision, in the model.

use lockstep::domain::removal_review::ReviewReason;

/// The removals that wait for a decision.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct ModelReview {
    pub(super) blocks: Vec<usize>,
    pub(super) reason: ReviewReason,
    pub(super) is_kept: bool,
    /// The blocks that were kept before the list of a failed sync took their place.
    kept_before: Option<Vec<usize>>,
    /// The number of blocks that the same sync would have added.
    additions: usize,
}

impl ModelReview {
    /// The list after a sync that withheld these blocks, or failed because of them.
    pub(super) fn after(before: Option<Self>, blocks: Vec<usize>, reason: ReviewReason, additions: usize) -> Self {
        let is_same = before.as_ref().is_some_and(|list| (&list.blocks, list.reason) == (&blocks, reason));
        let (was_kept, kept_before) = match before {
            Some(list) if list.is_kept => (is_same, Some(list.blocks)),
            Some(list) => (false, list.kept_before),
            None => (false, None),
        };
        let is_withheld = reason == ReviewReason::Withheld;
        // What was kept stays kept, also when syncs failed in between.
        let is_kept = was_kept || is_withheld && kept_before.as_ref() == Some(&blocks);
        Self { blocks, reason, is_kept, kept_before: kept_before.filter(|_| !is_withheld), additions }
    }

    /// The blocks that say nothing about the key column while they are missing, and whether they are kept.
    pub(super) fn known_list(&self) -> (&[usize], bool) {
        match &self.kept_before {
            Some(kept) => (kept, true),
            None if self.reason == ReviewReason::Withheld => (&self.blocks, self.is_kept),
            None => (&[], false),
        }
    }

    /// Whether a person who accepted changed keys saw that these blocks would be removed, and so many added.
    pub(super) fn is_confirmed(&self, missing: &[usize], additions: usize) -> bool {
        self.blocks == missing && additions <= self.additions
    }
}
