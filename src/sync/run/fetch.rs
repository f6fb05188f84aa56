//! The first step: fetches the source and reports its progress.

use std::time::Instant;

use chrono::{DateTime, Utc};
use parking_lot::Mutex;

use super::context::RunContext;
use super::findings::RunFindings;
use super::hidden_columns::exclude_hidden_columns;
use super::run_stop::RunStop;
use crate::domain::feed::FeedRecord;
use crate::domain::feed_counts::FeedCounts;
use crate::domain::issue::{Issue, IssueList};
use crate::domain::operation::{Mode, RunPriority, Stage};
use crate::domain::progress::ProgressCount;
use crate::domain::run_text::run_progress::rate_limited_message;
use crate::domain::source::Validators;
use crate::fetch::{FetchObserver, FetchOutcome, FetchProgress, FetchRequest};

/// The content that an operation has to fetch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::sync) enum FetchScope {
    /// The content, if it changed since the last sync.
    IfChanged,
    /// The content, whether it changed or not.
    Everything,
}

/// Fetches the content of the source without columns that must not be published, or detects that nothing is new. Issues
/// and feed records go to `findings`, even when the fetch fails.
///
/// # Errors
/// [`RunStop`] when the source cannot be fetched, the database refuses to read the feeds, or the run has to end.
pub(in crate::sync) fn fetch_source(
    context: &RunContext<'_>,
    scope: FetchScope,
    findings: &mut RunFindings,
) -> Result<FetchOutcome, RunStop> {
    let RunContext { engine, operation, source, catalog, .. } = context;
    let no_validators = Validators::default();
    let is_conditional = scope == FetchScope::IfChanged && !must_be_read_again(context);
    let validators = if is_conditional { &catalog.validators } else { &no_validators };
    let is_forced = operation.options.force_refresh || operation.options.accept_rekey;
    let feeds = context.retry_while_unavailable(|| engine.store.feed_records(source.id))?;
    let only_failed = operation.options.only_failed;
    let request = FetchRequest {
        sync_id: Some(operation.id),
        mode: if is_forced { Mode::Full } else { operation.mode },
        validators,
        timeout: engine.timeouts.fetch,
        total_timeout: context.signal.remaining_time(),
        is_manual: only_failed || operation.priority == RunPriority::Manual,
        only_failed,
        feeds: &feeds,
        items: context,
    };
    let observer = RunFetchObserver { context, found: Mutex::default(), first_piece: Mutex::default() };
    let fetched = context.kind.fetch(source, &request, &observer);
    let FetchFindings { issues, feeds } = observer.found.into_inner();
    findings.issues = issues;
    findings.feed_counts = feeds.as_deref().and_then(FeedCounts::from_feeds);
    findings.feeds = feeds;
    Ok(match fetched? {
        FetchOutcome::Content(content) => FetchOutcome::Content(exclude_hidden_columns(source, content)),
        unchanged @ FetchOutcome::Unchanged(_) => unchanged,
    })
}

/// Returns whether the catalog lacks something that only a complete fetch provides: the types of its columns, or, if it
/// is public, a sync that excluded hidden columns.
fn must_be_read_again(context: &RunContext<'_>) -> bool {
    let RunContext { source, catalog, kind, .. } = context;
    let lacks_column_types = catalog.column_types.is_empty() && !catalog.columns.is_empty();
    let may_show_hidden_columns =
        source.public && kind.can_hide_columns() && !catalog.validators.without_hidden_columns;
    lacks_column_types || may_show_hidden_columns
}

/// The findings of a fetch other than the content.
#[derive(Default)]
struct FetchFindings {
    issues: IssueList,
    feeds: Option<Vec<FeedRecord>>,
}

/// How long bytes are received before their rate is reported.
const MIN_RATE_MILLIS: u128 = 500;

/// Passes the observations of a fetch on to the run: progress to its reporter, issues and feeds to its findings.
struct RunFetchObserver<'a> {
    context: &'a RunContext<'a>,
    found: Mutex<FetchFindings>,
    /// When the first bytes of this attempt arrived, and how many.
    first_piece: Mutex<Option<(Instant, u64)>>,
}

impl RunFetchObserver<'_> {
    /// The bytes received per second since the first ones; `None` in the first half second, when it means nothing.
    fn bytes_per_second(&self, bytes: u64) -> Option<u64> {
        let mut first_piece = self.first_piece.lock();
        // A retry starts again at fewer bytes.
        let (began, first) = match *first_piece {
            Some((began, first)) if bytes >= first => (began, first),
            _ => *first_piece.insert((Instant::now(), bytes)),
        };
        let millis = began.elapsed().as_millis();
        let rate = u128::from(bytes - first) * 1000 / millis.max(1);
        u64::try_from(rate).ok().filter(|rate| millis >= MIN_RATE_MILLIS && *rate > 0)
    }
}

impl FetchObserver for RunFetchObserver<'_> {
    fn report_received(&self, bytes: u64, total: Option<u64>) {
        let RunContext { reporter, weights, kind, source, .. } = self.context;
        let mut progress = reporter.current();
        // A retry starts again at zero bytes, but progress must not go back.
        progress.stats.bytes = progress.stats.bytes.max(bytes);
        progress.stats.bytes_total = total.map(|total| total.max(progress.stats.bytes));
        progress.stats.bytes_per_second = self.bytes_per_second(bytes);
        // The wait for the server, if there was one, is over.
        progress.message = kind.fetching_message(source);
        progress.percent = weights.overall_percent(Stage::Fetching, bytes, total.unwrap_or(0)).max(progress.percent);
        reporter.report(progress);
    }

    fn report_wait(&self, host: &str, until: DateTime<Utc>) {
        let mut progress = self.context.reporter.current();
        progress.message = rate_limited_message(host, until);
        progress.stats.bytes_per_second = None;
        *self.first_piece.lock() = None;
        self.context.reporter.report(progress);
    }

    fn report_progress(&self, now: &FetchProgress) {
        let RunContext { reporter, weights, .. } = self.context;
        let mut progress = reporter.current();
        let ProgressCount { processed, total } = now.steps;
        progress.message.clone_from(&now.message);
        progress.percent = weights.overall_percent(Stage::Fetching, processed, total).max(progress.percent);
        progress.stats.bytes = progress.stats.bytes.max(now.bytes);
        let stats = &mut progress.stats;
        stats.feeds = now.feeds.map(|now| now.at_least(stats.feeds));
        // Articles that were fetched count as processed once they are compared with the catalog.
        let found = |now: ProgressCount| ProgressCount { processed: 0, total: now.total.max(now.processed) };
        stats.articles = now.articles.map(|now| found(now).at_least(stats.articles));
        reporter.report(progress);
    }

    fn report_issue(&self, issue: Issue) {
        self.found.lock().issues.push(issue);
    }

    fn report_feeds(&self, feeds: Vec<FeedRecord>) {
        self.found.lock().feeds = Some(feeds);
    }

    fn should_stop(&self) -> bool {
        self.context.signal.stop_reason().is_some()
    }
}
