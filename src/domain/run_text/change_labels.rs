//! The labels of changes: what a run did, or what a sync would do after a preview.

use super::format_plural;
use crate::domain::change_set::ChangeKind;
use crate::domain::operation::OperationKind;
use crate::domain::progress::RunStats;
use crate::domain::text::counts::group_digits;

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

/// What a run changed, in a few words: "12 added, 3 updated"; "no changes".
#[must_use]
pub fn changes_label(run: OperationKind, stats: &RunStats) -> String {
    let counts =
        [(stats.added, ChangeKind::Added), (stats.updated, ChangeKind::Updated), (stats.removed, ChangeKind::Removed)];
    let counts = counts.iter().filter(|(count, _)| *count > 0);
    let parts: Vec<_> = counts.map(|(n, kind)| format!("{} {}", group_digits(*n), change_label(*kind, run))).collect();
    if parts.is_empty() { "no changes".to_owned() } else { parts.join(", ") }
}

/// The link to the listed changes as a file of this format: "Download CSV". `kept` is set if the run kept only that
/// many of its changes, the first ones.
#[must_use]
pub fn changes_download_label(format: &str, kept: Option<u64>, is_searching: bool) -> String {
    match kept.map(group_digits) {
        None => format!("Download {format}"),
        Some(kept) if is_searching => format!("Download what was found in the first {kept} changes as {format}"),
        Some(kept) => format!("Download the first {kept} changes as {format}"),
    }
}

/// How many changes a search found: "3 changes found for “blue”". `kept` is as in [`changes_download_label`].
#[must_use]
pub fn found_changes_label(found: u64, search: &str, kept: Option<u64>) -> String {
    let part = kept.map(|kept| format!(" in the first {}", group_digits(kept))).unwrap_or_default();
    format!("{} found for “{search}”{part}", format_plural(found, "change", "changes"))
}

/// The notice of a page that was asked for changes of a kind that a run of this kind made none of.
#[must_use]
pub fn no_such_changes_notice(kind: ChangeKind, run: OperationKind) -> String {
    format!("There are no changes “{}”, so all are shown.", change_label(kind, run))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_the_changes_is_named_as_such() {
        assert_eq!(changes_download_label("CSV", None, true), "Download CSV");
        assert_eq!(changes_download_label("CSV", Some(10_000), false), "Download the first 10,000 changes as CSV");
        assert_eq!(found_changes_label(1, "blue", None), "1 change found for “blue”");
        assert_eq!(found_changes_label(3, "blue", Some(10_000)), "3 changes found for “blue” in the first 10,000");
        let notice = no_such_changes_notice(ChangeKind::Removed, OperationKind::Preview);
        assert_eq!(notice, "There are no changes “to remove”, so all are shown.");
    }
}
