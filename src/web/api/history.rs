//! `/api/history`: past runs, and the changes and issues of each.

use actix_web::{HttpRequest, web};
use serde::Serialize;

use super::{JsonList, ListPage, json_time};
use crate::domain::change_entry::ChangeEntry;
use crate::domain::issue::{Issue, IssueKind};
use crate::domain::operation::{Mode, OperationKind, Status};
use crate::domain::ordered_fields::OrderedFields;
use crate::domain::progress::RunStats;
use crate::domain::record::{ActiveRun, HistoryRun, RunTimestamps, StageTimings, SyncRecord};
use crate::domain::rows::skipped_row::cell_names;
use crate::domain::run_summary::RunSummary;
use crate::domain::source::Slug;
use crate::domain::sync_id::SyncId;
use crate::store::changes::ChangeFilter;
use crate::store::history_query::{HistoryOf, HistoryQuery};
use crate::web::changes::change_json::{ListedKind, parse_entry, parse_listed_kind, parse_withheld_entry};
use crate::web::changes::kept_changes::count_changes;
use crate::web::history::handlers::{find_history_of, find_run};
use crate::web::http::app_context::AppContext;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::http::json_response::JsonResponse;

/// A run of the history. An active run has no end, no duration, and only the timings of its finished stages.
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
    /// The duration in seconds.
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
    /// The run that this run undoes, or whose preview or list it applies.
    target: Option<SyncId>,
    /// How many automatic retries came before this scheduled run; null for a run that a person started.
    retries_before: Option<u8>,
    /// When an automatic retry of this failed run was planned.
    retry_at: Option<String>,
    timings: StageTimings,
}

impl HistoryEntry {
    /// Creates the entry of a run as if it were active. The caller fills in what only a finished run has.
    fn new(run: RunSummary, mode: Mode, requested_by: String, timestamps: &RunTimestamps) -> Self {
        Self {
            sync_id: run.id,
            source: run.source,
            kind: run.kind,
            mode,
            status: run.status,
            start_time: json_time(timestamps.created_at),
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
            target: None,
            retries_before: None,
            retry_at: None,
            timings: timestamps.stage_timings(None),
        }
    }
}

impl From<SyncRecord> for HistoryEntry {
    fn from(record: SyncRecord) -> Self {
        Self {
            end_time: Some(json_time(record.finished_at)),
            duration: Some(record.duration_seconds()),
            timings: record.stage_timings(),
            issues: record.issues,
            withheld_removals: record.withheld_removals,
            target: record.target,
            retries_before: record.retries_before,
            retry_at: record.retry_at.map(json_time),
            ..Self::new(record.summary, record.mode, record.requested_by, &record.timestamps)
        }
    }
}

impl From<ActiveRun> for HistoryEntry {
    fn from(run: ActiveRun) -> Self {
        Self::new(run.summary, run.mode, run.requested_by, &run.timestamps)
    }
}

/// One page of the changes of a run.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ChangeList {
    #[serde(flatten)]
    list: JsonList<ChangeEntry>,
    /// The number of changes of the listed kind that a preview counted, whatever is searched for: of very many changes
    /// it keeps the first ones. Other runs keep all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    changes_total: Option<u64>,
}

/// An issue of a run.
#[derive(Serialize)]
struct IssueEntry {
    row: Option<u64>,
    column: Option<String>,
    kind: IssueKind,
    reason: String,
    /// The cells of a skipped row; `None` if they were not kept.
    cells: Option<OrderedFields>,
}

impl IssueEntry {
    /// Creates the entry of an issue in a table with these columns.
    fn new(issue: Issue, columns: &[String]) -> Self {
        let cells = issue.cells.map(|cells| {
            let cells = cells.to_cells();
            OrderedFields(cell_names(columns, cells.len()).into_iter().zip(cells).collect())
        });
        Self { row: issue.row, column: issue.column, kind: issue.kind, reason: issue.reason, cells }
    }
}

/// `GET /api/history`: finished runs, newest first, filtered by `source` and `status`.
pub(in crate::web) async fn list(app: AppContext, request: HttpRequest) -> Result<JsonResponse, WebError> {
    let query = request.query_string().to_owned();
    app.run_blocking(move |state, caller| {
        let ListPage { page, per } = ListPage::parse(&query, &["source", "status"])?;
        let slug = query_value(&query, "source");
        let of = slug.as_ref().map(|slug| find_history_of(state, slug)).transpose()?.flatten();
        if slug.is_some() && of.is_none() {
            return Err(WebError::not_found("source").on_field("source"));
        }
        let of = match caller.only_source().map(HistoryOf::Source) {
            Some(only) if of.as_ref().is_some_and(|of| *of != only) => return Err(WebError::other_source()),
            Some(only) => Some(only),
            None => of,
        };
        let status = query_value(&query, "status").map(|word| parse_terminal_status(&word)).transpose()?;
        let found =
            state.store.list_history(&HistoryQuery { of, status, page, per_page: per, ..HistoryQuery::default() })?;
        let items: Vec<HistoryEntry> = found.records.into_iter().map(HistoryEntry::from).collect();
        JsonResponse::ok(&JsonList { items, page, per, total: found.total })
    })
    .await
}

