//! Builds the panel of a source from its live status, its row and the record of its latest run.
//!
//! During a run every open tab polls this every two seconds. An active run therefore costs one status read and, for
//! callers with an account, one row; the record and its lists are read after the end only.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::dismissed_runs::DismissedRuns;
use super::issue_links::IssueLinks;
use super::lines::{ChangeKind, ChangeLine, IssueLine};
use super::run_view::{RunView, duration_ms};
use super::second_steps::{RunSteps, SourceSteps};
use super::view::{DismissedFailure, DismissedRun, PanelView, SourceLinks};
use crate::domain::account::{Actor, Role};
use crate::domain::issue::Issue;
use crate::domain::openable_link::openable_link;
use crate::domain::operation::{Mode, OperationKind, Status};
use crate::domain::progress::RunStats;
use crate::domain::record::SyncRecord;
use crate::domain::run_summary::RunSummary;
use crate::domain::run_text::automatic_retries::retry_label;
use crate::domain::run_text::preview::PREVIEW_OUTDATED_CODE;
use crate::domain::run_text::run_state::last_run_label;
use crate::domain::source::Source;
use crate::domain::status_report::StatusReport;
use crate::domain::sync_id::SyncId;
use crate::web::http::app_state::AppState;
use crate::web::http::error::{WebError, whole_seconds};
use crate::web::layout::freshness_mark::find_mark;
use crate::web::layout::run_labels::{LatestRun, StatusLabels as _};
use crate::web::layout::time_label::time_label;

/// How many issues, and changes of each kind, are listed; more are only counted.
const MAX_LISTED: u32 = 20;
/// How long the page shows a run that ended well.
const RESULT_SHOWN_FOR: TimeDelta = TimeDelta::minutes(10);

/// The source of a panel and its reader.
#[derive(Clone, Copy)]
pub(in crate::web) struct PanelContext<'a> {
    pub(in crate::web) state: &'a AppState,
    pub(in crate::web) source: &'a Source,
    /// The reader; `None` for a visitor.
    pub(in crate::web) actor: Option<&'a Actor>,
}

