//! JSON that pauses and resumes the schedule of a source.

use actix_web::http::StatusCode;
use actix_web::web;
use serde_json::json;

use crate::domain::run_text::schedule_pause::{
    NO_RUNNING_SCHEDULE, SCHEDULE_NOT_PAUSED, SCHEDULE_PAUSED, SCHEDULE_RESUMED,
};
use crate::web::http::app_context::AppContext;
use crate::web::http::error::WebError;
use crate::web::http::json_response::JsonResponse;

/// `POST /api/sources/{slug}/pause`: pauses the schedule of a source.
pub(in crate::web) async fn pause_schedule(app: AppContext, slug: web::Path<String>) -> Result<JsonResponse, WebError> {
    app.run_blocking(move |state, caller| {
        let actor = caller.admin()?;
        let source = state.store.find_source(&slug)?.ok_or_else(|| WebError::not_found("source"))?;
        if state.control.pause_schedule(&source, &actor.name)? {
            JsonResponse::ok(&json!({ "status": "paused", "message": SCHEDULE_PAUSED }))
        } else {
            Err(WebError::new(StatusCode::CONFLICT, "not_scheduled", NO_RUNNING_SCHEDULE))
        }
    })
    .await
}

/// `POST /api/sources/{slug}/resume`: resumes a paused schedule.
pub(in crate::web) async fn resume_schedule(
    app: AppContext,
    slug: web::Path<String>,
) -> Result<JsonResponse, WebError> {
    app.run_blocking(move |state, _| {
        let source = state.store.find_source(&slug)?.ok_or_else(|| WebError::not_found("source"))?;
        if state.control.resume_schedule(&source)? {
            JsonResponse::ok(&json!({ "status": "resumed", "message": SCHEDULE_RESUMED }))
        } else {
            Err(WebError::new(StatusCode::CONFLICT, "not_paused", SCHEDULE_NOT_PAUSED))
        }
    })
    .await
}
