//! The first reading of a source. Everything about its size and shape is known, and judged, before the first write.

use super::columns::Sample;
use super::compare::{KeyIndex, Standing, place};
use super::outcome::{Stopped, count};
use super::row_findings::{RowFindings, RowsFound};
use super::run::Run;
use crate::domain::cell_class::CellClass;
use crate::domain::column_type::{ColumnReading, ColumnType};
use crate::domain::guards::{Tally, Verdict};
use crate::domain::issue::{Issue, IssueKind, Issues};
use crate::domain::item::{KEY_MAX_BYTES, Layout};
use crate::domain::operation::Stage;
use crate::domain::progress::Stats;
use crate::domain::row::{Row, shortened};
use crate::domain::row_shape::HeaderMismatch;
use crate::fetch::Content;
use crate::store::lease::Progress;

/// Rows between two looks at whether the run should end.
const LOOK_EVERY: u64 = 1000;

/// What the first reading of a source found.
pub(super) struct Survey {
    /// What it would do to the catalog.
    pub(super) tally: Tally,
    /// Rows in all, taken or not.
    pub(super) rows: u64,
    /// Rows that are not taken.
    pub(super) rejected: u64,
    /// Why, and what was mended.
    pub(super) issues: Issues,
    /// What the cells of each column are.
    pub(super) types: Vec<ColumnType>,
    /// What became of the columns.
    pub(super) columns: Vec<Issue>,
    /// That the header is not that of the rows.
    mismatch: Option<HeaderMismatch>,
}

impl Run<'_> {
    fn empty_source(&self) -> Stopped {
        let message = format!(
            "The source has no rows to take. Nothing was changed: the catalog keeps its {}.",
            count(&self.source, self.catalog.item_count),
        );
        Stopped::Failed { code: "empty_source", message }
    }

    /// The first reading.
    pub(super) fn survey(
        &self,
        content: &dyn Content,
        layout: &Layout,
        index: &mut KeyIndex,
    ) -> Result<Survey, Stopped> {
        let Stats { feeds, articles, .. } = self.reporter.now().stats;
        let fetched = Stats { bytes: content.bytes(), lines: content.lines(), feeds, articles, ..Stats::default() };
        let percent = self.weights.percent(Stage::Fetching, 1, 1);
        let message = format!("Comparing with the {} of the catalog…", self.source.noun.many);
        let mut progress = Progress { stage: Stage::Processing, message, percent, stats: fetched };
        self.reporter.set(progress.clone());
        self.known_items(|key, known| index.know(key, known))?;
        let sample = Sample::new(&self.catalog.columns, content.columns());
        let expected = |name: &str| CellClass::of_type(self.catalog.column_type(name));
        let findings = RowFindings::new(content.columns(), expected);
        let mut surveyor = Surveyor::new(index, layout, content.columns(), &self.source.key_column, sample, findings);
        for (row, read) in content.rows()?.zip(1_u64..) {
            surveyor.look(&row?);
            if read % LOOK_EVERY == 0
                && let Some(reason) = self.signal.reason()
            {
                return Err(Stopped::Early(reason));
            }
        }
        let told = surveyor.readings.iter().map(ColumnReading::column_type);
        let types = told.enumerate().map(|(at, told)| self.column_type(content, at, told)).collect();
        let columns = self.column_notes(&surveyor.sample)?;
        let mut survey = surveyor.finish(types, columns)?;
        if let Some(mismatch) = survey.mismatch.filter(|_| !self.source.read_options.accept_header_mismatch) {
            let message = format!("{} Nothing was changed.", mismatch.message());
            return Err(Stopped::Failed { code: HeaderMismatch::CODE, message });
        }
        survey.tally.settled = self.catalog.settled_count.unwrap_or(survey.tally.live);
        progress.stats.items.total = survey.rows;
        self.reporter.set(progress);
        Ok(survey)
    }

    /// What the cells of a column are: what its kind says, else what was told from them. Where only the newest entries
    /// are here, the others that the catalog has have a say too.
    fn column_type(&self, content: &dyn Content, at: usize, told: Option<ColumnType>) -> ColumnType {
        if let Some(known) = content.column_type(at) {
            return known;
        }
        let stored = content.columns().get(at).map(|name| self.catalog.column_type(name)).unwrap_or_default();
        match told {
            None => stored,
            Some(told) if content.is_whole() || self.catalog.item_count == 0 || told == stored => told,
            Some(_) => ColumnType::Text,
        }
    }

    /// Stops a run whose source cannot be right, before the first write.
    pub(super) fn refuse(&self, survey: &Survey, verdict: Verdict) -> Result<(), Stopped> {
        if matches!(verdict, Verdict::Apply | Verdict::WithholdRemovals) {
            return Ok(());
        }
        let mut progress = self.reporter.now();
        progress.stats.items.processed = survey.rows;
        progress.stats.rejected = survey.rejected;
        self.reporter.set(progress);
        if verdict == Verdict::EmptySource {
            return Err(self.empty_source());
        }
        let tally = survey.tally;
        let message = format!(
            "Did the key column change? {} of the catalog's {} would go and {} would come. Nothing was changed. \
             If this is meant, choose “Sync anyway”.",
            tally.removals,
            count(&self.source, tally.live),
            tally.additions,
        );
        Err(Stopped::Failed { code: "key_changed", message })
    }
}

