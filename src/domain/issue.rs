//! Issues of a run: rows or feeds that were skipped, and warnings.

use super::kept_cells::{KeptCells, ReadTable};
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
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Issue {
    /// The number of the row (the header is row 1); `None` if the issue concerns the whole source.
    pub row: Option<u64>,
    /// The name of the column, if the issue concerns one.
    pub column: Option<String>,
    /// Whether the row was skipped.
    pub kind: IssueKind,
    /// The message for people.
    pub reason: String,
    /// The cells of a skipped row, if they are kept.
    pub cells: Option<KeptCells>,
}

impl Issue {
    /// Creates an issue of this kind without a row's cells.
    #[must_use]
    pub const fn new(row: Option<u64>, column: Option<String>, kind: IssueKind, reason: String) -> Self {
        Self { row, column, kind, reason, cells: None }
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

/// The most bytes of the cells of all skipped rows of a run, as JSON. Rows beyond are kept without their cells.
const MAX_RUN_CELL_BYTES: usize = 8 * 1024 * 1024;

/// Collects the issues of a run: all are counted, the first [`MAX_KEPT_ISSUES`] are kept.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct IssueList {
    /// The kept issues, in the order of their rows.
    pub kept: Vec<Issue>,
    /// The number of all issues.
    pub count: u64,
    /// The table whose rows were skipped; `None` if no rows were read.
    pub table: Option<ReadTable>,
    /// How many bytes the cells of all issues have.
    cell_bytes: usize,
}

impl IssueList {
    /// Adds an issue to the list.
    pub fn push(&mut self, mut issue: Issue) {
        self.count += 1;
        if self.kept.len() < MAX_KEPT_ISSUES {
            issue.cells = issue.cells.take().filter(|cells| self.reserve_cells(cells));
            self.kept.push(issue);
        }
    }

    /// Adds the cells of the row to the kept issue at `position`, unless the cells of the run are too many.
    pub fn set_cells(&mut self, position: usize, cells: KeptCells) {
        if self.reserve_cells(&cells)
            && let Some(issue) = self.kept.get_mut(position)
        {
            issue.cells = Some(cells);
        }
    }

    /// Counts the bytes of `cells`, if they can be kept.
    fn reserve_cells(&mut self, cells: &KeptCells) -> bool {
        let bytes = self.cell_bytes + cells.as_json().len();
        let fits = bytes <= MAX_RUN_CELL_BYTES;
        if fits {
            self.cell_bytes = bytes;
        }
        fits
    }

    /// Appends the issues of `others`.
    pub fn append(&mut self, others: Self) {
        self.count += others.count.saturating_sub(others.kept.len() as u64);
        self.table = others.table.or(self.table.take());
        others.kept.into_iter().for_each(|issue| self.push(issue));
    }
}

#[cfg(test)]
mod tests {
    use super::{Issue, IssueKind, IssueList, MAX_KEPT_ISSUES, MAX_RUN_CELL_BYTES};
    use crate::domain::kept_cells::{KeptCells, MAX_ROW_CELL_BYTES};

    fn skipped_row(cell: &str) -> Issue {
        let issue = Issue::new(Some(2), None, IssueKind::Refused, "No.".to_owned());
        Issue { cells: KeptCells::new(&[cell]), ..issue }
    }

    #[test]
    fn the_cells_of_a_run_are_bounded_and_its_issues_are_not_lost() {
        let mut list = IssueList::default();
        let rows = MAX_RUN_CELL_BYTES / MAX_ROW_CELL_BYTES;
        for _ in 0..rows {
            list.push(skipped_row(&"x".repeat(MAX_ROW_CELL_BYTES - 4)));
        }
        list.push(skipped_row("short"));
        let mut all = IssueList::default();
        all.append(list);
        assert_eq!((all.kept.len(), all.count), (rows + 1, rows as u64 + 1));
        assert_eq!(all.kept.iter().filter(|issue| issue.cells.is_some()).count(), rows);
        assert_eq!(all.kept[rows].cells, None);
    }

    #[test]
    fn issues_that_are_not_kept_are_counted() {
        let mut list = IssueList::default();
        let mut all = IssueList::default();
        for _ in 0..MAX_KEPT_ISSUES {
            list.push(Issue::noted(None, None, String::new()));
            all.push(Issue::noted(None, None, String::new()));
        }
        list.count += 5;
        all.append(list);
        assert_eq!((all.kept.len(), all.count), (MAX_KEPT_ISSUES, 2 * MAX_KEPT_ISSUES as u64 + 5));
    }
}
