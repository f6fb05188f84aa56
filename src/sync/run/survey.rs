//! The first reading of a source. Everything about its size and shape is known, and judged, before the first write.

pub(in crate::sync) mod key_doubt;
pub(in crate::sync) mod row_findings;
pub(in crate::sync) mod row_notes;

use self::row_findings::{RowFindings, RowsFound};
use self::row_notes::{RowNotes, header_note, header_word_notes};
use super::column_changes::{KeyedSample, RenamedColumn};
use super::compare::{KeyClaim, KeyIndex, place};
use super::comparison::SourceComparison;
use super::hidden_columns::left_out_notes;
use super::keyless_rows::KeylessRows;
use super::outcome::RunStop;
use super::row_rules::{RowRules, RowSort};
use crate::domain::columns::cell_class::CellClass;
use crate::domain::columns::column_type::{ColumnReading, ColumnType};
use crate::domain::guards::{ChangeTally, GuardVerdict};
use crate::domain::issue::{Issue, IssueKind, IssueList};
use crate::domain::item::ColumnLayout;
use crate::domain::rows::key_cell::KeyCell;
use crate::domain::rows::row::{TextRow, shortened};
use crate::domain::rows::stored_columns::has_loading_header;
use crate::domain::sync_failure::SyncFailure;
use crate::domain::text::counts::grouped;
use crate::fetch::FetchedContent;

/// Rows between two questions whether the reading should end.
const ROWS_PER_CHECK: u64 = 1000;

/// What the first reading of a source found.
pub(in crate::sync) struct SourceSurvey<'a> {
    /// What it would do to the catalog.
    pub(in crate::sync) tally: ChangeTally,
    /// Rows in all, taken or not.
    pub(in crate::sync) rows: u64,
    /// Rows that are not taken.
    pub(in crate::sync) rejected: u64,
    /// Why, and what was mended.
    pub(in crate::sync) issues: IssueList,
    /// What the cells of each column are.
    pub(in crate::sync) types: Vec<ColumnType>,
    /// What became of the columns.
    pub(in crate::sync) columns: Vec<Issue>,
    /// The columns that have another name now.
    pub(in crate::sync) renamed: Vec<RenamedColumn>,
    /// That the header is not that of the rows.
    mismatch: Option<SyncFailure>,
    /// What each row is: the second reading must agree with the first.
    pub(in crate::sync) rules: RowRules<'a>,
    /// Whether values were still loading, or formulas had none: then the next run has to look again.
    pub(in crate::sync) has_pending: bool,
}

impl SourceSurvey<'_> {
    /// Why a sync would write nothing of these rows, which have these columns; `None` where it would go on.
    pub(in crate::sync) fn failure(
        &self,
        comparison: &SourceComparison<'_>,
        columns: &[String],
        verdict: GuardVerdict,
    ) -> Option<SyncFailure> {
        let SourceComparison { source, catalog, .. } = *comparison;
        match verdict {
            GuardVerdict::Apply | GuardVerdict::WithholdRemovals | GuardVerdict::WithholdInDoubt => None,
            GuardVerdict::EmptySource => {
                Some(SyncFailure::empty_source(source, columns, self.rows, catalog.item_count))
            }
            GuardVerdict::KeyChanged => Some(SyncFailure::key_changed(source, self.tally)),
        }
    }
}

impl SourceComparison<'_> {
    /// The first reading of `content`, whose columns are those of `layout`.
    pub(in crate::sync) fn survey<'l>(
        &self,
        content: &dyn FetchedContent,
        layout: &'l ColumnLayout,
        index: &mut KeyIndex,
    ) -> Result<SourceSurvey<'l>, RunStop> {
        index.set_settled_at(self.catalog.settled.as_ref().map(|settled| settled.at));
        self.items.known_items(&mut |key, known| index.know(key, known))?;
        let known = &self.catalog.columns;
        let sample = KeyedSample::new(known, layout.columns());
        let rules = RowRules::new(layout, content.columns(), self.kind.key_column().is_none());
        let expected = |name: &str| CellClass::of_type(self.catalog.column_type(name));
        let header_row = self.source.read_options.header_place();
        let findings = RowFindings::new(layout.columns(), expected, self.catalog.settled_columns(), header_row)
            .with_keys_like(CellClass::of_type(self.catalog.settled_type(layout.key_column())));
        let mut surveyor = SurveyReader::new(index, rules, sample, findings);
        for (row, read) in content.rows()?.zip(1_u64..) {
            surveyor.look(&row?);
            if read % ROWS_PER_CHECK == 0 {
                self.items.stop_if_asked()?;
            }
        }
        let mut survey = surveyor.finish(self, content)?;
        if let Some(mismatch) = survey.mismatch.take().filter(|_| !self.source.read_options.accept_header_mismatch) {
            return Err(mismatch.into());
        }
        survey.tally.settled = self.catalog.settled_count.unwrap_or(survey.tally.live);
        Ok(survey)
    }

    /// What the cells of a column are: what its kind says, else what was told from them. Where only the newest entries
    /// are here, the others that the catalog has have a say too.
    fn column_type(
        &self,
        content: &dyn FetchedContent,
        layout: &ColumnLayout,
        at: usize,
        told: Option<ColumnType>,
    ) -> ColumnType {
        if let Some(known) = content.column_type(at) {
            return known;
        }
        let stored = layout.columns().get(at).map(|name| self.catalog.column_type(name)).unwrap_or_default();
        match told {
            None => stored,
            Some(told) if content.is_whole() || self.catalog.item_count == 0 || told == stored => told,
            Some(_) => ColumnType::Text,
        }
    }
}