/// `GET /api/history/{id}`: one run, active or finished.
pub(in crate::web) async fn one(app: AppContext, id: web::Path<String>) -> Result<JsonResponse, WebError> {
    app.run_blocking(move |state, _| {
        JsonResponse::ok(&match find_run(state, &id)? {
            HistoryRun::Active(run) => HistoryEntry::from(run),
            HistoryRun::Ended(record) => HistoryEntry::from(record),
        })
    })
    .await
}

/// `GET /api/history/{id}/changes`: the changes that a run made or a preview found; `kind` and `q` filter.
pub(in crate::web) async fn changes(
    app: AppContext,
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<JsonResponse, WebError> {
    let query = request.query_string().to_owned();
    app.run_blocking(move |state, _| {
        let run = find_run(state, &id)?;
        let ListPage { page, per } = ListPage::parse(&query, &["kind", "q"])?;
        let search = query_value(&query, "q").unwrap_or_default();
        let kinds = match query_value(&query, "kind").map(|word| parse_listed_kind(&word)).transpose()? {
            None => Vec::new(),
            Some(ListedKind::Change(kind)) => vec![kind],
            Some(ListedKind::Withheld) => return withheld_items(state, &run, &search, page, per),
        };
        let filter = ChangeFilter { kinds, search };
        let summary = run.run_summary();
        let found = state.store.change_page(summary.id, &filter, page, per)?;
        let items: Vec<ChangeEntry> = found.changes.into_iter().map(parse_entry).collect::<Result<_, _>>()?;
        let list = JsonList { items, page, per, total: found.total };
        let is_preview = summary.kind == OperationKind::Preview;
        let changes_total = is_preview.then(|| count_changes(&summary.stats, &filter.kinds));
        JsonResponse::ok(&ChangeList { list, changes_total })
    })
    .await
}

/// The items that a sync withheld, or that a preview would withhold, as far as they are still in the catalog.
fn withheld_items(
    state: &AppState,
    run: &HistoryRun,
    search: &str,
    page: u64,
    per: u64,
) -> Result<JsonResponse, WebError> {
    let (list, counted) = match run {
        HistoryRun::Active(_) => (None, 0),
        HistoryRun::Ended(record) => (record.withheld_list(), record.withheld_removals),
    };
    let changes_total = |found: u64| (run.run_summary().kind == OperationKind::Preview).then_some(counted.max(found));
    let Some(list) = list else {
        let list = JsonList { items: Vec::new(), page, per, total: 0 };
        return JsonResponse::ok(&ChangeList { list, changes_total: changes_total(0) });
    };
    let found = state.store.withheld_items(list, search, page, per)?;
    let items: Vec<ChangeEntry> = found.removals.into_iter().map(parse_withheld_entry).collect::<Result<_, _>>()?;
    let list = JsonList { items, page, per, total: found.total };
    JsonResponse::ok(&ChangeList { list, changes_total: changes_total(found.total) })
}

/// `GET /api/history/{id}/issues`: the issues of a run. If there are very many, only the first are kept.
pub(in crate::web) async fn issues(
    app: AppContext,
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<JsonResponse, WebError> {
    let query = ListPage::parse(request.query_string(), &[]);
    app.run_blocking(move |state, _| {
        let id = find_run(state, &id)?.as_attempt().id;
        let ListPage { page, per } = query?;
        let columns = state.store.find_read_table(id)?.unwrap_or_default().kept_columns();
        let found = state.store.list_issues(id, page, per)?;
        let items: Vec<IssueEntry> = found.into_iter().map(|issue| IssueEntry::new(issue, &columns)).collect();
        JsonResponse::ok(&JsonList { items, page, per, total: state.store.count_kept_issues(id)?.total() })
    })
    .await
}

/// The last value of a query parameter; `None` if it is missing or empty.
fn query_value(query: &str, name: &str) -> Option<String> {
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    let last = pairs.filter(|(known, _)| known == name).last().map(|(_, value)| value.into_owned());
    last.filter(|value| !value.is_empty())
}

/// A terminal status. The list has no active runs, so that filtering by an active status is an error.
fn parse_terminal_status(word: &str) -> Result<Status, WebError> {
    word.parse::<Status>().ok().filter(|status| !status.is_active()).ok_or_else(|| {
        let message = "“status” must be completed, failed, cancelled or interrupted: the list has finished runs only.";
        WebError::bad_request("bad_request", message).on_field("status")
    })
}
