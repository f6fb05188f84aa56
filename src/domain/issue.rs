//! A row that could not be taken, or was taken after mending, with its place and the reason.

use serde::{Deserialize, Serialize};

use super::text::counts::group_digits;
use super::text::enum_names::words;
use crate::domain::text::shortening::shorten;

words! {
    /// Whether the row is missing from the catalog because of the issue.
    IssueKind {
        /// The row was not taken.
        Refused = "refused",
        /// The row was taken; something was mended.
        Noted = "noted",
    }
}

/// One issue of a run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Issue {
    /// The row, the header being row 1; `None` when the source as a whole is meant.
    pub row: Option<u64>,
    /// The column's name, where one is meant.
    pub column: Option<String>,
    /// Refused or noted.
    pub kind: IssueKind,
    /// A sentence for people.
    pub reason: String,
}

impl Issue {
    /// The reason with its place: "Row 5, “title”: …".
    #[must_use]
    pub fn with_place(&self) -> String {
        let row = self.row.map(|row| format!("Row {}", group_digits(row)));
        let column = self.column.as_deref().map(|column| format!("“{}”", shorten(column)));
        let place: Vec<String> = row.into_iter().chain(column).collect();
        if place.is_empty() { self.reason.clone() } else { format!("{}: {}", place.join(", "), self.reason) }
    }
}

/// How many issues of one run are kept with their text; all are counted.
pub const MAX_KEPT_ISSUES: usize = 10_000;

/// The issues of a run as they are found: all counted, the first [`MAX_KEPT_ISSUES`] kept.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct IssueList {
    /// The kept ones, in order of their rows.
    pub kept: Vec<Issue>,
    /// How many there were.
    pub count: u64,
}

impl IssueList {
    /// Adds an issue to the list.
    pub fn push(&mut self, issue: Issue) {
        self.count += 1;
        if self.kept.len() < MAX_KEPT_ISSUES {
            self.kept.push(issue);
        }
    }

    /// Adds those of `others` after these.
    pub fn append(&mut self, others: Self) {
        self.count += others.count;
        self.kept.extend(others.kept.into_iter().take(MAX_KEPT_ISSUES.saturating_sub(self.kept.len())));
    }
}
