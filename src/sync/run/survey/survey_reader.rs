//! Reads all rows of a source once: assigns each key to the first row that has it, and collects the skipped rows.

use std::collections::BTreeSet;

use super::key_doubt;
use super::row_findings::{RowFindings, RowsFound};
use super::row_notes::{RowNotes, header_message_notes, header_note};
use super::skipped_cells::{add_missing_cells, read_table};
use super::source_survey::SourceSurvey;
use crate::domain::columns::cell_class::CellClass;
use crate::domain::columns::column_type::{ColumnType, ColumnTypeDetector};
use crate::domain::guards::ChangeTally;
use crate::domain::issue::{Issue, IssueKind, IssueList, MAX_KEPT_ISSUES};
use crate::domain::item::ColumnLayout;
use crate::domain::kept_cells::KeptCells;
use crate::domain::rows::key_cell::KeyCell;
use crate::domain::rows::row::TextRow;
use crate::domain::rows::skipped_row::keep_cells;
use crate::domain::rows::stored_columns::has_loading_header;
use crate::domain::run_text::row_notes::{duplicate_key_reason, respelled_duplicate_reason, surplus_cells_reason};
use crate::fetch::FetchedContent;
use crate::sync::run::column_changes::{KeyedSample, column_notes, find_renamed};
use crate::sync::run::comparison::SourceComparison;
use crate::sync::run::hidden_columns::excluded_column_notes;
use crate::sync::run::key_index::{KeyClaim, KeyIndex, index_row};
use crate::sync::run::keyless_rows::KeylessRows;
use crate::sync::run::row_rules::{RowClass, RowRules};
use crate::sync::run::run_stop::RunStop;

/// The number of rows between two checks whether the reading has to stop.
const ROWS_PER_STOP_CHECK: u64 = 1000;

/// Reads all rows of `content` once, whose columns are those of `layout`, and adds their keys to `index`.
///
/// # Errors
/// [`RunStop::Refused`] (`header_mismatch`, `unclosed_quote`) when the rows as a whole cannot be right; another
/// [`RunStop`] when the content or the catalog cannot be read, or the reading has to stop.
pub(in crate::sync) fn read_survey<'l>(
    comparison: &SourceComparison<'_>,
    content: &dyn FetchedContent,
    layout: &'l ColumnLayout,
    index: &mut KeyIndex,
) -> Result<SourceSurvey<'l>, RunStop> {
    let SourceComparison { source, catalog, kind, items, .. } = *comparison;
    index.set_settled_at(catalog.settled.as_ref().map(|settled| settled.at));
    items.for_each_known_item(&mut |key, known| index.add_known_item(key, known))?;
    let sample = KeyedSample::new(&catalog.columns, layout.column_names());
    let rules = RowRules::new(layout, content.columns(), kind.key_column().is_none());
    let expected = |name: &str| CellClass::of_type(catalog.column_type(name));
    let header_row = source.read_options.header_row_number();
    let findings = RowFindings::new(layout.column_names(), expected, catalog.settled_columns(), header_row)
        .with_key_class(CellClass::of_type(catalog.settled_type(layout.key_column())));
    // Cells beyond the header may belong to hidden columns without a name.
    let keeps_surplus = !(source.public && kind.can_hide_columns());
    let mut reader = SurveyReader::new(index, rules, sample, findings, keeps_surplus);
    for (row, read) in content.rows()?.zip(1_u64..) {
        reader.read_row(&row?);
        if read % ROWS_PER_STOP_CHECK == 0 {
            items.check_stop()?;
        }
    }
    let mut survey = reader.finish(comparison, content)?;
    if let Some(mismatch) = survey.mismatch.take().filter(|_| !source.read_options.accept_header_mismatch) {
        return Err(mismatch.into());
    }
    survey.tally.settled = catalog.settled_count.unwrap_or(survey.tally.live);
    Ok(survey)
}

/// Returns the type of a column: the type that its kind of source declares, otherwise the type of its cells. If only
/// the newest entries were fetched, the type must fit the stored entries, too.
fn column_type(
    comparison: &SourceComparison<'_>,
    content: &dyn FetchedContent,
    layout: &ColumnLayout,
    position: usize,
    read: Option<ColumnType>,
) -> ColumnType {
    if let Some(declared) = content.column_type(position) {
        return declared;
    }
    let catalog = comparison.catalog;
    let stored = layout.column_names().get(position).map(|name| catalog.column_type(name)).unwrap_or_default();
    match read {
        None => stored,
        Some(read) if content.is_complete() || catalog.item_count == 0 || read == stored => read,
        Some(_) => ColumnType::Text,
    }
}

