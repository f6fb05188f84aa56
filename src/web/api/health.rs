//! Whether the house stands. Open to everybody, so nothing here names a source or a person.

use std::collections::HashSet;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::rt::time::timeout;
use serde::Serialize;

use super::{JsonResponse, moment};
use crate::domain::operation::Status;
use crate::domain::sync_id::SyncId;
use crate::web::http::app_state;
use crate::web::http::app_state::AppData;
use crate::web::http::authentication::RequestCaller;
use crate::web::http::error::WebError;

/// How long the database may take to answer. Who asks for health does not wait as long as a request may.
const PATIENCE: Duration = Duration::from_secs(3);
/// How many ended runs are told of.
const RECENT: u32 = 10;

#[derive(Serialize)]
struct HealthReport {
    status: &'static str,
    database: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SyncHealth {
    /// `degraded` while the newest run of some source is one that failed.
    status: &'static str,
    active_syncs: usize,
    recent_syncs: Vec<RecentSync>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RecentSync {
    sync_id: SyncId,
    status: Status,
    /// Seconds.
    duration: f64,
    completed_at: String,
}

/// `GET /api/health`.
pub(in crate::web) async fn live(rooms: AppData, caller: RequestCaller) -> Result<JsonResponse, WebError> {
    let look = app_state::run(&rooms, move |house| {
        caller.actor(house)?;
        house.store.now()?;
        Ok(())
    });
    let (code, status, database) = match timeout(PATIENCE, look).await {
        Ok(Ok(())) => (StatusCode::OK, "ok", "ok"),
        Ok(Err(error)) if error.status == StatusCode::UNAUTHORIZED => return Err(error),
        Ok(Err(_)) | Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "away"),
    };
    JsonResponse::with(code, &HealthReport { status, database, version: env!("CARGO_PKG_VERSION") })
}

/// `GET /api/health/sync`.
pub(in crate::web) async fn sync(rooms: AppData, caller: RequestCaller) -> Result<JsonResponse, WebError> {
    app_state::run(&rooms, move |house| {
        caller.actor(house)?;
        let recent = house.store.recent_records(None, RECENT)?;
        // The records of a source that was removed are kept, and do not speak for the house.
        let mut waiting: HashSet<_> = house.store.sources()?.into_iter().map(|source| source.id).collect();
        let failing = recent.iter().any(|run| waiting.remove(&run.source_id) && run.status == Status::Failed);
        JsonResponse::ok(&SyncHealth {
            status: if failing { "degraded" } else { "ok" },
            active_syncs: house.store.active_runs()?.len(),
            recent_syncs: recent
                .iter()
                .map(|run| RecentSync {
                    sync_id: run.id,
                    status: run.status,
                    duration: run.duration_seconds(),
                    completed_at: moment(run.finished_at),
                })
                .collect(),
        })
    })
    .await
}