/// The first reading: gives each key to the first row that has it and collects what cannot be taken.
struct SurveyReader<'i, 'l> {
    index: &'i mut KeyIndex,
    rules: RowRules<'l>,
    readings: Vec<ColumnReading>,
    sample: KeyedSample,
    keyless: KeylessRows,
    notes: RowNotes,
    rows: u64,
    rejected: u64,
    issues: IssueList,
    findings: RowFindings,
    /// Whether rows or keys may have been misread.
    doubtful: bool,
    /// Whether a formula without a saved value stands in a row that counts.
    has_unsaved_formula: bool,
}

impl<'i, 'l> SurveyReader<'i, 'l> {
    /// Begins a survey of rows under these rules.
    fn new(index: &'i mut KeyIndex, rules: RowRules<'l>, sample: KeyedSample, findings: RowFindings) -> Self {
        let columns = rules.layout().columns().len();
        Self {
            index,
            rules,
            readings: vec![ColumnReading::default(); columns],
            sample,
            keyless: KeylessRows::new(columns),
            notes: RowNotes::default(),
            rows: 0,
            rejected: 0,
            issues: IssueList::default(),
            findings,
            doubtful: false,
            has_unsaved_formula: false,
        }
    }

    /// Looks at one row.
    fn look(&mut self, row: &TextRow) {
        self.rows += 1;
        let layout = self.rules.layout();
        let sort = self.rules.sort(row);
        if sort == RowSort::Header {
            return self.notes.repeated_header(row.number);
        }
        self.findings.look(row, layout, self.index);
        for mend in &row.mended {
            if self.findings.take_common(row.number, mend) {
                continue;
            }
            let column = mend.column.and_then(|position| layout.columns().get(position)).cloned();
            let reason = mend.what.clone();
            self.issues.push(Issue { row: Some(row.number), column, kind: IssueKind::Noted, reason });
        }
        match sort {
            RowSort::Header => return,
            RowSort::Refused(reason) => {
                if let KeyCell::Key(key) = KeyCell::in_row(row, layout.key_position()) {
                    self.index.keep(key);
                }
                self.findings.doubt_shape();
                self.refuse(row.number, None, reason.to_owned());
            }
            RowSort::Unfilled => return,
            RowSort::Unkeyed(KeyCell::Missing) if !row.surplus => self.keyless.push(row),
            RowSort::Unkeyed(cell) => {
                // What the key is when the formula works nobody knows: its item may seem gone.
                self.doubtful |= matches!(cell, KeyCell::SheetWord(_) | KeyCell::UnsavedFormula);
                self.has_unsaved_formula |= cell == KeyCell::UnsavedFormula;
                self.refuse(
                    row.number,
                    Some(layout.key_column()),
                    cell.refusal(layout.key_column()).unwrap_or_default(),
                );
            }
            RowSort::Surplus(key) => {
                self.index.keep(key);
                self.findings.doubt_shape();
                let reason = format!(
                    "The row has more cells than the header has columns ({}). Is a separator or a quote out of place?",
                    layout.columns().len()
                );
                self.refuse(row.number, None, reason);
            }
            RowSort::Keyed(key) => self.take(row, key),
        }
        if self.rules.is_table() {
            self.notes.look_for_words(row);
        }
    }