/// The state of the first reading.
struct SurveyReader<'i, 'l> {
    index: &'i mut KeyIndex,
    rules: RowRules<'l>,
    readings: Vec<ColumnTypeDetector>,
    sample: KeyedSample,
    keyless: KeylessRows,
    notes: RowNotes,
    rows: u64,
    rejected: u64,
    issues: IssueList,
    /// Whether cells beyond the last column are kept with skipped rows.
    keeps_surplus: bool,
    /// Skipped rows whose reason was found after they were read.
    rows_without_cells: BTreeSet<u64>,
    findings: RowFindings,
    /// Whether a row that counts has a formula without a saved value.
    has_unsaved_formula: bool,
}

impl<'i, 'l> SurveyReader<'i, 'l> {
    /// Begins a reading by these rules.
    fn new(
        index: &'i mut KeyIndex,
        rules: RowRules<'l>,
        sample: KeyedSample,
        findings: RowFindings,
        keeps_surplus: bool,
    ) -> Self {
        let columns = rules.layout().column_names().len();
        Self {
            index,
            rules,
            readings: vec![ColumnTypeDetector::default(); columns],
            sample,
            keyless: KeylessRows::new(columns),
            notes: RowNotes::default(),
            rows: 0,
            rejected: 0,
            issues: IssueList::default(),
            keeps_surplus,
            rows_without_cells: BTreeSet::new(),
            findings,
            has_unsaved_formula: false,
        }
    }

    /// Reads one row.
    fn read_row(&mut self, row: &TextRow) {
        self.rows += 1;
        let layout = self.rules.layout();
        let class = self.rules.classify(row);
        if class == RowClass::Header {
            return self.notes.add_repeated_header(row.number);
        }
        self.findings.add_row(row, layout, self.index);
        for repair in &row.repairs {
            if self.findings.add_common_repair(row.number, repair) {
                continue;
            }
            let column = repair.column.and_then(|position| layout.column_names().get(position)).cloned();
            let reason = repair.message.clone();
            self.issues.push(Issue::noted(Some(row.number), column, reason));
        }
        match class {
            RowClass::Header => return,
            RowClass::Refused(reason) => {
                if let KeyCell::Key(key) = KeyCell::from_row(row, layout.key_position()) {
                    self.index.keep_item(key);
                }
                self.findings.add_doubt(true);
                self.refuse_row(row, None, reason.to_owned());
            }
            RowClass::NothingEntered => return,
            RowClass::WithoutKey(KeyCell::Missing) if !row.surplus => self.keyless.add_row(row),
            RowClass::WithoutKey(cell) => {
                // The key of a broken formula is unknown, so its item may seem to have left the source.
                let is_broken = matches!(cell, KeyCell::SpreadsheetPlaceholder(_) | KeyCell::UnsavedFormula);
                self.findings.add_doubt(is_broken);
                self.has_unsaved_formula |= cell == KeyCell::UnsavedFormula;
                self.refuse_row(
                    row,
                    Some(layout.key_column()),
                    cell.refusal_message(layout.key_column()).unwrap_or_default(),
                );
            }
            RowClass::Surplus(key) => {
                self.index.keep_item(key);
                self.findings.add_doubt(true);
                let reason = surplus_cells_reason(layout.column_names().len());
                self.refuse_row(row, None, reason);
            }
            RowClass::Keyed(key) => self.take_row(row, key),
        }
        if self.rules.is_table() {
            self.notes.add_messages(row);
        }
    }

    /// Assigns a key to the row, unless another row has it.
    fn take_row(&mut self, row: &TextRow, key: &str) {
        self.findings.add_doubt(key_doubt::is_undecoded(row, key, self.rules.layout()));
        self.has_unsaved_formula |= !row.unsaved_formulas.is_empty();
        let key_column = self.rules.layout().key_column();
        match self.index.claim_key(key, index_row(row)) {
            KeyClaim::Duplicate(first) => {
                self.findings.add_odd_width(self.odd_width(row));
                let reason = duplicate_key_reason(key, u64::from(first));
                return self.refuse_row(row, Some(key_column), reason);
            }
            KeyClaim::TakenFrom(earlier) => {
                self.notes.remove_respelled_key(u64::from(earlier));
                let reason = respelled_duplicate_reason(key, row.number);
                self.refuse_earlier_row(u64::from(earlier), Some(key_column), reason);
            }
            KeyClaim::TakenByForm => self.notes.add_respelled_key(row.number, key),
            KeyClaim::Taken => {}
        }
        for (reading, cell) in self.readings.iter_mut().zip(self.rules.typed_cells(row)) {
            reading.observe_cell(cell);
        }
        let (odd_width, has_odd_key) = (self.odd_width(row), self.has_odd_key(row, key));
        if self.index.is_unsettled(key, index_row(row)) {
            // This may be the row of an item whose key was misread. The run would then keep that item and add a second
            // one.
            self.findings.add_odd_width(odd_width);
            self.findings.add_new_key(row, key, self.rules.layout());
            self.findings.add_doubt(has_odd_key);
        }
        self.keyless.add_keyed_row(row);
        self.sample.add_row(row, key, self.index);
    }

