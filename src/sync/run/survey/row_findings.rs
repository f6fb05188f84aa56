//! Collects what the first reading finds about all rows together: shapes that do not fit, rows inside an unclosed
//! quotation, and repairs that many rows have in common.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::columns::cell_class::CellClass;
use crate::domain::issue::IssueList;
use crate::domain::item::ColumnLayout;
use crate::domain::odd_keys::OddKeys;
use crate::domain::rows::row::{CellRepair, TextRow};
use crate::domain::rows::row_group::RowGroup;
use crate::domain::rows::row_shape::RowShapes;
use crate::domain::run_text::header_mismatch::HeaderMismatch;
use crate::domain::run_text::row_notes::{
    CUT_ROW_NOTE, LINES_FIT_HEADER, common_repair_note, key_in_header, row_inside_cell, value_after_column_name,
    value_in_header,
};
use crate::domain::run_text::sync_failure::SyncFailure;
use crate::sync::run::key_index::KeyIndex;
use crate::sync::run::run_stop::RunStop;

/// How many keys of rows inside cells are checked after the last row.
const MAX_INNER_KEYS: usize = 1000;

/// The findings about the rows so far.
pub(super) struct RowFindings {
    shapes: RowShapes,
    common: BTreeMap<(Option<usize>, String), RowGroup>,
    /// Keys of the catalog that were found in rows inside a cell, with the row of that cell.
    inner_keys: Vec<(u64, String)>,
    is_doubtful: bool,
    /// The widths of rows that do not fit the header and may belong to items with other keys.
    odd_widths: BTreeSet<usize>,
    /// The columns of the catalog.
    stored_columns: Vec<String>,
    /// The row of the header.
    header_row: u64,
    /// The class of the keys of the catalog.
    key_class: Option<CellClass>,
    odd_keys: Option<OddKeys>,
}

/// The findings about all rows.
pub(super) struct RowsFound {
    /// The notes.
    pub(super) notes: IssueList,
    /// Whether an item that seems to have left the source may still be in it.
    pub(super) is_doubtful: bool,
    /// The new keys that are the only reason for this doubt, because they may be misread keys of such items. `None` if
    /// rows are a reason: these have issues, and the keys have none.
    pub(super) odd_keys: Option<OddKeys>,
    /// The failure if the header does not belong to the rows.
    pub(super) mismatch: Option<SyncFailure>,
}

impl RowFindings {
    /// Creates findings for a table with these columns. `expected` returns the class of a column's values in the
    /// catalog.
    pub(super) fn new(
        columns: &[String],
        expected: impl Fn(&str) -> Option<CellClass>,
        stored_columns: &[String],
        header_row: u64,
    ) -> Self {
        let shapes = RowShapes::new(columns, expected);
        Self {
            shapes,
            common: BTreeMap::new(),
            inner_keys: Vec::new(),
            is_doubtful: false,
            odd_widths: BTreeSet::new(),
            stored_columns: stored_columns.to_vec(),
            header_row,
            key_class: None,
            odd_keys: None,
        }
    }

    /// Adds a row, used or skipped.
    pub(super) fn add_row(&mut self, row: &TextRow, layout: &ColumnLayout, index: &KeyIndex) {
        if row.is_cut {
            self.common.entry((None, CUT_ROW_NOTE.to_owned())).or_default().add_row(row.number);
            self.add_odd_width(row.width);
        }
        // If the catalog already holds the cell like this, it is not a mistake.
        if !row.inner_rows.is_empty() && index.has_item(layout.row_key(&row.cells), layout.build_item(&row.cells).hash)
        {
            return self.shapes.observe_row(&TextRow { inner_rows: Vec::new(), ..row.clone() });
        }
        self.shapes.observe_row(row);
        for inner in row.inner_rows.iter().skip(1) {
            let key = layout.row_key(inner);
            if self.inner_keys.len() < MAX_INNER_KEYS && !key.is_empty() && index.has_left(key) {
                self.inner_keys.push((row.number, key.to_owned()));
            }
        }
    }

    /// Adds a repair of a cell if such repairs are reported once for many rows. Returns whether it was added.
    pub(super) fn add_common_repair(&mut self, row: u64, repair: &CellRepair) -> bool {
        if repair.is_common {
            self.common.entry((repair.column, repair.message.clone())).or_default().add_row(row);
        }
        repair.is_common
    }

    /// Sets the class of the keys of the catalog.
    pub(super) const fn with_key_class(mut self, key_class: Option<CellClass>) -> Self {
        self.key_class = key_class;
        self
    }

