//! The views of the issues of a run: a table of rows, downloads, and the form for corrected rows.

use crate::domain::issue::IssueKind;
use crate::domain::run_text::issue_label;
use crate::web::layout::page_links::PageLinks;

/// The issues of a run.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct IssueSection {
    /// The issues of this page, if they are of rows. Issues of feeds are listed with the run.
    pub rows: Vec<IssueTableRow>,
    /// The links to other pages.
    pub pages: PageLinks,
    /// How many skipped rows are kept with their cells.
    pub with_cells: u64,
    /// How many rows were skipped.
    pub skipped: u64,
    /// Whether the reader can upload corrected rows.
    pub takes_corrections: bool,
    /// The result of an upload of corrected rows.
    pub correction: Option<CorrectionResult>,
}

/// The result of an upload of corrected rows.
#[derive(Debug, Clone)]
pub(in crate::web) enum CorrectionResult {
    /// This many rows were corrected.
    Corrected(u64),
    /// Nothing was changed.
    Refused {
        /// What happened and what to do.
        message: String,
        /// The problems of single rows.
        problems: Vec<String>,
    },
}

/// An issue of a row as a line of the table.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct IssueTableRow {
    /// The number of the row; `None` if the issue is about all rows.
    pub row: Option<String>,
    /// The link to the cell, if the source shows its cells on web pages.
    pub href: Option<String>,
    /// The name of the column, if the issue is about one.
    pub column: Option<String>,
    /// Whether the row was skipped.
    pub is_skipped: bool,
    /// The first cells of the row, and the one that the issue is about.
    pub cells: Vec<IssueCell>,
    /// How many cells are not shown.
    pub more_cells: usize,
    /// The reason.
    pub reason: String,
}

impl IssueTableRow {
    /// The label of its kind: "skipped".
    pub(in crate::web) fn label(&self) -> &'static str {
        issue_label(if self.is_skipped { IssueKind::Refused } else { IssueKind::Noted }, false)
    }
}

/// A cell of a skipped row.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct IssueCell {
    /// The name of its column.
    pub name: String,
    /// Its text, shortened.
    pub value: String,
    /// Whether the issue is about this cell.
    pub is_marked: bool,
}
