//! The first step of a run: its source comes here, and whoever watches is told how far it is.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use parking_lot::Mutex;

use super::RunContext;
use super::outcome::{RunFindings, RunStop};
use crate::domain::feed::FeedRecord;
use crate::domain::feed_counts::FeedCounts;
use crate::domain::issue::{Issue, IssueList};
use crate::domain::item::parse_fields;
use crate::domain::operation::{Mode, OperationKind, RunPriority, Stage};
use crate::domain::progress::ProgressCount;
use crate::domain::source::Validators;
use crate::fetch::{FetchError, FetchObserver, FetchOutcome, FetchProgress, FetchRequest, ItemLookup};
use crate::sync::run_log;

impl RunContext<'_> {
    /// Brings the source's content here, or learns that nothing is new.
    pub(super) fn fetch(&self, findings: &mut RunFindings) -> Result<FetchOutcome, RunStop> {
        let none = Validators::default();
        // A preview compares with the catalog, so it has to see everything.
        // A catalog that was synced before columns had types has to be read once to tell them.
        let untold = self.catalog.column_types.is_empty() && !self.catalog.columns.is_empty();
        // So has a public one that was synced before hidden columns were left out.
        let unsifted =
            self.source.public && self.kind.can_hide_columns() && !self.catalog.validators.without_hidden_columns;
        let sync = self.operation.kind == OperationKind::Sync && !untold && !unsifted;
        let validators = if sync { &self.catalog.validators } else { &none };
        let forced = self.operation.options.force_refresh || self.operation.options.accept_rekey;
        let mode = if forced { Mode::Full } else { self.operation.mode };
        let sync = Some(self.operation.id);
        let feeds = self.outlast(|| self.engine.store.feeds(self.source.id))?;
        let only_failed = self.operation.options.only_failed;
        let order = FetchRequest {
            sync,
            mode,
            validators,
            timeout: self.engine.terms.fetch,
            within: self.signal.time_left(),
            by_hand: only_failed || self.operation.priority == RunPriority::Manual,
            only_failed,
            feeds: &feeds,
            shelf: self,
        };
        let watch = FetchWatch { run: self, found: Mutex::default() };
        let fetched = self.kind.fetch(&self.source, &order, &watch).map_err(RunStop::from);
        let FetchFindings { issues, feeds } = watch.found.into_inner();
        findings.issues = issues;
        findings.fared = feeds.as_deref().and_then(FeedCounts::of);
        // A preview writes nothing, and what it asked is no try of the sync.
        findings.feeds = feeds.filter(|_| self.operation.kind != OperationKind::Preview);
        fetched
    }
}

/// The catalog's items as a fetch may look them up.
impl ItemLookup for RunContext<'_> {
    fn fields(&self, keys: &[&str]) -> Result<HashMap<String, Vec<(String, String)>>, FetchError> {
        let stored = self.outlast(|| self.engine.store.stored_fields(self.source.id, keys));
        let report = |error| run_log::failure(self.operation.id, format_args!("{error}"));
        let stored = stored.map_err(|stopped| stopped.into_fetch_error(report))?;
        // What cannot be read is fetched again.
        Ok(stored.into_iter().filter_map(|(key, fields)| Some((key, parse_fields(&fields).ok()?))).collect())
    }
}

/// What a fetch found beside its content.
#[derive(Default)]
struct FetchFindings {
    issues: IssueList,
    feeds: Option<Vec<FeedRecord>>,
}

/// What a fetch sees of its run.
struct FetchWatch<'a> {
    run: &'a RunContext<'a>,
    found: Mutex<FetchFindings>,
}

impl FetchObserver for FetchWatch<'_> {
    fn received(&self, bytes: u64, total: Option<u64>) {
        let mut progress = self.run.reporter.now();
        // A retry begins anew; what people see does not go back.
        progress.stats.bytes = progress.stats.bytes.max(bytes);
        // Whatever was waited for has come.
        progress.message = self.run.kind.fetching_message(&self.run.source);
        progress.percent = self.run.weights.percent(Stage::Fetching, bytes, total.unwrap_or(0)).max(progress.percent);
        self.run.reporter.set(progress);
    }

    fn waiting(&self, host: &str, until: DateTime<Utc>) {
        let mut progress = self.run.reporter.now();
        progress.message = format!("Rate-limited by {host}, retrying at {} UTC", until.format("%H:%M:%S"));
        self.run.reporter.set(progress);
    }

    fn progress(&self, now: &FetchProgress) {
        let mut progress = self.run.reporter.now();
        let ProgressCount { processed, total } = now.share;
        progress.message.clone_from(&now.message);
        progress.percent = self.run.weights.percent(Stage::Fetching, processed, total).max(progress.percent);
        progress.stats.bytes = progress.stats.bytes.max(now.bytes);
        let stats = &mut progress.stats;
        stats.feeds = now.feeds.map(|now| now.not_before(stats.feeds));
        // They are here. Processed they are when they are compared with the catalog.
        let found = |now: ProgressCount| ProgressCount { processed: 0, total: now.total.max(now.processed) };
        stats.articles = now.articles.map(|now| found(now).not_before(stats.articles));
        self.run.reporter.set(progress);
    }

    fn issue(&self, issue: Issue) {
        self.found.lock().issues.push(issue);
    }

    fn feeds(&self, feeds: Vec<FeedRecord>) {
        self.found.lock().feeds = Some(feeds);
    }

    fn should_stop(&self) -> bool {
        self.run.signal.reason().is_some()
    }
}
