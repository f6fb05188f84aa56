//! The routes of an older program, kept for its clients. These clients know a single sheet: the first source of that
//! kind. Each handler calls the same functions as the current routes and renders the result with the old names.

use actix_web::http::StatusCode;
use actix_web::{Either, HttpRequest, web};
use chrono::SecondsFormat;
use serde::Serialize;
use serde_json::json;

use super::http::app_context::AppContext;
use super::http::app_state::AppState;
use super::http::authentication::RequestCaller;
use super::http::error::WebError;
use super::http::form::{FormValues, trimmed_value};
use super::http::html_response::HtmlResponse;
use super::http::json_response::JsonResponse;
use super::http::response_format::is_legacy_json_request;
use super::panel::build::PanelContext;
use super::panel::handlers::render_status;
use crate::domain::operation::{Mode, OperationKind, RunPriority, Stage, StartOptions, StartRequest, Status};
use crate::domain::run_summary::RunSummary;
use crate::domain::run_text::start_and_cancel::started_message;
use crate::domain::source::Source;
use crate::domain::status_report::StatusReport;
use crate::domain::sync_id::SyncId;
use crate::store::admission::StartOutcome;

/// The kind of the sources that these clients know.
const SHEET_KIND: &str = "sheet";

/// The status of the sheet's sync.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LegacyStatus {
    success: bool,
    sync_id: Option<SyncId>,
    status: &'static str,
    progress: u8,
    message: String,
    error: Option<String>,
    /// `None` before the first run.
    last_updated: Option<String>,
    stats: LegacyStats,
}

/// The counts that these clients show.
#[derive(Default, Serialize)]
struct LegacyStats {
    /// Bytes fetched.
    size: u64,
    /// Lines read.
    lines: u64,
}

/// `POST /api/sync-sheets-bg` and `POST /api/sync-sheets`: starts a sync of the sheet. The body is ignored.
pub(super) async fn start(app: AppContext) -> Result<JsonResponse, WebError> {
    app.run_blocking(move |state, caller| {
        let actor = caller.admin()?;
        let source = find_sheet(state, &caller)?;
        let request = StartRequest {
            kind: OperationKind::Sync,
            mode: Mode::Incremental,
            options: StartOptions::default(),
            priority: RunPriority::Manual,
            requested_by: actor.name,
        };
        let respond = |status, success: bool, id: SyncId, message: String| {
            JsonResponse::with_status(status, &json!({ "success": success, "syncId": id, "message": message }))
        };
        let outcome = state.control.start(&source, &request)?;
        match outcome {
            StartOutcome::Accepted(id) => {
                respond(StatusCode::ACCEPTED, true, id, started_message(OperationKind::Sync, &source.name))
            }
            StartOutcome::AlreadyRunning(id) => {
                respond(StatusCode::CONFLICT, false, id, WebError::start_refused(outcome, &source).message)
            }
            StartOutcome::CoolingDown(_)
            | StartOutcome::NoSuchSource
            | StartOutcome::NotDue
            | StartOutcome::Outdated => Err(WebError::start_refused(outcome, &source)),
        }
    })
    .await
}

/// `GET /api/sync-sheets-bg`: the run `syncId`, or else the active or latest one of the sheet.
pub(super) async fn status(app: AppContext, query: web::Query<FormValues>) -> Result<JsonResponse, WebError> {
    app.run_blocking(move |state, caller| {
        let source = find_sheet(state, &caller)?;
        let context = PanelContext { state, source: &source, actor: caller.actor.as_ref() };
        JsonResponse::ok(&read_status(&context, &requested_run(&query))?)
    })
    .await
}

fn read_status(context: &PanelContext<'_>, sync_id: &str) -> Result<LegacyStatus, WebError> {
    let report = match sync_id {
        "" => context.latest_run_id()?.map(|id| context.report(id)).transpose()?.flatten(),
        id => {
            let report = id.parse().ok().map(|id| context.report(id)).transpose()?.flatten();
            Some(report.ok_or_else(|| WebError::not_found("sync"))?)
        }
    };
    let Some(mut report) = report else {
        return Ok(LegacyStatus {
            success: true,
            sync_id: None,
            status: "idle",
            progress: 0,
            message: "No runs yet.".to_owned(),
            error: None,
            last_updated: None,
            stats: LegacyStats::default(),
        });
    };
    let store = &context.state.store;
    if report.summary.successor.is_some()
        && let Some(run) = store.find_run(report.summary.id)?
        && let Some(last) = store.list_attempts(&run)?.last()
    {
        report = context.report(last.id)?.unwrap_or(report);
    }
    let StatusReport { summary, last_update, .. } = report;
    let status = legacy_status(&summary);
    // A cancelled run has no error, but these clients show only this field, so it carries the message.
    let error = summary.error.or_else(|| (status == "error").then(|| summary.message.clone()));
    Ok(LegacyStatus {
        success: true,
        sync_id: Some(summary.id),
        status,
        progress: summary.progress,
        message: summary.message,
        error,
        last_updated: Some(last_update.to_rfc3339_opts(SecondsFormat::Secs, true)),
        stats: LegacyStats { size: summary.stats.bytes, lines: summary.stats.lines },
    })
}

/// The status of a run as these clients name it.
fn legacy_status(run: &RunSummary) -> &'static str {
    match (run.status, run.stage) {
        (Status::Pending, _) | (Status::Running, None | Some(Stage::Fetching)) => "downloading",
        (Status::Running, Some(Stage::Processing)) => "processing",
        (Status::Running, Some(Stage::Finalizing)) => "saving",
        (Status::Completed, _) => "complete",
        (Status::Interrupted, _) if run.successor.is_some() => "downloading",
        (Status::Failed | Status::Cancelled | Status::Interrupted, _) => "error",
    }
}

/// `GET /catalog/sync-status/`: the panel of the sheet or, for programs that accept nothing else, its status in JSON.
/// The run is named by `sync` or `syncId`.
pub(super) async fn panel(
    app: AppContext,
    query: web::Query<FormValues>,
    request: HttpRequest,
) -> Result<Either<HtmlResponse, JsonResponse>, WebError> {
    if is_legacy_json_request(&request) {
        return status(app, query).await.map(Either::Right);
    }
    app.run_blocking(move |state, caller| {
        let source = find_sheet(state, &caller)?;
        let context = PanelContext { state, source: &source, actor: caller.actor.as_ref() };
        render_status(&context, &requested_run(&query), &trimmed_value(&query, "seen")).map(Either::Left)
    })
    .await
}

/// The id of the requested run; empty if the query names none.
fn requested_run(query: &FormValues) -> String {
    let sync_id = trimmed_value(query, "sync");
    if sync_id.is_empty() { trimmed_value(query, "syncId") } else { sync_id }
}

/// The first source that is a sheet, if the caller may read it. A visitor cannot tell whether there is one.
fn find_sheet(state: &AppState, caller: &RequestCaller) -> Result<Source, WebError> {
    let sheets = state.store.list_sources()?.into_iter().filter(|source| source.kind == SHEET_KIND);
    match sheets.min_by_key(|source| source.id) {
        Some(first) => caller.source(state, first.slug.as_str()),
        None => Err(caller.viewer().err().unwrap_or_else(|| WebError::not_found("sheet"))),
    }
}
