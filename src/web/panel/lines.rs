//! The entries of the lists of a finished run: issues and changes.

use crate::domain::change_set::Change;
pub(in crate::web) use crate::domain::change_set::ChangeKind;
use crate::domain::field_changes::FieldChange;
use crate::domain::issue::{Issue, IssueKind};
use crate::domain::operation::OperationKind;
use crate::domain::run_text::change_labels::change_label;
use crate::domain::run_text::issue_label;
use crate::domain::text::counts::group_digits;
use crate::web::http::form::clip_text;
use crate::web::layout::item_title::change_title;

/// The most characters of a value in a list.
const MAX_VALUE_CHARS: usize = 200;

/// An issue: a row or a feed that was skipped, or taken with a correction.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct IssueLine {
    /// Its place: "Row 5, title", or the name of a feed.
    pub place: String,
    /// The link to its cell, if the source shows its cells on web pages.
    pub href: Option<String>,
    /// Whether it is about a whole feed.
    pub is_of_feed: bool,
    /// Whether the row was skipped. Otherwise it was taken with a correction.
    pub is_skipped: bool,
    /// The reason.
    pub reason: String,
}

impl IssueLine {
    /// An issue as a list shows it; `href` is the link to its cell. An issue of feeds names the feed; an issue of a
    /// table names the column.
    pub(in crate::web) fn new(issue: Issue, is_of_feeds: bool, href: Option<String>) -> Self {
        let is_of_feed = is_of_feeds && issue.row.is_none();
        let place = match (issue.row, issue.column) {
            (None, Some(feed)) if is_of_feeds => clip_text(&feed, MAX_VALUE_CHARS),
            (None, None) if is_of_feeds => "All feeds".to_owned(),
            (row, column) => {
                let row = row.map_or("All rows".to_owned(), |row| format!("Row {}", group_digits(row)));
                column.map_or(row.clone(), |column| format!("{row}, {column}"))
            }
        };
        Self {
            place,
            href,
            is_of_feed,
            is_skipped: issue.kind == IssueKind::Refused,
            reason: clip_text(&issue.reason, 2 * MAX_VALUE_CHARS),
        }
    }

    /// The label beside its place: "skipped".
    pub(in crate::web) fn label(&self) -> &'static str {
        issue_label(if self.is_skipped { IssueKind::Refused } else { IssueKind::Noted }, self.is_of_feed)
    }
}

/// A change of an item.
#[derive(Debug, Clone)]
pub(in crate::web) struct ChangeLine {
    /// Its title, or else its key.
    pub key: String,
    /// What kind of change it is.
    pub kind: ChangeKind,
    /// The label beside it: "added", or "to add" in a preview.
    pub label: &'static str,
    /// The fields that differ; empty for added and removed items.
    pub fields: Vec<FieldLine>,
}

impl ChangeLine {
    /// A change by a run of this kind, with the fields that differ. Fields that cannot be parsed are left out, because
    /// the panel must not fail because of them.
    pub(in crate::web) fn new(change: &Change, noun: &str, run: OperationKind) -> Self {
        let clipped = |value: Option<String>| value.map(|value| clip_text(&value, MAX_VALUE_CHARS));
        let line = |field: FieldChange| FieldLine {
            name: field.label(),
            old: clipped(field.before),
            new: clipped(field.after),
        };
        let differing = if change.kind == ChangeKind::Updated { change.field_changes() } else { Vec::new() };
        Self {
            key: clip_text(&change_title(change, noun), MAX_VALUE_CHARS),
            kind: change.kind,
            label: change_label(change.kind, run),
            fields: differing.into_iter().map(line).collect(),
        }
    }
}

/// The icon of a kind of change.
pub(in crate::web) trait ChangeIcon {
    /// The name of its icon.
    fn icon(self) -> &'static str;
}

impl ChangeIcon for ChangeKind {
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
pub(in crate::web) struct FieldLine {
    /// The column.
    pub name: String,
    /// The value before; `None` if the column is new.
    pub old: Option<String>,
    /// The value after; `None` if the column was removed.
    pub new: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::{Change, ChangeKind, ChangeLine, Issue, IssueLine, OperationKind};

    #[test]
    fn a_change_names_the_item_and_what_differs() {
        let change = Change {
            key: "a1".to_owned(),
            kind: ChangeKind::Updated,
            before: Some(r#"[["id","a1"],["title","Arival"],["mood","calm"],["year","1976"]]"#.to_owned()),
            after: Some(r#"[["id","a1"],["title","Arrival"],["year","1976"],["label","Polar"]]"#.to_owned()),
        };
        let line = ChangeLine::new(&change, "album", OperationKind::Sync);
        assert_eq!(line.key, "Arrival");
        let changed: Vec<_> =
            line.fields.iter().map(|f| (f.name.as_str(), f.old.as_deref(), f.new.as_deref())).collect();
        assert_eq!(
            changed,
            [("title", Some("Arival"), Some("Arrival")), ("label", None, Some("Polar")), ("mood", Some("calm"), None)]
        );
    }

    #[test]
    fn a_change_that_cannot_be_read_still_has_its_key() {
        let change =
            Change { key: "a1".to_owned(), kind: ChangeKind::Added, before: None, after: Some("{".to_owned()) };
        assert_eq!(ChangeLine::new(&change, "album", OperationKind::Sync).key, "a1");
    }

    #[test]
    fn the_place_of_an_issue_is_a_row_a_column_or_a_feed() {
        let place = |row: Option<u64>, column: Option<&str>, of_feeds: bool| {
            let column = column.map(str::to_owned);
            IssueLine::new(Issue::noted(row, column, String::new()), of_feeds, None).place
        };
        assert_eq!(place(Some(5), Some("title"), false), "Row 5, title");
        assert_eq!(place(Some(5), None, false), "Row 5");
        assert_eq!(place(None, Some("title"), false), "All rows, title");
        assert_eq!(place(None, None, false), "All rows");
        assert_eq!(place(None, Some("Jazz today"), true), "Jazz today");
        assert_eq!(place(None, None, true), "All feeds");
        assert_eq!(place(Some(5), Some("title"), true), "Row 5, title");
    }
}
