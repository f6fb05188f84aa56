//! The panel of a source, from what the notice board, the row and the kept record say.
//!
//! While a run goes on this is asked every two seconds by every open tab, so an active run costs the board and, for
//! those who may know names, one row; the record and all that hangs on it are read when it is over.

use chrono::{TimeDelta, Utc};

use super::view::{ChangeKind, ChangeLine, FieldChange, IssueLine, PanelView, RunView};
use crate::domain::account::{Actor, Role};
use crate::domain::change_set::Change;
use crate::domain::issue::{Issue, IssueKind};
use crate::domain::item::parse_fields;
use crate::domain::operation::{Mode, OperationKind, Stage, Status};
use crate::domain::progress::RunStats;
use crate::domain::record::SyncRecord;
use crate::domain::source::Source;
use crate::domain::status_report::StatusReport;
use crate::domain::sync_id::SyncId;
use crate::domain::text::counts::grouped;
use crate::web::catalog::table::title_at;
use crate::web::dashboard::handlers::latest_run;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::http::form::clipped;
use crate::web::layout::page::when;

/// How many issues and changes are listed; more are only counted.
const LISTED: u32 = 20;
/// The most characters of a value in a list.
const SHORT: usize = 200;
/// How long the page goes on showing a run that ended well.
const NEWS: TimeDelta = TimeDelta::minutes(10);

/// Whose panel it is, and who looks at it.
#[derive(Clone, Copy)]
pub(in crate::web) struct PanelContext<'a> {
    pub(in crate::web) house: &'a AppState,
    pub(in crate::web) source: &'a Source,
    pub(in crate::web) actor: Option<&'a Actor>,
}

