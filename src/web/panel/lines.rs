//! The entries of the lists of a finished run: issues and changes.

pub use crate::domain::change_set::ChangeKind;
use crate::domain::issue::IssueKind;
use crate::domain::run_text::issue_label;

/// An issue: a row or a feed that was skipped, or taken with a correction.
#[derive(Debug, Clone, Default)]
pub struct IssueLine {
    /// Its place: "Row 5, title", or the name of a feed.
    pub place: String,
    /// Whether it is about a whole feed.
    pub is_of_feed: bool,
    /// Whether the row was skipped. Otherwise it was taken with a correction.
    pub is_skipped: bool,
    /// The reason.
    pub reason: String,
}

impl IssueLine {
    /// The label beside its place: "skipped".
    pub fn label(&self) -> &'static str {
        issue_label(if self.is_skipped { IssueKind::Refused } else { IssueKind::Noted }, self.is_of_feed)
    }
}

/// A change of an item.
#[derive(Debug, Clone)]
pub struct ChangeLine {
    /// Its title, or else its key.
    pub key: String,
    /// What kind of change it is.
    pub kind: ChangeKind,
    /// The fields that differ; empty for added and removed items.
    pub fields: Vec<FieldChange>,
}

/// Labels of a kind of change.
pub trait ChangeLabels {
    /// The label beside the item: "added".
    fn label(self) -> &'static str;
    /// The name of its icon.
    fn icon(self) -> &'static str;
}

impl ChangeLabels for ChangeKind {
    fn label(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Updated => "changed",
            Self::Removed => "removed",
        }
    }

    fn icon(self) -> &'static str {
        match self {
            Self::Added => "plus",
            Self::Updated => "pencil",
            Self::Removed => "minus",
        }
    }
}

/// A field with a changed value.
#[derive(Debug, Clone)]
pub struct FieldChange {
    /// The column.
    pub name: String,
    /// The value before; `None` if the column is new.
    pub old: Option<String>,
    /// The value after; `None` if the column was removed.
    pub new: Option<String>,
}
