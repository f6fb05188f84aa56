//! `POST /catalog/{slug}/schedule/pause` and `…/resume`: pause a schedule, and resume it after that or after an undo.

use actix_web::web;

use crate::domain::run_text::schedule_pause::SCHEDULE_NOT_PAUSED;
use crate::web::http::app_context::AppContext;
use crate::web::http::error::WebError;
use crate::web::http::form::{FormData, FormValues, trimmed_value};
use crate::web::http::html_response::HtmlResponse;
use crate::web::http::response_format::ResponseFormat;
use crate::web::http::return_path::checked_return_path;
use crate::web::panel::build::PanelContext;
use crate::web::panel::dismissed_runs::DismissedRuns;
use crate::web::panel::responses::{respond_with_note, respond_with_panel};

/// `POST /catalog/{slug}/schedule/pause`: field `next` is the page to return to, instead of the catalog.
pub(in crate::web) async fn pause(
    app: AppContext,
    slug: web::Path<String>,
    form: FormData<FormValues>,
) -> Result<HtmlResponse, WebError> {
    app.run_blocking(move |state, caller| {
        let actor = caller.admin()?;
        let next = trimmed_value(&form.into_values()?, "next");
        let source = caller.source(state, &slug)?;
        // Whoever presses the button of an old page finds the schedule paused, or none, on the next one.
        state.control.pause_schedule(&source, &actor.name)?;
        let next = if next.is_empty() { state.links.catalog(&slug) } else { checked_return_path(&next, &state.links) };
        Ok(HtmlResponse::redirect(next))
    })
    .await
}

/// `POST /catalog/{slug}/schedule/resume`: field `next` is the page to return to without JavaScript, instead of the
/// catalog.
pub(in crate::web) async fn resume(
    app: AppContext,
    slug: web::Path<String>,
    form: FormData<FormValues>,
    dismissed: DismissedRuns,
) -> Result<HtmlResponse, WebError> {
    let is_htmx = app.format == ResponseFormat::Fragment;
    app.run_blocking(move |state, caller| {
        let actor = caller.admin()?;
        let next = trimmed_value(&form.into_values()?, "next");
        let source = caller.source(state, &slug)?;
        let was_paused = state.control.resume_schedule(&source)?;
        // The panel shows the schedule as it is now.
        let source = caller.source(state, &slug)?;
        let context = PanelContext { state, source: &source, actor: Some(&actor) };
        if is_htmx && !was_paused {
            return respond_with_note(&context, SCHEDULE_NOT_PAUSED);
        }
        if is_htmx || next.is_empty() {
            return respond_with_panel(&context, &dismissed, is_htmx);
        }
        Ok(HtmlResponse::redirect(checked_return_path(&next, &state.links)))
    })
    .await
}