/// The first reading: gives each key to the first row that has it and collects what cannot be taken.
struct Surveyor<'a> {
    index: &'a mut KeyIndex,
    layout: &'a Layout,
    columns: &'a [String],
    key_column: &'a str,
    readings: Vec<ColumnReading>,
    sample: Sample,
    rows: u64,
    rejected: u64,
    issues: Issues,
    findings: RowFindings,
    /// Whether rows or keys may have been misread.
    doubtful: bool,
}

impl<'a> Surveyor<'a> {
    /// Begins a survey of a source with these columns.
    fn new(
        index: &'a mut KeyIndex,
        layout: &'a Layout,
        columns: &'a [String],
        key_column: &'a str,
        sample: Sample,
        findings: RowFindings,
    ) -> Self {
        let readings = vec![ColumnReading::default(); columns.len()];
        Self {
            index,
            layout,
            columns,
            key_column,
            readings,
            sample,
            rows: 0,
            rejected: 0,
            issues: Issues::default(),
            findings,
            doubtful: false,
        }
    }

    /// Looks at one row.
    fn look(&mut self, row: &Row) {
        self.rows += 1;
        self.findings.look(row, self.layout, self.index);
        for mend in &row.mended {
            if self.findings.take_common(row.number, mend) {
                continue;
            }
            let column = mend.column.and_then(|position| self.columns.get(position)).cloned();
            let reason = mend.what.clone();
            self.issues.push(Issue { row: Some(row.number), column, kind: IssueKind::Noted, reason });
        }
        let key = self.layout.key(&row.cells);
        if let Some(reason) = &row.refusal {
            self.findings.doubt_shape();
            self.refuse(row, None, reason.clone());
        } else if key.is_empty() {
            self.refuse(
                row,
                Some(self.key_column),
                format!("There is nothing in the key column “{}”.", self.key_column),
            );
        } else if key.len() > KEY_MAX_BYTES {
            let reason = format!(
                "The key “{}” is longer than {KEY_MAX_BYTES} bytes. Is “{}” the column that tells entries apart?",
                shortened(key),
                self.key_column
            );
            self.refuse(row, Some(self.key_column), reason);
        } else if row.surplus {
            self.index.keep(key);
            self.findings.doubt_shape();
            let reason = format!(
                "The row has more cells than the header has columns ({}). Is a separator or a quote out of place?",
                self.columns.len()
            );
            self.refuse(row, None, reason);
        } else if let Err(first) = self.index.claim(key, place(row)) {
            if self.is_ragged(row) {
                self.findings.doubt_shape();
            }
            let reason =
                format!("The key “{}” stands in row {first} already; the first row was taken.", shortened(key));
            self.refuse(row, Some(self.key_column), reason);
        } else {
            for (reading, cell) in self.readings.iter_mut().zip(&row.cells) {
                reading.look(cell);
            }
            let is_odd = self.is_ragged(row) || self.has_odd_key(row, key);
            if is_odd && self.index.standing(self.layout, row) == Some(Standing::New) {
                // It may be the row of an item with another key.
                self.findings.doubt_shape();
            }
            self.sample.look(row, self.layout, self.index);
        }
    }

    /// Whether a row has another number of cells than the header.
    fn is_ragged(&self, row: &Row) -> bool {
        row.width.is_some_and(|width| width != self.columns.len())
    }

    /// Whether the key of a row may have been misread.
    fn has_odd_key(&mut self, row: &Row, key: &str) -> bool {
        let position = self.layout.key_position();
        let has_break = row.spans_lines && key.contains(['\n', '\r']);
        if has_break {
            let reason = "The key has a line break in it. Is it there by mistake?".to_owned();
            let column = self.columns.get(position).cloned();
            self.issues.push(Issue { row: Some(row.number), column, kind: IssueKind::Noted, reason });
        }
        has_break || row.mended.iter().any(|mend| mend.column == Some(position))
    }

    fn refuse(&mut self, row: &Row, column: Option<&str>, reason: String) {
        self.rejected += 1;
        let column = column.map(str::to_owned);
        self.issues.push(Issue { row: Some(row.number), column, kind: IssueKind::Refused, reason });
    }

    /// What was found.
    fn finish(self, types: Vec<ColumnType>, columns: Vec<Issue>) -> Result<Survey, Stopped> {
        let Self { index, rows, rejected, issues: others, doubtful, findings, .. } = self;
        let RowsFound { notes, is_doubtful, mismatch } = findings.finish(self.columns, index)?;
        // The header is the first row.
        let mut issues = Issues::default();
        columns.iter().cloned().for_each(|note| issues.push(note));
        issues.append(notes);
        issues.append(others);
        let tally = Tally { doubtful: doubtful || is_doubtful, ..index.tally() };
        Ok(Survey { tally, rows, rejected, issues, types, columns, mismatch })
    }
}
