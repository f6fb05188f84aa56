//! The addresses of an older program, kept for its clients. They know one sheet: the first source that is one. Nothing
//! is decided here; what they ask is asked of the engine and the board, and the answers are put into their words.

use actix_web::http::{StatusCode, header};
use actix_web::{Either, HttpRequest, web};
use chrono::SecondsFormat;
use serde::Serialize;

use super::api::JsonResponse;
use super::http::app_state;
use super::http::app_state::{AppData, AppState};
use super::http::authentication::RequestCaller;
use super::http::error::{WebError, accepted};
use super::http::form::{FormValues, value};
use super::layout::page::RenderedHtml;
use super::panel;
use super::panel::build::PanelContext;
use crate::domain::account::Actor;
use crate::domain::operation::{Mode, OperationKind, RunPriority, Stage, StartOptions, StartRequest, Status};
use crate::domain::source::Source;
use crate::domain::status_report::StatusReport;
use crate::domain::sync_id::SyncId;

/// The kind of the sources these clients know.
const SHEET: &str = "sheet";

/// What became of a start.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LegacyStart {
    success: bool,
    sync_id: SyncId,
    message: String,
}

/// Where the sheet's sync stands.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LegacyStatus {
    success: bool,
    sync_id: Option<SyncId>,
    status: &'static str,
    progress: u8,
    message: String,
    error: Option<String>,
    /// When this was last written; `None` before the first run.
    last_updated: Option<String>,
    stats: OlderStats,
}

/// The counts that these clients show.
#[derive(Default, Serialize)]
struct OlderStats {
    /// Bytes fetched.
    size: u64,
    /// Lines read.
    lines: u64,
}

/// `POST /api/sync-sheets-bg` and `POST /api/sync-sheets`: starts a sync of the sheet, whatever was sent along.
pub(super) async fn start(rooms: AppData, caller: RequestCaller) -> Result<JsonResponse, WebError> {
    app_state::run(&rooms, move |house| {
        let actor = caller.admin(house)?;
        let (source, _) = sheet(house, &caller)?;
        let request = StartRequest {
            kind: OperationKind::Sync,
            mode: Mode::Incremental,
            options: StartOptions::default(),
            priority: RunPriority::Manual,
            requested_by: actor.name,
        };
        let told = |success, sync_id, message| LegacyStart { success, sync_id, message };
        match accepted(house.control.start(&source, &request)?, &source) {
            Ok(id) => JsonResponse::with(
                StatusCode::ACCEPTED,
                &told(true, id, format!("The sync of {} has started.", source.name)),
            ),
            Err(WebError { status, sync_id: Some(id), sentence, .. }) => {
                JsonResponse::with(status, &told(false, id, sentence))
            }
            Err(refused) => Err(refused),
        }
    })
    .await
}

/// `GET /api/sync-sheets-bg`: the run `syncId`, or else the sheet's active or latest one.
pub(super) async fn status(
    rooms: AppData,
    caller: RequestCaller,
    query: web::Query<FormValues>,
) -> Result<JsonResponse, WebError> {
    app_state::run(&rooms, move |house| standing(house, &caller, &query)).await
}

fn standing(house: &AppState, caller: &RequestCaller, query: &FormValues) -> Result<JsonResponse, WebError> {
    let (source, actor) = sheet(house, caller)?;
    let reader = PanelContext { house, source: &source, actor: actor.as_ref() };
    let asked = wanted(query);
    let report = match asked.as_str() {
        "" => reader.latest_id()?.map(|id| reader.report(id)).transpose()?.flatten(),
        id => {
            let report = id.parse().ok().map(|id| reader.report(id)).transpose()?.flatten();
            Some(report.ok_or_else(|| WebError::not_found("sync"))?)
        }
    };
    let Some(mut report) = report else {
        return JsonResponse::ok(&LegacyStatus {
            success: true,
            sync_id: None,
            status: "idle",
            progress: 0,
            message: "Nothing has run yet.".to_owned(),
            error: None,
            last_updated: None,
            stats: OlderStats::default(),
        });
    };
    if report.successor.is_some()
        && let Some(run) = house.store.run(report.id)?
        && let Some(last) = house.store.attempts(&run)?.last()
    {
        report = reader.report(last.id)?.unwrap_or(report);
    }
    let report = reader.told(report);
    let status = word(&report);
    // A run that somebody cancelled has no error of its own; these clients show this field alone.
    let error = report.error.clone().or_else(|| (status == "error").then(|| report.message.clone()));
    JsonResponse::ok(&LegacyStatus {
        success: true,
        sync_id: Some(report.id),
        status,
        progress: report.progress,
        message: report.message.clone(),
        error,
        last_updated: Some(report.last_update.to_rfc3339_opts(SecondsFormat::Secs, true)),
        stats: OlderStats { size: report.stats.bytes, lines: report.stats.lines },
    })
}

/// Where a run stands, in the words of these clients.
fn word(report: &StatusReport) -> &'static str {
    match (report.status, report.stage) {
        (Status::Pending, _) | (Status::Running, None | Some(Stage::Fetching)) => "downloading",
        (Status::Running, Some(Stage::Processing)) => "processing",
        (Status::Running, Some(Stage::Finalizing)) => "saving",
        (Status::Completed, _) => "complete",
        (Status::Interrupted, _) if report.successor.is_some() => "downloading",
        (Status::Failed | Status::Cancelled | Status::Interrupted, _) => "error",
    }
}

/// `GET /catalog/sync-status/`: the sheet's panel or, for programs that take nothing else, its status in JSON. The run
/// is named by `sync` or `syncId`.
pub(super) async fn panel(
    rooms: AppData,
    caller: RequestCaller,
    mut query: web::Query<FormValues>,
    request: HttpRequest,
) -> Result<Either<RenderedHtml, JsonResponse>, WebError> {
    if takes_only_json(&request) {
        return status(rooms, caller, query).await.map(Either::Right);
    }
    let asking = caller.clone();
    let slug = app_state::run(&rooms, move |house| Ok(sheet(house, &asking)?.0.slug.to_string())).await?;
    let id = wanted(&query);
    query.insert("sync".to_owned(), id);
    panel::handlers::status(rooms, caller, slug.into(), query).await.map(Either::Left)
}

/// The run that was asked for; empty for none.
fn wanted(query: &FormValues) -> String {
    Some(value(query, "sync")).filter(|id| !id.is_empty()).unwrap_or_else(|| value(query, "syncId"))
}

/// Whether a program that could not use a page asks for the sheet's panel.
pub(super) fn takes_only_json(request: &HttpRequest) -> bool {
    if request.path().trim_end_matches('/') != "/catalog/sync-status" {
        return false;
    }
    let accepted = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted.contains("application/json") && !accepted.contains("text/html") && !accepted.contains("*/*")
}

/// The first source that is a sheet, if the asker may read it. A visitor is not told whether there is one.
fn sheet(house: &AppState, caller: &RequestCaller) -> Result<(Source, Option<Actor>), WebError> {
    let sheets = house.store.sources()?.into_iter().filter(|source| source.kind == SHEET);
    match sheets.min_by_key(|source| source.id) {
        Some(first) => caller.source(house, first.slug.as_str()),
        None => Err(caller.viewer(house).err().unwrap_or_else(|| WebError::not_found("sheet"))),
    }
}
