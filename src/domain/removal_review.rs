//! Removals that wait for a decision: a sync withheld them, or failed because of them.

use chrono::{DateTime, Utc};

use super::source::SourceId;
use super::sync_id::SyncId;
use super::text::string_enum::string_enum;

string_enum! {
    /// Why removals were withheld.
    ReviewReason {
        /// They are more than half of the catalog.
        Withheld = "withheld",
        /// Rows or keys of the source may have been misread.
        Doubt = "doubt",
        /// The source has no row that can be imported; the sync failed.
        EmptySource = "empty_source",
        /// Additions and removals both exceed half of the catalog; the sync failed.
        KeyChanged = "key_changed",
    }
}

impl ReviewReason {
    /// Returns whether the items can be kept for good: a sync that withholds them completes. An emptied source and a
    /// changed key fail every sync until the source is fixed.
    #[must_use]
    pub const fn may_be_kept(self) -> bool {
        matches!(self, Self::Withheld | Self::Doubt)
    }
}

/// A list of removals that waits for a decision. Each source has at most one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RemovalReview {
    /// Its id: the run that stored the list. Later runs that withhold the same list refer to it.
    pub id: SyncId,
    /// The id of the source.
    pub source_id: SourceId,
    /// Why the removals were withheld.
    pub reason: ReviewReason,
    /// The digest of the listed keys.
    pub digest: String,
    /// The number of listed items.
    pub item_count: u64,
    /// The number of items that the same sync would have added; 0 if it did add them.
    pub additions: u64,
    /// When and by whom the items were kept: then nothing is asked until the list changes.
    pub kept: Option<(DateTime<Utc>, String)>,
    /// The id and the digest of the list that an admin decided to keep before this list of a source that fails took its
    /// place.
    pub kept_before: Option<(SyncId, String)>,
}

impl RemovalReview {
    /// Returns whether the review lists the same items, so that a decision about them still holds.
    #[must_use]
    pub fn lists(&self, withheld: &WithheldRemovals) -> bool {
        let is_same_reason =
            self.reason == withheld.reason || (self.reason.may_be_kept() && withheld.reason.may_be_kept());
        is_same_reason && self.digest == withheld.digest
    }

    /// Returns whether an admin decided to keep just these items, now or before the source failed.
    #[must_use]
    pub fn is_decided_for(&self, withheld: &WithheldRemovals) -> bool {
        let is_same_before = self.kept_before.as_ref().is_some_and(|(_, digest)| *digest == withheld.digest);
        !self.is_open() && self.lists(withheld) || withheld.reason.may_be_kept() && is_same_before
    }

    /// Returns whether a decision is wanted.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.kept.is_none()
    }
}

/// The removals that a run withheld.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WithheldRemovals {
    /// Why they were withheld.
    pub reason: ReviewReason,
    /// The keys of the items.
    pub keys: Vec<String>,
    /// The digest of the keys.
    pub digest: String,
    /// The number of items that the run would have added; 0 if it did add them.
    pub additions: u64,
}
