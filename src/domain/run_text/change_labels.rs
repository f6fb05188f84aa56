//! The labels of changes: what a run did, or what a sync would do after a preview.

use crate::domain::change_set::ChangeKind;
use crate::domain::operation::OperationKind;

/// A kind of change, beside an item or a count: "added". A preview changed nothing, so there it is "to add".
#[must_use]
pub const fn change_label(kind: ChangeKind, run: OperationKind) -> &'static str {
    match (kind, run) {
        (ChangeKind::Added, OperationKind::Preview) => "to add",
        (ChangeKind::Updated, OperationKind::Preview) => "to update",
        (ChangeKind::Removed, OperationKind::Preview) => "to remove",
        (ChangeKind::Added, _) => "added",
        (ChangeKind::Updated, _) => "updated",
        (ChangeKind::Removed, _) => "removed",
    }
}

/// The labels of the changes of a run and of their counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ChangeLabels {
    /// The label of added items: "added".
    pub added: &'static str,
    /// The label of updated items.
    pub updated: &'static str,
    /// The label of removed items.
    pub removed: &'static str,
    /// The accessible name of the counts.
    pub counts_title: &'static str,
    /// The heading of the list of changes.
    pub changes_title: &'static str,
}

/// The labels of a run of this kind, as in [`change_label`].
#[must_use]
pub const fn change_labels(run: OperationKind) -> ChangeLabels {
    let is_preview = matches!(run, OperationKind::Preview);
    ChangeLabels {
        added: change_label(ChangeKind::Added, run),
        updated: change_label(ChangeKind::Updated, run),
        removed: change_label(ChangeKind::Removed, run),
        counts_title: if is_preview { "What a sync would do" } else { "Counts" },
        changes_title: if is_preview { "Changes in this preview" } else { "Changes" },
    }
}