impl PanelContext<'_> {
    /// The panel of a page: it shows an active run; a run that succeeded, for some minutes; and a run that failed,
    /// until the next one starts. A run whose result the reader dismissed is not shown.
    pub(in crate::web) fn page_panel(&self, dismissed: &DismissedRuns) -> Result<PanelView, WebError> {
        let Some(id) = self.latest_run_id()? else { return self.idle_panel() };
        let Some(report) = self.report(id)? else { return self.idle_panel() };
        if report.summary.status.is_active() {
            return self.active_panel(report, 0);
        }
        let record = self.state.store.find_record(id)?;
        if dismissed.contains(id) {
            let finished_at = record.as_ref().map(|record| record.finished_at);
            return Ok(PanelView { dismissed: Some(self.dismissed_run(&report, finished_at)), ..self.idle_panel()? });
        }
        let is_recent = record.as_ref().is_some_and(|record| Utc::now() - record.finished_at < RESULT_SHOWN_FOR);
        let is_unresolved = match report.summary.status {
            Status::Failed => true,
            Status::Interrupted => report.summary.successor.is_none(),
            Status::Pending | Status::Running | Status::Completed | Status::Cancelled => false,
        };
        if is_recent || is_unresolved { self.finished_panel(report, record, 0) } else { self.idle_panel() }
    }

    /// The panel with the active or latest run, however old it is.
    pub(super) fn latest_panel(&self) -> Result<PanelView, WebError> {
        let panel = match self.latest_run_id()? {
            Some(id) => self.run_panel(id, 0)?,
            None => None,
        };
        panel.map_or_else(|| self.idle_panel(), Ok)
    }

    /// The panel with one run, of which the reader has seen `seen` percent; `None` if this source has no such run.
    pub(super) fn run_panel(&self, id: SyncId, seen: u8) -> Result<Option<PanelView>, WebError> {
        let Some(report) = self.report(id)? else { return Ok(None) };
        if report.summary.status.is_active() {
            return self.active_panel(report, seen).map(Some);
        }
        // The panel follows the new preview at once: nothing was applied.
        if let (Some(PREVIEW_OUTDATED_CODE), Some(preview)) = (report.summary.code.as_deref(), report.summary.successor)
            && let Some(preview) = self.run_panel(preview, 0)?
        {
            return Ok(Some(preview));
        }
        let record = self.state.store.find_record(id)?;
        self.finished_panel(report, record, seen).map(Some)
    }

    /// The status of a run as this reader may see it, if the run belongs to this source.
    pub(in crate::web) fn report(&self, id: SyncId) -> Result<Option<StatusReport>, WebError> {
        let Some(report) = self.state.board.get(id)? else { return Ok(None) };
        // The slug in the report suffices for readers with an account. A visitor must not see a run of a private source
        // that once had this slug.
        let has_same_slug = self.actor.is_some() && report.summary.source == self.source.slug;
        if !has_same_slug && self.state.store.source_of_run(id)? != Some(self.source.id) {
            return Ok(None);
        }
        Ok(if self.actor.is_some() { Some(report) } else { report.for_visitors(&self.source.noun.many) })
    }

    /// The active or latest run that this reader may see.
    pub(in crate::web) fn latest_run_id(&self) -> Result<Option<SyncId>, WebError> {
        // What a preview found is not public.
        let hidden = self.actor.is_none().then_some(OperationKind::Preview);
        Ok(self.state.store.latest_run(self.source.id, hidden)?)
    }

    fn may_sync(&self) -> bool {
        self.actor.is_some_and(|actor| actor.role == Role::Admin)
    }

    fn empty_panel(&self) -> PanelView {
        PanelView {
            links: self.state.links.clone(),
            slug: self.source.slug.to_string(),
            noun_many: self.source.noun.many.clone(),
            may_sync: self.may_sync(),
            ..PanelView::default()
        }
    }

    fn idle_panel(&self) -> Result<PanelView, WebError> {
        let last_success = self.state.store.last_success(self.source.id)?.map(time_label);
        let mut cooldown = Duration::ZERO;
        if self.may_sync() {
            cooldown = self.state.control.remaining_cooldown(self.source.id, OperationKind::Sync)?;
        }
        let feeds = if self.actor.is_some() { self.state.store.feed_counts(self.source.id)? } else { None };
        let review = self.state.store.find_review(self.source.id)?;
        let latest = self.state.store.latest_result(self.source.id)?;
        let latest = latest.map(|latest| LatestRun::new(&latest, review.as_ref()));
        let source_steps = if self.may_sync() {
            SourceSteps::new(&self.state.links, self.source, review.as_ref())
        } else {
            SourceSteps::default()
        };
        let freshness = find_mark(self.state, self.source.id, self.actor)?;
        Ok(PanelView {
            freshness,
            last_success,
            latest,
            cooldown: whole_seconds(cooldown),
            feeds,
            source_steps,
            ..self.empty_panel()
        })
    }

    /// A run whose result the reader dismissed. Readers with an account keep the link to its reason.
    fn dismissed_run(&self, report: &StatusReport, finished_at: Option<DateTime<Utc>>) -> DismissedRun {
        let RunSummary { id, kind, status, .. } = report.summary;
        let has_failed = matches!(status, Status::Failed | Status::Interrupted) && self.actor.is_some();
        let failure = has_failed.then(|| DismissedFailure {
            label: last_run_label(kind, status),
            icon: status.icon(),
            tone: status.tone(),
            finished_at: finished_at.map(time_label),
            details: self.state.links.run(&id),
        });
        DismissedRun { sync_id: id.to_string(), failure }
    }

    /// Where an admin mends the source.
    fn source_links(&self) -> SourceLinks {
        let asked = self.state.control.form_spec(&self.source.kind).map(|spec| spec.asked);
        SourceLinks {
            settings: self.state.links.source(self.source.slug.as_str()),
            place: openable_link(&self.source.location, asked),
        }
    }

    fn active_panel(&self, report: StatusReport, seen: u8) -> Result<PanelView, WebError> {
        let id = report.summary.id;
        let mut run = RunView::of_report(report, seen);
        if self.actor.is_some()
            && let Some(note) = self.state.store.operation_note(id)?
        {
            run.requested_by = Some(note.requested_by);
            run.cancel_requested = note.cancel_requested;
        }
        run.replaces_outdated = self.replaces_outdated(&run, id)?;
        Ok(PanelView { run: Some(run), ..self.empty_panel() })
    }

    fn finished_panel(
        &self,
        report: StatusReport,
        record: Option<SyncRecord>,
        seen: u8,
    ) -> Result<PanelView, WebError> {
        let id = report.summary.id;
        let mut run = RunView::of_report(report, seen);
        run.replaces_outdated = self.replaces_outdated(&run, id)?;
        let mut run_steps = RunSteps::default();
        if let Some(record) = record {
            self.add_record(&mut run, &record)?;
            if self.may_sync() {
                run_steps = RunSteps::of_record(self.state, self.source, &record)?;
            }
        }
        let source_links = (run.status == Status::Failed && self.may_sync()).then(|| self.source_links());
        Ok(PanelView { run: Some(run), source_links, run_steps, ..self.idle_panel()? })
    }

    /// Whether a preview replaces one that could not be applied any more.
    fn replaces_outdated(&self, run: &RunView, id: SyncId) -> Result<bool, WebError> {
        if run.kind != OperationKind::Preview || self.actor.is_none() {
            return Ok(false);
        }
        let before = self.state.store.recent_records(Some(self.source.id), 2)?;
        Ok(before.iter().any(|record| {
            record.summary.successor == Some(id) && record.summary.code.as_deref() == Some(PREVIEW_OUTDATED_CODE)
        }))
    }

    /// Adds what only the record of a finished run has: its counts, its duration and, for readers with an account, its
    /// issues and changes.
    fn add_record(&self, run: &mut RunView, record: &SyncRecord) -> Result<(), WebError> {
        let summary = &record.summary;
        run.is_full = record.mode == Mode::Full;
        run.stats = summary.stats;
        run.successor = summary.successor.map(|id| id.to_string());
        run.withheld = record.withheld_removals;
        run.finished_at = Some(time_label(record.finished_at));
        run.duration_ms = duration_ms(record);
        if record.review.is_some() {
            let review = self.state.store.find_review(self.source.id)?;
            run.add_review(record, review.as_ref(), &self.source.noun);
        }
        if self.actor.is_none() {
            return Ok(());
        }
        run.requested_by = Some(record.requested_by.clone());
        run.retry_label = retry_label(record.retries_before);
        if record.retry_at.is_some() {
            run.add_waiting_retry(self.state.store.waiting_retry(self.source.id)?);
        }
        run.details = Some(self.state.links.run(&summary.id));
        run.issues_total = record.issues;
        if record.issues > 0 {
            let issues = self.state.store.list_issues(summary.id, 1, MAX_LISTED.into())?;
            let is_of_feeds = summary.stats.feeds.is_some();
            let links = IssueLinks::load(self.state, Some(self.source).filter(|_| self.may_sync()), summary.id)?;
            let line = |issue: Issue| {
                let href = links.cell_link(&issue);
                IssueLine::new(issue, is_of_feeds, href)
            };
            run.issues = issues.into_iter().map(line).collect();
        }
        let RunStats { added, updated, removed, .. } = summary.stats;
        run.changes_total = added + updated + removed;
        for (kind, count) in
            [(ChangeKind::Added, added), (ChangeKind::Updated, updated), (ChangeKind::Removed, removed)]
        {
            if count > 0 {
                let changes = self.state.store.list_changes(summary.id, kind, MAX_LISTED)?;
                run.changes
                    .extend(changes.iter().map(|change| ChangeLine::new(change, &self.source.noun.one, summary.kind)));
            }
        }
        Ok(())
    }
}
