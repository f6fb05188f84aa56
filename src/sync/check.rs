//! A check of a source: what its content is, and what a sync of it would say. It reads as a sync reads, compares with
//! the same catalog, and writes nothing.

use std::collections::HashMap;
use std::time::Instant;

use super::run::column_changes::{NO_KEY_COLUMN, column_layout};
use super::run::comparison::{SourceComparison, StoredItems};
use super::run::key_index::KeyIndex;
use super::run::run_stop::RunStop;
use super::run::survey::survey_reader::read_survey;
use super::run_signal::StopReason;
use crate::domain::change_set::KnownItem;
use crate::domain::guards::GuardVerdict;
use crate::domain::issue::{Issue, IssueKind, IssueList};
use crate::domain::item::parse_fields;
use crate::domain::read_options::ReadSetting;
use crate::domain::rows::header_row::{SEARCHED_ROWS, likely_header};
use crate::domain::rows::key_column::KeyHints;
use crate::domain::rows::row::TextRow;
use crate::domain::run_text::would_keep;
use crate::domain::source::{Source, SourceId};
use crate::domain::source_probe::{SourceProbe, problems_of_rows};
use crate::domain::sync_failure::SyncFailure;
use crate::domain::text::comparable_form::position_of;
use crate::fetch::{EmptyItemLookup, FetchError, FetchedContent, ItemLookup, find_key_candidates};
use crate::store::Store;

/// How many rows are shown.
const SHOWN_ROWS: usize = 20;
/// How many notes about rows are shown.
const SHOWN_NOTES: usize = 20;

/// What is said where the comparison with the catalog was not finished in time.
const NOT_COMPARED: &str = "The rows were not all compared with the catalog, because that takes too long for a check. \
                            Start a preview of the sync to see all that it would say.";

/// The catalog of a source while no run has it, for a comparison that ends at `until`: a person waits for it.
pub(super) struct StoredCatalog<'a> {
    pub(super) store: &'a Store,
    pub(super) source: SourceId,
    pub(super) until: Instant,
}

impl StoredItems for StoredCatalog<'_> {
    fn for_each_known_item(&self, each: &mut dyn FnMut(&str, KnownItem)) -> Result<(), RunStop> {
        let mut after = String::new();
        loop {
            self.check_stop()?;
            let page = self.store.known_items(self.source, &after)?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after.clone_from(last);
            page.iter().for_each(|(key, known)| each(key, *known));
        }
    }

    fn stored_fields(&self, keys: &[&str]) -> Result<HashMap<String, String>, RunStop> {
        Ok(self.store.stored_fields(self.source, keys)?)
    }

    fn check_stop(&self) -> Result<(), RunStop> {
        if Instant::now() < self.until { Ok(()) } else { Err(RunStop::Early(StopReason::TimedOut)) }
    }
}

impl ItemLookup for StoredCatalog<'_> {
    fn find_fields(&self, keys: &[&str]) -> Result<HashMap<String, Vec<(String, String)>>, FetchError> {
        let stored = self.stored_fields(keys).map_err(as_fetch_error)?;
        Ok(stored.into_iter().filter_map(|(key, fields)| Some((key, parse_fields(&fields).ok()?))).collect())
    }
}

pub(super) fn as_fetch_error(stopped: RunStop) -> FetchError {
    stopped.into_fetch_error(|error| log::error!("a catalog could not be asked: {error}"))
}

/// What a sync would say of a source.
#[derive(Default)]
struct SyncForecast {
    failure: Option<SyncFailure>,
    issues: IssueList,
    problems: Vec<String>,
}

