//! Issues of a run: rows or feeds that were skipped, and warnings.

use serde::{Deserialize, Serialize};

use super::text::counts::group_digits;
use super::text::string_enum::string_enum;
use crate::domain::text::shortening::shorten_text;

string_enum! {
    /// Whether the row is missing in the catalog because of the issue.
    IssueKind {
        /// The row was skipped.
        Refused = "refused",
        /// The row was used; something in it was corrected or is suspicious.
        Noted = "noted",
    }
}

/// One issue of a run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Issue {
    /// The number of the row (the header is row 1); `None` if the issue concerns the whole source.
    pub row: Option<u64>,
    /// The name of the column, if the issue concerns one.
    pub column: Option<String>,
    /// Whether the row was skipped.
    pub kind: IssueKind,
    /// The message for people.
    pub reason: String,
}

impl Issue {
    /// Creates an issue of this kind without a row's cells.
    #[must_use]
    pub const fn new(row: Option<u64>, column: Option<String>, kind: IssueKind, reason: String) -> Self {
        Self { row, column, kind, reason }
    }

    /// Creates a warning.
    #[must_use]
    pub const fn noted(row: Option<u64>, column: Option<String>, reason: String) -> Self {
        Self::new(row, column, IssueKind::Noted, reason)
    }

    /// Returns the message with its place: "Row 5, “title”: …".
    #[must_use]
    pub fn with_place(&self) -> String {
        let row = self.row.map(|row| format!("Row {}", group_digits(row)));
        let column = self.column.as_deref().map(|column| format!("“{}”", shorten_text(column)));
        let place: Vec<String> = row.into_iter().chain(column).collect();
        if place.is_empty() { self.reason.clone() } else { format!("{}: {}", place.join(", "), self.reason) }
    }
}

/// The number of issues of a run that are stored with their messages; all are counted.
pub const MAX_KEPT_ISSUES: usize = 10_000;

/// Collects the issues of a run: all are counted, the first [`MAX_KEPT_ISSUES`] are kept.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct IssueList {
    /// The kept issues, in the order of their rows.
    pub kept: Vec<Issue>,
    /// The number of all issues.
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

    /// Appends the issues of `others`.
    pub fn append(&mut self, others: Self) {
        self.count += others.count;
        self.kept.extend(others.kept.into_iter().take(MAX_KEPT_ISSUES.saturating_sub(self.kept.len())));
    }
}