    /// Returns the number of cells of a row if it differs from that of the header.
    fn odd_width(&self, row: &TextRow) -> Option<usize> {
        row.width.filter(|width| *width != self.rules.layout().column_names().len())
    }

    /// Returns whether the key of a row may have been misread.
    fn has_odd_key(&mut self, row: &TextRow, key: &str) -> bool {
        let layout = self.rules.layout();
        self.add_note(key_doubt::line_break_note(row, key, layout)) || key_doubt::is_inexact(row, layout)
    }

    /// Adds a note, if there is one; returns whether there is.
    fn add_note(&mut self, note: Option<Issue>) -> bool {
        note.map(|note| self.issues.push(note)).is_some()
    }

    fn refuse_row(&mut self, row: &TextRow, column: Option<&str>, reason: String) {
        let is_kept = self.issues.kept.len() < MAX_KEPT_ISSUES;
        let cells = if is_kept { keep_cells(row, self.keeps_surplus) } else { None };
        self.push_refusal(row.number, column, reason, cells);
    }

    /// Refuses a row that was read earlier, so that its cells are no longer at hand.
    fn refuse_earlier_row(&mut self, row: u64, column: Option<&str>, reason: String) {
        if self.issues.kept.len() < MAX_KEPT_ISSUES {
            self.rows_without_cells.insert(row);
        }
        self.push_refusal(row, column, reason, None);
    }

    fn push_refusal(&mut self, row: u64, column: Option<&str>, reason: String, cells: Option<KeptCells>) {
        self.rejected += 1;
        let issue = Issue::new(Some(row), column.map(str::to_owned), IssueKind::Refused, reason);
        self.issues.push(Issue { cells, ..issue });
    }

    /// The result, after the last row.
    fn finish(
        mut self,
        comparison: &SourceComparison<'_>,
        content: &dyn FetchedContent,
    ) -> Result<SourceSurvey<'l>, RunStop> {
        let layout = self.rules.layout();
        let header_row = comparison.source.read_options.header_row_number();
        let read = self.readings.iter().map(ColumnTypeDetector::column_type).enumerate();
        let types = read.map(|(position, read)| column_type(comparison, content, layout, position, read)).collect();
        let equal_items = self.index.keep_equal_items();
        if self.index.lacks_spellings() {
            comparison.items.for_each_known_item(&mut |key, _| self.index.set_spelling(key))?;
        }
        let renamed = find_renamed(comparison.items, &self.sample, self.index)?;
        let columns = column_notes(header_row, &self.sample, &renamed, content.excluded_columns());
        self.rules.set_unfilled_patterns(self.keyless.unfilled_patterns());
        let keyless = std::mem::replace(&mut self.keyless, KeylessRows::new(0)).split();
        let reason = KeyCell::Missing.refusal_message(layout.key_column()).unwrap_or_default();
        keyless.filled.iter().for_each(|&row| self.refuse_earlier_row(row, Some(layout.key_column()), reason.clone()));
        self.rejected += keyless.unlisted;
        self.issues.count += keyless.unlisted;
        let has_loading_header = self.rules.is_table() && has_loading_header(content.columns());
        let has_pending = self.has_unsaved_formula || self.notes.has_loading() || has_loading_header;
        let Self { index, rules, rows, rejected, issues: others, notes, findings, .. } = self;
        let Self { keeps_surplus, rows_without_cells, .. } = self;
        let RowsFound { notes: found, is_doubtful, odd_keys, mismatch } =
            findings.finish(layout.column_names(), index)?;
        // Notes come first, because only a limited number of issues is kept.
        let mut issues = IssueList::default();
        columns.iter().cloned().for_each(|note| issues.push(note));
        excluded_column_notes(comparison.source, content).for_each(|note| issues.push(note));
        if rules.is_table() {
            header_message_notes(content.columns(), layout, header_row).into_iter().for_each(|note| issues.push(note));
        }
        header_note(content.columns(), layout, comparison.source).into_iter().for_each(|note| issues.push(note));
        notes
            .into_issues(layout, &comparison.source.noun, &keyless, equal_items)
            .into_iter()
            .for_each(|note| issues.push(note));
        issues.append(found);
        issues.append(others);
        issues.kept.sort_by_key(|issue| issue.row);
        add_missing_cells(comparison, content, &mut issues, &rows_without_cells, keeps_surplus)?;
        issues.table = Some(read_table(content, layout));
        let tally = ChangeTally { doubtful: is_doubtful, ..index.change_tally() };
        Ok(SourceSurvey {
            tally,
            rows,
            rejected,
            issues,
            types,
            columns,
            renamed,
            mismatch,
            rules,
            has_pending,
            odd_keys,
        })
    }
}