/// Looks at `content` as a sync would. A source that is not added yet has no key column: the likely one is taken, and
/// nothing is said of keys where there is none.
pub(super) fn check(
    comparison: &SourceComparison<'_>,
    content: &dyn FetchedContent,
) -> Result<SourceProbe, FetchError> {
    let SourceComparison { source, kind, lookup, .. } = *comparison;
    let columns = content.columns().to_vec();
    let is_new = source.key_column.is_empty();
    // With its key column there nobody asks for another.
    let lost_key = !is_new && position_of(&columns, &source.key_column).is_none();
    let KeyHints { different: keys, known } =
        find_key_candidates(content, if lost_key { lookup } else { &EmptyItemLookup })?;
    let mut rows: Vec<TextRow> = content.rows()?.take(SEARCHED_ROWS).collect::<Result<_, _>>()?;
    let offers_header_row = kind.read_settings().contains(&ReadSetting::HeaderRow);
    let offered = is_new && offers_header_row && source.read_options.header_row.is_none();
    let likely_header = if offered { likely_header(&columns, &rows) } else { None };
    rows.truncate(SHOWN_ROWS);
    let SyncForecast { failure, issues, problems } = match forecast(comparison, content, &keys) {
        // What the source holds can be shown all the same.
        Err(RunStop::Early(StopReason::TimedOut)) => {
            SyncForecast { problems: vec![NOT_COMPARED.to_owned()], ..SyncForecast::default() }
        }
        other => other.map_err(as_fetch_error)?,
    };
    let noted = issues.kept.iter().filter(|issue| issue.kind == IssueKind::Noted);
    Ok(SourceProbe {
        columns,
        rows,
        keys,
        known,
        bytes: content.byte_count(),
        title: None,
        feeds: Vec::new(),
        missing_key: failure.as_ref().filter(|failure| failure.code == NO_KEY_COLUMN).map(SyncFailure::cause),
        notes: noted.take(SHOWN_NOTES).map(Issue::with_place).collect(),
        failure,
        issues,
        problems,
        likely_header,
        hidden_columns: content.hidden_columns().to_vec(),
    })
}

fn forecast(
    comparison: &SourceComparison<'_>,
    content: &dyn FetchedContent,
    keys: &[String],
) -> Result<SyncForecast, RunStop> {
    let SourceComparison { source, kind, catalog, .. } = *comparison;
    let is_new = source.key_column.is_empty();
    let own_key = kind.key_column().map(str::to_owned);
    let proposed = own_key.clone().or_else(|| keys.first().cloned());
    let has_key = !is_new || proposed.is_some();
    let key_column = if is_new {
        proposed.or_else(|| content.columns().first().cloned()).unwrap_or_default()
    } else {
        source.key_column.clone()
    };
    let keyed = Source { key_column, ..source.clone() };
    let comparison = SourceComparison { source: &keyed, ..*comparison };
    let failed = |failure| Ok(SyncForecast { failure: Some(failure), ..SyncForecast::default() });
    let layout = match column_layout(&comparison, content) {
        Err(RunStop::Refused(failure)) => return failed(failure),
        other => other?,
    };
    let mut index = KeyIndex::with_capacity(catalog.item_count);
    let mut survey = match read_survey(&comparison, content, &layout, &mut index) {
        Err(RunStop::Refused(failure)) => return failed(failure),
        other => other?,
    };
    let is_of_key = |issue: &Issue| issue.column.as_deref() == Some(layout.key_column());
    if !has_key {
        survey.issues.kept.retain(|issue| !is_of_key(issue));
        survey.issues.count = survey.issues.kept.len() as u64;
        survey.rejected = survey.issues.kept.iter().filter(|issue| issue.kind == IssueKind::Refused).count() as u64;
    }
    // Without a key nobody knows which rows can be taken.
    let is_judged = content.is_complete() && (has_key || survey.rows == 0);
    let verdict = if is_judged { survey.tally.judge(false) } else { GuardVerdict::Apply };
    let comparison = SourceComparison { source, ..comparison };
    let failure = survey.failure(&comparison, content.columns(), verdict);
    let skipped: Vec<&Issue> = survey.issues.kept.iter().filter(|issue| issue.kind == IssueKind::Refused).collect();
    let better = keys.first().filter(|_| !is_new && skipped.iter().any(|issue| is_of_key(issue)));
    let mut problems = Vec::new();
    if own_key.is_none() {
        problems = problems_of_rows(source, survey.rejected, &skipped, better.map(String::as_str));
    }
    if matches!(verdict, GuardVerdict::WithholdRemovals | GuardVerdict::WithholdInDoubt) {
        let is_in_doubt = verdict == GuardVerdict::WithholdInDoubt;
        problems.push(format!("A sync would {}", would_keep(&source.noun, survey.tally.removals, is_in_doubt)));
    }
    Ok(SyncForecast { failure, problems, issues: survey.issues })
}
