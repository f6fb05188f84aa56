//! The lists under a finished run: rows that were refused or mended, and items that changed.

pub use crate::domain::change_set::ChangeKind;
use crate::domain::issue::IssueKind;
use crate::domain::run_text::issue_label;

/// A row that could not be taken as it was.
#[derive(Debug, Clone, Default)]
pub struct IssueLine {
    /// Where it is: "Row 5, title", or the name of a feed.
    pub place: String,
    /// Whether a feed as a whole is meant.
    pub is_of_feed: bool,
    /// True: the row was not taken. False: it was taken, and something in it was mended.
    pub refused: bool,
    /// Why.
    pub reason: String,
}

impl IssueLine {
    /// The word beside its place: "skipped".
    pub fn label(&self) -> &'static str {
        issue_label(if self.refused { IssueKind::Refused } else { IssueKind::Noted }, self.is_of_feed)
    }
}

/// An item that changed.
#[derive(Debug, Clone)]
pub struct ChangeLine {
    /// Its key, or a name readers know it by.
    pub key: String,
    /// What happened to it.
    pub kind: ChangeKind,
    /// The fields that differ; empty for added and removed items.
    pub fields: Vec<FieldChange>,
}

/// What happened to an item, as readers see it.
pub trait ChangeWords {
    /// The word beside the item's name.
    fn word(self) -> &'static str;
    /// The name of its icon.
    fn icon(self) -> &'static str;
}

impl ChangeWords for ChangeKind {
    fn word(self) -> &'static str {
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

/// A field that differs.
#[derive(Debug, Clone)]
pub struct FieldChange {
    /// The column.
    pub name: String,
    /// What it held; none when the column is new.
    pub old: Option<String>,
    /// What it holds; none when the column is gone.
    pub new: Option<String>,
}