    /// Adds a key that the catalog does not have. A key of another class may be a misread key of the catalog.
    pub(super) fn add_new_key(&mut self, row: &TextRow, key: &str, layout: &ColumnLayout) {
        self.shapes.observe_new_key(row, layout.key_position());
        let Some(expected) = self.key_class.filter(|class| CellClass::classify(key) != *class) else { return };
        let odd_keys = self.odd_keys.get_or_insert_with(|| OddKeys {
            column: layout.key_column().to_owned(),
            expected,
            count: 0,
            first_row: row.number,
            first_key: key.to_owned(),
        });
        odd_keys.count += 1;
    }

    /// Adds whether a row, for which there is an issue, may belong to another item than its key says, or to any.
    pub(super) const fn add_doubt(&mut self, is_doubtful: bool) {
        self.is_doubtful |= is_doubtful;
    }

    /// Adds the width of a row that has no item and does not fit the header. It is judged after the last row, when the
    /// usual widths are known.
    pub(super) fn add_odd_width(&mut self, width: Option<usize>) {
        self.odd_widths.extend(width);
    }

    /// The result, after the last row.
    ///
    /// # Errors
    /// [`RunStop::Refused`] (`unclosed_quote`) when the row of an item of the catalog is only found inside a cell, or
    /// when each line of a row would fit the header.
    pub(super) fn finish(self, columns: &[String], index: &KeyIndex) -> Result<RowsFound, RunStop> {
        if let Some((row, key)) = self.inner_keys.iter().find(|(_, key)| index.has_left(key)) {
            return Err(SyncFailure::unclosed_quote(*row, &row_inside_cell(key)).into());
        }
        let narrower = self.shapes.narrower_rows();
        let joined = narrower.and_then(|narrower| {
            let sign = self.sign_of_joined_header(columns, narrower.cells, index)?;
            let message = narrower.joined_message(self.header_row, &sign);
            Some(SyncFailure::new(HeaderMismatch::HEADER_MISMATCH_CODE, message, ""))
        });
        let has_new_columns = !self.stored_columns.is_empty() && !columns.iter().all(|name| self.has_column(name));
        let is_doubtful = self.is_doubtful
            || (narrower.is_some() && has_new_columns)
            || self.odd_widths.iter().any(|width| self.shapes.is_rare_width(*width));
        let shapes = self.shapes.into_findings();
        if let Some(row) = shapes.open_quote_row {
            return Err(SyncFailure::unclosed_quote(row, LINES_FIT_HEADER).into());
        }
        let mut notes = IssueList::default();
        shapes.notes.into_iter().for_each(|note| notes.push(note));
        for ((column, what), rows) in self.common {
            if let Some(mut note) = rows.to_note(&what, &common_repair_note(&what)) {
                note.column = column.and_then(|at| columns.get(at)).cloned();
                notes.push(note);
            }
        }
        let header_row = self.header_row;
        let by_shape = shapes.mismatch.map(|mismatch| {
            let message = match &shapes.cell_in_header {
                Some(cell) => mismatch.joined_message(header_row, &value_in_header(cell)),
                None => mismatch.message(),
            };
            SyncFailure::new(HeaderMismatch::HEADER_MISMATCH_CODE, message, "")
        });
        let mismatch = joined.or(by_shape);
        let has_doubtful_rows = is_doubtful || shapes.is_doubtful;
        let odd_keys = self.odd_keys.filter(|_| !has_doubtful_rows);
        Ok(RowsFound { notes, is_doubtful: has_doubtful_rows || odd_keys.is_some(), odd_keys, mismatch })
    }

    fn has_column(&self, name: &String) -> bool {
        self.stored_columns.contains(name)
    }

    /// Returns the evidence that the header was joined with the row below it, if rows have `cells` cells: a name that
    /// is a key of the catalog, or the name of the last column with a cell appended to it.
    fn sign_of_joined_header(&self, columns: &[String], cells: usize, index: &KeyIndex) -> Option<String> {
        if let Some(key) = columns[cells..].iter().find(|name| index.has_left(name)) {
            return Some(key_in_header(key));
        }
        let (last, others) = columns[..cells].split_last()?;
        let (stored_last, stored_others) = self.stored_columns.split_last()?;
        // A renamed column may also begin with the old name. A joined cell follows without a separator and is longer
        // than a grammatical ending.
        let is_joined = |rest: &str| rest.chars().count() > 2 && rest.chars().next().is_some_and(char::is_alphanumeric);
        let has_all_cells = columns.len() + 1 == cells * 2;
        let is_evident =
            has_all_cells && others == stored_others && last.strip_prefix(stored_last.as_str()).is_some_and(is_joined);
        is_evident.then(|| value_after_column_name(last, stored_last))
    }
}
