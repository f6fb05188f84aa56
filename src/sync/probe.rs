//! Probes a place: fetches it as a sync would, shows its columns and first rows, and forecasts what a sync would do. A
//! probe writes nothing.

mod forecast;
mod stored_catalog;

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use parking_lot::Mutex;

use self::forecast::{SyncForecast, forecast_sync};
use self::stored_catalog::{StoredCatalog, as_fetch_error};
use super::engine::SyncEngine;
use super::run::column_changes::NO_KEY_COLUMN;
use super::run::comparison::SourceComparison;
use super::run::hidden_columns::exclude_hidden_columns;
use super::run::run_stop::RunStop;
use super::run_signal::StopReason;
use crate::domain::feed::FeedRecord;
use crate::domain::issue::{Issue, IssueKind, IssueList};
use crate::domain::read_options::ReadSetting;
use crate::domain::rows::header_row::{MAX_SEARCHED_ROWS, likely_header};
use crate::domain::rows::key_column::KeyHints;
use crate::domain::rows::row::TextRow;
use crate::domain::run_text::check::{CHECK_STOPPED, NOT_COMPARED};
use crate::domain::run_text::sync_failure::SyncFailure;
use crate::domain::source::Source;
use crate::domain::source_probe::{ProbeError, SourceProbe, SourceTabs};
use crate::domain::text::comparable_form::position_of;
use crate::fetch::{
    EmptyItemLookup, FetchError, FetchObserver, FetchedContent, SourceKind, fetch_everything, find_key_candidates,
};

/// The time limit of the fetch, and also of the comparison with the catalog after it. A person waits for the page.
const PROBE_TIMEOUT: Duration = Duration::from_secs(30);
/// How many rows are shown.
const MAX_SHOWN_ROWS: usize = 20;
/// How many notes about rows are shown.
const MAX_SHOWN_NOTES: usize = 20;

/// Probes the place of a source, which may not be saved yet, and compares it with the catalog of the source.
///
/// # Errors
/// [`ProbeError`] with the code and message that a sync would fail with: the place cannot be fetched or read, or the
/// catalog cannot be read.
pub(super) fn probe_source(
    engine: &SyncEngine,
    kind: &dyn SourceKind,
    source: &Source,
) -> Result<SourceProbe, ProbeError> {
    let observer = ProbeObserver::default();
    let result = fetch_and_compare(engine, kind, source, &observer);
    observer.complete(result)
}

fn fetch_and_compare(
    engine: &SyncEngine,
    kind: &dyn SourceKind,
    source: &Source,
    observer: &ProbeObserver,
) -> Result<SourceProbe, FetchError> {
    let timeout = PROBE_TIMEOUT.min(engine.timeouts.fetch);
    let content = fetch_everything(kind, source, timeout, observer)?;
    let content = exclude_hidden_columns(source, content);
    let catalog = engine.store.find_catalog(source.id).map_err(|error| as_fetch_error(error.into()))?;
    let catalog = &catalog.unwrap_or_default();
    let stored = StoredCatalog { store: &engine.store, source: source.id, deadline: Instant::now() + timeout };
    describe_content(&SourceComparison { source, catalog, kind, items: &stored, lookup: &stored }, &*content)
}

/// Describes `content` and forecasts a sync of it. A source that is not saved yet has no key column, so the most likely
/// column is used. If there is none, issues with keys are left out.
fn describe_content(
    comparison: &SourceComparison<'_>,
    content: &dyn FetchedContent,
) -> Result<SourceProbe, FetchError> {
    let SourceComparison { source, kind, lookup, .. } = *comparison;
    let columns = content.columns().to_vec();
    let is_new = source.key_column.is_empty();
    // Other key columns are proposed only if the source no longer has its own key column.
    let has_lost_key = !is_new && position_of(&columns, &source.key_column).is_none();
    let KeyHints { unique: keys, search: key_search, known } =
        find_key_candidates(content, if has_lost_key { lookup } else { &EmptyItemLookup })?;
    let mut rows: Vec<TextRow> = content.rows()?.take(MAX_SEARCHED_ROWS).collect::<Result<_, _>>()?;
    let can_set_header_row = kind.read_settings().contains(&ReadSetting::HeaderRow);
    let is_header_proposed = is_new && can_set_header_row && source.read_options.header_row.is_none();
    let likely_header = if is_header_proposed { likely_header(&columns, &rows) } else { None };
    rows.truncate(MAX_SHOWN_ROWS);
    let SyncForecast { failure, issues, problems, row_count } = match forecast_sync(comparison, content, &keys) {
        // The content can be shown without the comparison.
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
        key_search,
        row_count,
        tabs: SourceTabs::default(),
        known,
        bytes: content.byte_count(),
        title: None,
        feeds: Vec::new(),
        missing_key: failure.as_ref().filter(|failure| failure.code == NO_KEY_COLUMN).map(SyncFailure::cause_message),
        notes: noted.take(MAX_SHOWN_NOTES).map(Issue::with_place).collect(),
        failure,
        issues,
        problems,
        likely_header,
        hidden_columns: content.hidden_columns().to_vec(),
    })
}

/// Collects what the fetch of a probe observes. A probe is never cancelled: it ends at its time limit.
#[derive(Default)]
struct ProbeObserver {
    feeds: Mutex<Vec<FeedRecord>>,
    title: Mutex<Option<String>>,
    tabs: Mutex<SourceTabs>,
    issues: Mutex<IssueList>,
}

impl ProbeObserver {
    /// Adds the feeds, the title and the issues of the fetch to the result of the probe.
    fn complete(self, result: Result<SourceProbe, FetchError>) -> Result<SourceProbe, ProbeError> {
        let tabs = self.tabs.into_inner();
        match result {
            Ok(probe) => {
                let mut issues = self.issues.into_inner();
                let notes = issues.kept.iter().map(Issue::with_place).chain(probe.notes).collect();
                issues.append(probe.issues);
                let (feeds, title) = (self.feeds.into_inner(), self.title.into_inner());
                Ok(SourceProbe { feeds, title, tabs, notes, issues, ..probe })
            }
            Err(error) => Err(ProbeError { feeds: self.feeds.into_inner(), tabs, ..probe_error(error) }),
        }
    }
}

/// Converts the failure of a fetch to the failure of a probe.
pub(super) fn probe_error(error: FetchError) -> ProbeError {
    let (code, message) = match error {
        FetchError::Failed { code, message } => (code, message),
        FetchError::Stopped => ("stopped", CHECK_STOPPED.to_owned()),
    };
    ProbeError { code, message, feeds: Vec::new(), tabs: SourceTabs::default() }
}

impl FetchObserver for ProbeObserver {
    fn report_received(&self, _: u64, _: Option<u64>) {}

    fn report_wait(&self, _: &str, _: DateTime<Utc>) {}

    fn report_issue(&self, issue: Issue) {
        self.issues.lock().push(issue);
    }

    fn report_feeds(&self, feeds: Vec<FeedRecord>) {
        *self.feeds.lock() = feeds;
    }

    fn report_title(&self, title: &str) {
        *self.title.lock() = Some(title.to_owned());
    }

    fn report_tabs(&self, tabs: SourceTabs) {
        *self.tabs.lock() = tabs;
    }

    fn should_stop(&self) -> bool {
        false
    }
}