    /// Gives a row its key, unless another has it.
    fn take(&mut self, row: &TextRow, key: &str) {
        self.doubtful |= key_doubt::is_undecoded(row, key, self.rules.layout());
        self.has_unsaved_formula |= !row.unsaved_formulas.is_empty();
        let key_column = self.rules.layout().key_column();
        match self.index.claim(key, place(row)) {
            KeyClaim::Duplicate(first) => {
                self.findings.note_odd_width(self.odd_width(row));
                let reason = format!(
                    "Duplicate key “{}” (first seen in row {}). Give each row a key of its own and sync again.",
                    shortened(key),
                    grouped(u64::from(first))
                );
                return self.refuse(row.number, Some(key_column), reason);
            }
            KeyClaim::TakenFrom(earlier) => {
                self.notes.respelled_lost(u64::from(earlier));
                let reason = format!(
                    "Duplicate key “{}” (also in row {}, spelled as in the catalog). Give each row a key of its own and \
                     sync again.",
                    shortened(key),
                    grouped(row.number)
                );
                self.refuse(u64::from(earlier), Some(key_column), reason);
            }
            KeyClaim::TakenByForm => self.notes.respelled(row.number, key),
            KeyClaim::Taken => {}
        }
        for (reading, cell) in self.readings.iter_mut().zip(self.rules.values(row)) {
            reading.look(cell);
        }
        let (odd_width, has_odd_key) = (self.odd_width(row), self.has_odd_key(row, key));
        if self.index.is_unsettled(key, place(row)) {
            // It may be the row of an item with another key. A run that keeps such an item adds this one.
            self.findings.note_odd_width(odd_width);
            self.findings.look_at_new_key(row, key, self.rules.layout());
            if has_odd_key {
                self.findings.doubt_shape();
            }
        }
        self.keyless.look_at_keyed(row);
        self.sample.look(row, key, self.index);
    }

    /// How many cells a row has, where that is another number than the header has.
    fn odd_width(&self, row: &TextRow) -> Option<usize> {
        row.width.filter(|width| *width != self.rules.layout().columns().len())
    }

    /// Whether the key of a row may have been misread.
    fn has_odd_key(&mut self, row: &TextRow, key: &str) -> bool {
        let layout = self.rules.layout();
        self.issues_of_key(key_doubt::line_break_note(row, key, layout)) || key_doubt::is_inexact(row, layout)
    }

    fn issues_of_key(&mut self, note: Option<Issue>) -> bool {
        note.map(|note| self.issues.push(note)).is_some()
    }

    fn refuse(&mut self, row: u64, column: Option<&str>, reason: String) {
        self.rejected += 1;
        let column = column.map(str::to_owned);
        self.issues.push(Issue { row: Some(row), column, kind: IssueKind::Refused, reason });
    }

    /// What was found.
    fn finish(
        mut self,
        comparison: &SourceComparison<'_>,
        content: &dyn FetchedContent,
    ) -> Result<SourceSurvey<'l>, RunStop> {
        let layout = self.rules.layout();
        let told = self.readings.iter().map(ColumnReading::column_type);
        let types = told.enumerate().map(|(at, told)| comparison.column_type(content, layout, at, told)).collect();
        let equal = self.index.settle();
        if self.index.lacks_spellings() {
            comparison.items.known_items(&mut |key, _| self.index.spell(key))?;
        }
        let renamed = comparison.renamed(&self.sample, self.index)?;
        let columns = comparison.column_notes(&self.sample, &renamed, content.left_out_columns());
        self.rules.set_fillers(self.keyless.fillers());
        let keyless = std::mem::replace(&mut self.keyless, KeylessRows::new(0)).split();
        let reason = KeyCell::Missing.refusal(layout.key_column()).unwrap_or_default();
        keyless.filled.iter().for_each(|&row| self.refuse(row, Some(layout.key_column()), reason.clone()));
        self.rejected += keyless.unlisted;
        self.issues.count += keyless.unlisted;
        let has_loading_header = self.rules.is_table() && has_loading_header(content.columns());
        let has_pending = self.has_unsaved_formula || self.notes.has_loading() || has_loading_header;
        let Self { index, rules, rows, rejected, issues: others, doubtful, notes, findings, .. } = self;
        let RowsFound { notes: found, is_doubtful, mismatch } = findings.finish(layout.columns(), index)?;
        let header_row = comparison.source.read_options.header_place();
        // Notes come first: of the others only so many are kept.
        let mut issues = IssueList::default();
        columns.iter().cloned().for_each(|note| issues.push(note));
        left_out_notes(comparison.source, content).for_each(|note| issues.push(note));
        if rules.is_table() {
            header_word_notes(content.columns(), layout, header_row).into_iter().for_each(|note| issues.push(note));
        }
        header_note(content.columns(), layout, comparison.source).into_iter().for_each(|note| issues.push(note));
        notes
            .into_issues(layout, &comparison.source.noun, &keyless, equal)
            .into_iter()
            .for_each(|note| issues.push(note));
        issues.append(found);
        issues.append(others);
        issues.kept.sort_by_key(|issue| issue.row);
        let tally = ChangeTally { doubtful: doubtful || is_doubtful, ..index.tally() };
        Ok(SourceSurvey { tally, rows, rejected, issues, types, columns, renamed, mismatch, rules, has_pending })
    }
}
