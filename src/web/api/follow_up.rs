//! JSON for what follows a finished run: its undo, and the removals that it withheld.

use actix_web::http::StatusCode;
use actix_web::web;
use serde_json::json;

use crate::domain::operation::OperationKind;
use crate::domain::run_text::start_and_cancel::started_message;
use crate::domain::run_text::undo::undo_forecast_message;
use crate::domain::run_text::withheld_items::kept_response;
use crate::domain::source::Source;
use crate::domain::sync_id::SyncId;
use crate::store::admission::StartOutcome;
use crate::sync::follow_up::FollowUp;
use crate::web::http::app_context::AppContext;
use crate::web::http::error::WebError;
use crate::web::http::json_response::JsonResponse;

/// `POST /api/sync/{id}/undo`.
pub(in crate::web) async fn undo(app: AppContext, id: web::Path<String>) -> Result<JsonResponse, WebError> {
    app.run_blocking(move |state, caller| {
        let actor = caller.admin()?;
        let id = parse_run_id(&id)?;
        let (source, started) = possible(id, state.control.undo(id, &actor.name)?)?;
        started_response(&source, started, OperationKind::Undo)
    })
    .await
}

/// `GET /api/sync/{id}/undo`: what an undo would do.
pub(in crate::web) async fn undo_forecast(app: AppContext, id: web::Path<String>) -> Result<JsonResponse, WebError> {
    app.run_blocking(move |state, _| {
        let id = parse_run_id(&id)?;
        let (source, forecast) = possible(id, state.control.forecast_undo(id)?)?;
        let mut body = serde_json::to_value(forecast).unwrap_or_default();
        body["message"] = undo_forecast_message(&source.noun, forecast).into();
        JsonResponse::ok(&body)
    })
    .await
}

/// `POST /api/sync/{id}/removals`: removes what a sync withheld.
pub(in crate::web) async fn remove_withheld(app: AppContext, id: web::Path<String>) -> Result<JsonResponse, WebError> {
    app.run_blocking(move |state, caller| {
        let actor = caller.admin()?;
        let id = parse_run_id(&id)?;
        let (source, (kind, started)) = possible(id, state.control.apply_removals(id, None, &actor.name)?)?;
        started_response(&source, started, kind)
    })
    .await
}

/// `POST /api/sync/{id}/removals/keep`: keeps what a sync withheld.
pub(in crate::web) async fn keep_withheld(app: AppContext, id: web::Path<String>) -> Result<JsonResponse, WebError> {
    app.run_blocking(move |state, caller| {
        let actor = caller.admin()?;
        let id = parse_run_id(&id)?;
        let (source, review) = possible(id, state.control.keep_withheld(id, &actor.name)?)?;
        JsonResponse::ok(&json!({ "status": "kept", "message": kept_response(&source.noun, review.item_count) }))
    })
    .await
}

fn parse_run_id(id: &str) -> Result<SyncId, WebError> {
    id.parse().map_err(|_| WebError::not_found("sync"))
}

/// The source and the value of a request about the run `id` that is possible.
fn possible<T>(id: SyncId, outcome: FollowUp<T>) -> Result<(Box<Source>, T), WebError> {
    match outcome {
        FollowUp::Possible(source, value) => Ok((source, value)),
        FollowUp::NoSuchRun => Err(WebError::not_found("sync")),
        FollowUp::Refused(refusal) => Err(WebError::follow_up_refused(refusal, id)),
    }
}

fn started_response(source: &Source, started: StartOutcome, kind: OperationKind) -> Result<JsonResponse, WebError> {
    match started {
        StartOutcome::Accepted(new) => JsonResponse::with_status(
            StatusCode::ACCEPTED,
            &json!({ "syncId": new, "status": "started", "message": started_message(kind, &source.name) }),
        ),
        refused => Err(WebError::start_refused(refused, source)),
    }
}
