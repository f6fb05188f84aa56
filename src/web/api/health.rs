//! `/api/health` and `/api/health/sync`. They are public, so nothing here names a source or a person.

use std::collections::HashSet;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::rt::time::timeout;
use serde::Serialize;

use super::json_time;
use crate::domain::operation::Status;
use crate::domain::sync_id::SyncId;
use crate::web::http::app_context::AppContext;
use crate::web::http::error::WebError;
use crate::web::http::json_response::JsonResponse;

/// How long the database may take to respond: a health check waits less than other requests.
const DATABASE_TIMEOUT: Duration = Duration::from_secs(3);
/// How many finished runs are reported.
const RECENT_RUNS: u32 = 10;

#[derive(Serialize)]
struct HealthReport {
    status: &'static str,
    database: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SyncHealth {
    /// `degraded` while the latest run of any source has failed.
    status: &'static str,
    active_syncs: usize,
    recent_syncs: Vec<RecentSync>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RecentSync {
    sync_id: SyncId,
    status: Status,
    /// The duration in seconds.
    duration: f64,
    completed_at: String,
}

/// `GET /api/health`.
pub(in crate::web) async fn live(app: AppContext) -> Result<JsonResponse, WebError> {
    let check = app.run_blocking(move |state, _| {
        state.store.now()?;
        Ok(())
    });
    let (code, status, database) = match timeout(DATABASE_TIMEOUT, check).await {
        Ok(Ok(())) => (StatusCode::OK, "ok", "ok"),
        Ok(Err(error)) if error.status == StatusCode::UNAUTHORIZED => return Err(error),
        Ok(Err(_)) | Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "away"),
    };
    JsonResponse::with_status(code, &HealthReport { status, database, version: env!("CARGO_PKG_VERSION") })
}

/// `GET /api/health/sync`.
pub(in crate::web) async fn sync(app: AppContext) -> Result<JsonResponse, WebError> {
    app.run_blocking(move |state, _| {
        let recent = state.store.recent_records(None, RECENT_RUNS)?;
        // The records of removed sources are kept, but they do not count here.
        let mut waiting: HashSet<_> = state.store.list_sources()?.into_iter().map(|source| source.id).collect();
        let failing = recent.iter().any(|run| waiting.remove(&run.source_id) && run.summary.status == Status::Failed);
        JsonResponse::ok(&SyncHealth {
            status: if failing { "degraded" } else { "ok" },
            active_syncs: state.store.active_run_ids()?.len(),
            recent_syncs: recent
                .iter()
                .map(|run| RecentSync {
                    sync_id: run.summary.id,
                    status: run.summary.status,
                    duration: run.duration_seconds(),
                    completed_at: json_time(run.finished_at),
                })
                .collect(),
        })
    })
    .await
}