impl PanelContext<'_> {
    /// The panel as the page shows it: a run while it is active, one that ended well for some minutes, one that
    /// failed until the next.
    pub(in crate::web) fn page(&self) -> Result<PanelView, WebError> {
        let Some(id) = self.latest_id()? else { return self.at_rest() };
        let Some(report) = self.report(id)? else { return self.at_rest() };
        if report.status.is_active() {
            return self.active(report, 0);
        }
        let record = self.house.store.record(id)?;
        let news = record.as_ref().is_some_and(|record| Utc::now() - record.finished_at < NEWS);
        let unmended = match report.status {
            Status::Failed => true,
            Status::Interrupted => report.successor.is_none(),
            Status::Pending | Status::Running | Status::Completed | Status::Cancelled => false,
        };
        if news || unmended { self.ended(report, record, 0) } else { self.at_rest() }
    }

    /// The panel with the current or latest run, however old it is.
    pub(in crate::web) fn latest(&self) -> Result<PanelView, WebError> {
        let latest = match self.latest_id()? {
            Some(id) => self.run(id, 0)?,
            None => None,
        };
        latest.map_or_else(|| self.at_rest(), Ok)
    }

    /// The panel with that run, of which the reader has seen so many percent; none if this source has no such run.
    pub(in crate::web) fn run(&self, id: SyncId, seen: u8) -> Result<Option<PanelView>, WebError> {
        let Some(report) = self.report(id)? else { return Ok(None) };
        if report.status.is_active() {
            return self.active(report, seen).map(Some);
        }
        let record = self.house.store.record(id)?;
        self.ended(report, record, seen).map(Some)
    }

    /// The status of that run, if this source has it.
    pub(in crate::web) fn report(&self, id: SyncId) -> Result<Option<StatusReport>, WebError> {
        let Some(report) = self.house.board.get(id)? else { return Ok(None) };
        // Who may read everything need not ask, as long as the name is the one of then. To visitors a run of a private
        // source that bore this name is none of this one.
        let same_name = self.actor.is_some() && report.source == self.source.slug;
        let known = same_name || self.house.store.source_of_run(id)? == Some(self.source.id);
        Ok(known.then_some(report))
    }

    /// The current or latest run. The row of an operation goes after a day, its record stays for months.
    pub(in crate::web) fn latest_id(&self) -> Result<Option<SyncId>, WebError> {
        if let Some(id) = self.house.store.latest_run(self.source.id)? {
            return Ok(Some(id));
        }
        Ok(self.house.store.recent_records(Some(self.source.id), 1)?.first().map(|record| record.id))
    }

    fn may_sync(&self) -> bool {
        self.actor.is_some_and(|actor| actor.role == Role::Admin)
    }

    fn empty(&self) -> PanelView {
        PanelView {
            slug: self.source.slug.to_string(),
            name: self.source.name.clone(),
            noun_one: self.source.noun.one.clone(),
            noun_many: self.source.noun.many.clone(),
            may_sync: self.may_sync(),
            ..PanelView::default()
        }
    }

    /// The report as this reader is told it.
    pub(in crate::web) fn told(&self, report: StatusReport) -> StatusReport {
        if self.actor.is_some() { report } else { report.for_visitors(&self.source.noun.many) }
    }

    fn at_rest(&self) -> Result<PanelView, WebError> {
        let last_success = self.house.store.last_success(self.source.id)?.map(when);
        let mut cooldown = 0;
        if self.may_sync() {
            cooldown = seconds(self.house.control.cooldown_left(self.source.id, OperationKind::Sync)?);
        }
        let feeds = if self.actor.is_some() { self.house.store.feed_counts(self.source.id)? } else { None };
        let latest = self.house.store.latest_result(self.source.id)?.as_ref().map(latest_run);
        Ok(PanelView { last_success, latest, cooldown, feeds, ..self.empty() })
    }

    fn active(&self, report: StatusReport, seen: u8) -> Result<PanelView, WebError> {
        let mut run = run_view(self.told(report), seen);
        if self.actor.is_some()
            && let Some(note) = self.house.store.operation_note(parse(&run)?)?
        {
            run.requested_by = Some(note.requested_by);
            run.cancel_requested = note.cancel_requested;
        }
        Ok(PanelView { run: Some(run), ..self.empty() })
    }

    fn ended(&self, report: StatusReport, record: Option<SyncRecord>, seen: u8) -> Result<PanelView, WebError> {
        let mut run = run_view(self.told(report), seen);
        if let Some(record) = record {
            self.add_record(&mut run, &record)?;
        }
        Ok(PanelView { run: Some(run), ..self.at_rest()? })
    }

    /// What only a finished run has, and everything that hangs on its record.
    fn add_record(&self, run: &mut RunView, record: &SyncRecord) -> Result<(), WebError> {
        run.full = record.mode == Mode::Full;
        run.stats = record.stats;
        run.successor = record.successor.map(|id| id.to_string());
        run.withheld = record.withheld_removals;
        run.finished_at = Some(when(record.finished_at));
        run.duration_ms = duration_ms(record);
        if self.actor.is_none() {
            return Ok(());
        }
        run.details = Some(format!("/history/{}", record.id));
        run.requested_by = Some(record.requested_by.clone());
        run.issues_total = record.issues;
        if record.issues > 0 {
            let issues = self.house.store.issues(record.id, 1, LISTED.into())?;
            let of_feeds = record.stats.feeds.is_some();
            run.issues = issues.into_iter().map(|issue| issue_line(issue, of_feeds)).collect();
        }
        let RunStats { added, updated, removed, .. } = record.stats;
        run.changes_total = added + updated + removed;
        for (kind, count) in
            [(ChangeKind::Added, added), (ChangeKind::Updated, updated), (ChangeKind::Removed, removed)]
        {
            if count > 0 {
                let changes = self.house.store.changes(record.id, kind, LISTED)?;
                run.changes.extend(changes.iter().map(|change| change_line(change, &self.source.noun.one)));
            }
        }
        Ok(())
    }
}

fn parse(run: &RunView) -> Result<SyncId, WebError> {
    run.sync_id.parse().map_err(|_| WebError::not_found("sync"))
}

