//! Past runs: which there were, and what each came to.

use actix_web::{HttpRequest, web};
use serde::Serialize;

use super::catalog::OrderedFields;
use super::{JsonList, JsonResponse, ListQuery, moment};
use crate::domain::change_set::{Change, ChangeKind};
use crate::domain::issue::Issue;
use crate::domain::item::parse_fields;
use crate::domain::operation::{Mode, OperationKind, Status};
use crate::domain::progress::RunStats;
use crate::domain::record::{ActiveRun, HistoryRun, RunTimestamps, StageTimings, SyncRecord};
use crate::domain::run_summary::RunSummary;
use crate::domain::source::Slug;
use crate::domain::sync_id::SyncId;
use crate::store::history::HistoryQuery;
use crate::web::history::handlers::{known, whose};
use crate::web::http::app_state;
use crate::web::http::app_state::AppData;
use crate::web::http::authentication::RequestCaller;
use crate::web::http::error::WebError;

/// A run as history tells it. An active one has no end, no duration and, of its stages, only those behind it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HistoryEntry {
    sync_id: SyncId,
    source: Slug,
    kind: OperationKind,
    mode: Mode,
    status: Status,
    start_time: String,
    end_time: Option<String>,
    /// Seconds.
    duration: Option<f64>,
    stats: RunStats,
    error: Option<String>,
    code: Option<String>,
    message: String,
    progress: u8,
    requested_by: String,
    attempt: i32,
    retry_of: Option<SyncId>,
    successor: Option<SyncId>,
    issues: u64,
    withheld_removals: u64,
    timings: StageTimings,
}

impl HistoryEntry {
    /// The entry of a run that was accepted at the first of `timestamps`; the rest is that of an active run.
    fn new(run: RunSummary, mode: Mode, requested_by: String, timestamps: &RunTimestamps) -> Self {
        Self {
            sync_id: run.id,
            source: run.source,
            kind: run.kind,
            mode,
            status: run.status,
            start_time: moment(timestamps.created_at),
            end_time: None,
            duration: None,
            stats: run.stats,
            error: run.error,
            code: run.code,
            message: run.message,
            progress: run.progress,
            requested_by,
            attempt: run.attempt,
            retry_of: run.retry_of,
            successor: run.successor,
            issues: 0,
            withheld_removals: 0,
            timings: timestamps.stage_timings(None),
        }
    }
}

impl From<SyncRecord> for HistoryEntry {
    fn from(record: SyncRecord) -> Self {
        Self {
            end_time: Some(moment(record.finished_at)),
            duration: Some(record.duration_seconds()),
            timings: record.stage_timings(),
            issues: record.issues,
            withheld_removals: record.withheld_removals,
            ..Self::new(record.summary, record.mode, record.requested_by, &record.timestamps)
        }
    }
}

impl From<ActiveRun> for HistoryEntry {
    fn from(run: ActiveRun) -> Self {
        Self::new(run.summary, run.mode, run.requested_by, &run.timestamps)
    }
}

/// One item's change. Sides that are not there are null.
#[derive(Serialize)]
struct ChangeEntry {
    key: String,
    kind: ChangeKind,
    before: Option<OrderedFields>,
    after: Option<OrderedFields>,
}

impl ChangeEntry {
    fn of(change: Change) -> Result<Self, WebError> {
        let read = |side: Option<String>| {
            let pairs = side.map(|json| parse_fields(&json).map(OrderedFields)).transpose();
            pairs.map_err(|error| WebError::internal("the fields of a change", &error))
        };
        let (before, after) = (read(change.before)?, read(change.after)?);
        Ok(Self { key: change.key, kind: change.kind, before, after })
    }
}

/// `GET /api/history`: what has ended, newest first. `source` and `status` choose.
pub(in crate::web) async fn list(
    rooms: AppData,
    caller: RequestCaller,
    request: HttpRequest,
) -> Result<JsonResponse, WebError> {
    let query = request.query_string().to_owned();
    app_state::run(&rooms, move |house| {
        caller.viewer(house)?;
        let ListQuery { page, per, .. } = ListQuery::read(&query)?;
        let asked = chosen(&query, "source");
        let of = asked.as_ref().map(|slug| whose(house, slug)).transpose()?.flatten();
        if asked.is_some() && of.is_none() {
            return Err(WebError::not_found("source").on_field("source"));
        }
        let status = chosen(&query, "status").map(|word| ended_as(&word)).transpose()?;
        let found = house.store.history(&HistoryQuery { of, status, page, per })?;
        let items: Vec<HistoryEntry> = found.records.into_iter().map(HistoryEntry::from).collect();
        JsonResponse::ok(&JsonList { items, page, per, total: found.total })
    })
    .await
}

/// `GET /api/history/{id}`: one run, also while it is active.
pub(in crate::web) async fn one(
    rooms: AppData,
    caller: RequestCaller,
    id: web::Path<String>,
) -> Result<JsonResponse, WebError> {
    app_state::run(&rooms, move |house| {
        caller.viewer(house)?;
        JsonResponse::ok(&match known(house, &id)? {
            HistoryRun::Active(run) => HistoryEntry::from(run),
            HistoryRun::Ended(record) => HistoryEntry::from(record),
        })
    })
    .await
}

/// `GET /api/history/{id}/changes`: what a run changed, or a preview found, of one `kind`.
pub(in crate::web) async fn changes(
    rooms: AppData,
    caller: RequestCaller,
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<JsonResponse, WebError> {
    let query = request.query_string().to_owned();
    app_state::run(&rooms, move |house| {
        caller.viewer(house)?;
        let run = known(house, &id)?;
        let ListQuery { page, per, .. } = ListQuery::read(&query)?;
        let kind = chosen(&query, "kind").and_then(|word| word.parse::<ChangeKind>().ok()).ok_or_else(|| {
            WebError::bad_request("bad_request", "“kind” is added, updated or removed.").on_field("kind")
        })?;
        let found = house.store.change_page(run.as_attempt().id, kind, page, per)?;
        let items: Vec<ChangeEntry> = found.changes.into_iter().map(ChangeEntry::of).collect::<Result<_, _>>()?;
        JsonResponse::ok(&JsonList { items, page, per, total: found.total })
    })
    .await
}

/// `GET /api/history/{id}/issues`: rows that were refused or mended; of very many the first.
pub(in crate::web) async fn issues(
    rooms: AppData,
    caller: RequestCaller,
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<JsonResponse, WebError> {
    let asked = ListQuery::read(request.query_string());
    app_state::run(&rooms, move |house| {
        caller.viewer(house)?;
        let id = known(house, &id)?.as_attempt().id;
        let ListQuery { page, per, .. } = asked?;
        let items: Vec<Issue> = house.store.issues(id, page, per)?;
        JsonResponse::ok(&JsonList { items, page, per, total: house.store.kept_issues(id)? })
    })
    .await
}

/// What the query says of a name; of several the last. Nothing and an empty value choose nothing.
fn chosen(query: &str, name: &str) -> Option<String> {
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    let last = pairs.filter(|(known, _)| known == name).last().map(|(_, value)| value.into_owned());
    last.filter(|value| !value.is_empty())
}

/// A status that a run can end with. Active runs are not in the list, so to ask for them there is a mistake.
fn ended_as(word: &str) -> Result<Status, WebError> {
    word.parse::<Status>().ok().filter(|status| !status.is_active()).ok_or_else(|| {
        let sentence = "“status” is completed, failed, cancelled or interrupted: this list holds runs that have ended.";
        WebError::bad_request("bad_request", sentence).on_field("status")
    })
}