/// A wait in whole seconds for people: never shorter than it is.
pub(in crate::web) fn seconds(wait: std::time::Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

/// A run as its record tells it, to those who may read history; without the lists that hang on it.
pub(in crate::web) fn run_of_record(record: &SyncRecord) -> RunView {
    let RunStats { added, updated, removed, .. } = record.stats;
    RunView {
        full: record.mode == Mode::Full,
        message: record.message.clone(),
        progress: record.progress,
        stats: record.stats,
        error: record.error.clone(),
        code: record.code.clone(),
        attempt: u32::try_from(record.attempt).unwrap_or(1),
        requested_by: Some(record.requested_by.clone()),
        successor: record.successor.map(|id| id.to_string()),
        withheld: record.withheld_removals,
        issues_total: record.issues,
        changes_total: added + updated + removed,
        finished_at: Some(when(record.finished_at)),
        duration_ms: duration_ms(record),
        ..RunView::new(record.id.to_string(), record.kind, record.status)
    }
}

fn duration_ms(record: &SyncRecord) -> Option<u64> {
    record.timestamps.started_at.and_then(|start| u64::try_from((record.finished_at - start).num_milliseconds()).ok())
}

/// What the status itself says.
pub(in crate::web) fn run_view(report: StatusReport, seen: u8) -> RunView {
    RunView {
        stage: report.stage.unwrap_or(Stage::Fetching),
        message: report.message.clone(),
        progress: shown(report.status, report.progress, seen),
        stats: report.stats,
        rate: report.rate,
        eta_seconds: report.eta_seconds,
        error: report.error.clone(),
        code: report.code.clone(),
        attempt: u32::try_from(report.attempt).unwrap_or(1),
        successor: report.successor.map(|id| id.to_string()),
        ..RunView::new(report.id.to_string(), report.kind, report.status)
    }
}

/// The percent to show: never less than the reader has seen, and 100 only when it is true.
fn shown(status: Status, read: u8, seen: u8) -> u8 {
    if status == Status::Completed { 100 } else { read.max(seen).min(99) }
}

/// An issue as it is listed. Of feeds the place is the feed itself, which stands where a table has its column.
pub(in crate::web) fn issue_line(issue: Issue, of_feeds: bool) -> IssueLine {
    let is_of_feed = of_feeds && issue.row.is_none();
    let place = match (issue.row, issue.column) {
        (None, Some(feed)) if of_feeds => clipped(&feed, SHORT),
        (None, None) if of_feeds => "All feeds".to_owned(),
        (row, column) => {
            let row = row.map_or("All rows".to_owned(), |row| format!("Row {}", grouped(row)));
            column.map_or(row.clone(), |column| format!("{row}, {column}"))
        }
    };
    IssueLine {
        place,
        is_of_feed,
        refused: issue.kind == IssueKind::Refused,
        reason: clipped(&issue.reason, 2 * SHORT),
    }
}

/// A change with the fields that differ. Fields that cannot be read are none: the list is not worth failing the panel.
pub(in crate::web) fn change_line(change: &Change, noun: &str) -> ChangeLine {
    let read = |side: &Option<String>| side.as_deref().and_then(|json| parse_fields(json).ok()).unwrap_or_default();
    let (before, after) = (read(&change.before), read(&change.after));
    let current = if after.is_empty() { &before } else { &after };
    let names: Vec<&str> = current.iter().map(|(name, _)| name.as_str()).collect();
    let title = title_at(&names, noun).map(|at| current[at].1.trim()).filter(|title| !title.is_empty());
    let fields = if change.kind == ChangeKind::Updated { differences(&before, &after) } else { Vec::new() };
    ChangeLine { key: clipped(title.unwrap_or(&change.key), SHORT), kind: change.kind, fields }
}

/// The fields that differ, in the order of the columns now; then those whose columns are gone.
fn differences(before: &[(String, String)], after: &[(String, String)]) -> Vec<FieldChange> {
    let of = |fields: &[(String, String)], name: &str| {
        fields.iter().find(|(other, _)| other == name).map(|(_, value)| clipped(value, SHORT))
    };
    let raw = |fields: &[(String, String)], name: &str| {
        fields.iter().position(|(other, _)| other == name).map(|at| fields[at].1.clone())
    };
    let gone = before.iter().filter(|(name, _)| raw(after, name).is_none());
    after
        .iter()
        .filter(|(name, value)| raw(before, name).as_deref() != Some(value))
        .chain(gone)
        .map(|(name, _)| FieldChange { name: name.clone(), old: of(before, name), new: of(after, name) })
        .collect()
}

#[cfg(test)]
mod tests;
