//! Handles the Sync button: starts, follows and cancels a run. HTMX gets the panel; without JavaScript a form leads
//! back to the page of the catalog, which shows the same panel.

use actix_web::http::StatusCode;
use actix_web::web;
use serde::Deserialize;

use super::build::PanelContext;
use super::dismissed_runs::DismissedRuns;
use super::notice::notice_value;
use super::preview_apply::{APPLY_ACTION, build_apply};
use super::repeat::{REPEAT_ACTION, build_repeat};
use super::responses::{redirect_to_catalog, render_fragment, respond_to_start, respond_with_refusal};
use super::view::PanelView;
use crate::domain::operation::{Mode, OperationKind, RunPriority, StartOptions, StartRequest};
use crate::domain::sync_id::SyncId;
use crate::store::cancel::CancelOutcome;
use crate::web::http::app_context::AppContext;
use crate::web::http::error::WebError;
use crate::web::http::form::{FormData, FormValues, trimmed_value};
use crate::web::http::html_response::HtmlResponse;
use crate::web::http::response_format::ResponseFormat;

/// `POST /catalog/{slug}/sync`: field `action` (`sync`, `preview`, `full`, `failed`). With `again`, the run in the
/// field `sync` is repeated; with `apply`, the changes of the preview in the field `preview` are applied.
pub(in crate::web) async fn start(
    app: AppContext,
    slug: web::Path<String>,
    form: FormData<FormValues>,
) -> Result<HtmlResponse, WebError> {
    let is_htmx = app.format == ResponseFormat::Fragment;
    app.run_blocking(move |state, caller| {
        let actor = caller.admin()?;
        let source = caller.source(state, &slug)?;
        let context = PanelContext { state, source: &source, actor: Some(&actor) };
        let form = form.into_values()?;
        let request = match trimmed_value(&form, "action").as_str() {
            REPEAT_ACTION => build_repeat(state, &source, &form, actor.name.clone())?,
            APPLY_ACTION => match build_apply(state, &source, &form, actor.name.clone())? {
                Ok(request) => request,
                Err((refusal, page)) => return respond_with_refusal(&context, refusal, is_htmx, page),
            },
            _ => parse_start(&form, actor.name.clone())?,
        };
        respond_to_start(&context, state.control.start(&source, &request)?, is_htmx)
    })
    .await
}

/// The start that a form asks for.
fn parse_start(form: &FormValues, requested_by: String) -> Result<StartRequest, WebError> {
    let action = trimmed_value(form, "action");
    let (kind, mode) = match action.as_str() {
        "sync" | "" | "failed" => (OperationKind::Sync, Mode::Incremental),
        "full" => (OperationKind::Sync, Mode::Full),
        // A preview compares everything: an item can be missing from the catalog although the source is unchanged.
        "preview" => (OperationKind::Preview, Mode::Full),
        _ => {
            return Err(WebError::bad_field("action", "“action” must be sync, preview, full, failed, again or apply."));
        }
    };
    let options = StartOptions { only_failed: action == "failed", ..StartOptions::default() };
    Ok(StartRequest { kind, mode, options, priority: RunPriority::Manual, requested_by })
}

/// The query of a poll.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::web) struct StatusQuery {
    /// The id of a run; empty for the active or latest one.
    sync: String,
    /// The percentage that the browser already shows.
    seen: String,
}

/// `GET /catalog/{slug}/sync-status`: the panel with the requested run.
pub(in crate::web) async fn status(
    app: AppContext,
    slug: web::Path<String>,
    query: web::Query<StatusQuery>,
) -> Result<HtmlResponse, WebError> {
    app.run_blocking(move |state, caller| {
        let source = caller.source(state, &slug)?;
        let context = PanelContext { state, source: &source, actor: caller.actor.as_ref() };
        render_status(&context, query.sync.trim(), query.seen.trim())
    })
    .await
}

/// The panel with the run `sync_id`, or with the active or latest run if `sync_id` is empty. A `seen` that is not a
/// number from 0 to 255 counts as 0.
pub(in crate::web) fn render_status(
    context: &PanelContext<'_>,
    sync_id: &str,
    seen: &str,
) -> Result<HtmlResponse, WebError> {
    let panel = match sync_id {
        "" => context.latest_panel()?,
        id => {
            let seen = seen.parse().unwrap_or(0);
            let panel = id.parse().ok().map(|id| context.run_panel(id, seen)).transpose()?.flatten();
            panel.ok_or_else(|| WebError::not_found("sync"))?
        }
    };
    render_fragment(context, panel, StatusCode::OK)
}

/// `POST /catalog/{slug}/sync/cancel`: field `sync`, or else the active run.
pub(in crate::web) async fn cancel(
    app: AppContext,
    slug: web::Path<String>,
    form: FormData<FormValues>,
) -> Result<HtmlResponse, WebError> {
    let is_htmx = app.format == ResponseFormat::Fragment;
    app.run_blocking(move |state, caller| {
        let actor = caller.admin()?;
        let source = caller.source(state, &slug)?;
        let id: Option<SyncId> = match trimmed_value(&form.into_values()?, "sync").as_str() {
            "" => state.store.active_run(source.id)?,
            id => id.parse().ok(),
        };
        let no_run = || WebError::not_found("sync");
        let id = id.ok_or_else(no_run)?;
        // A run of another source is not found here, even if the caller may cancel it there.
        let context = PanelContext { state, source: &source, actor: Some(&actor) };
        context.report(id)?.ok_or_else(no_run)?;
        let outcome = state.control.cancel(id, &actor.name)?;
        let status = match outcome {
            CancelOutcome::Done | CancelOutcome::Requested | CancelOutcome::AlreadyEnded => StatusCode::OK,
            CancelOutcome::AlreadyFinishing => StatusCode::CONFLICT,
            CancelOutcome::NoSuchRun => return Err(no_run()),
        };
        if !is_htmx {
            return Ok(redirect_to_catalog(&context, notice_value(None, Some(outcome))));
        }
        let panel = context.run_panel(id, 0)?.ok_or_else(no_run)?;
        render_fragment(&context, PanelView { cancel_outcome: Some(outcome), ..panel }, status)
    })
    .await
}

/// `POST /catalog/{slug}/sync/dismiss`: hides the result of the run in the field `sync` from this reader.
pub(in crate::web) async fn dismiss(
    app: AppContext,
    slug: web::Path<String>,
    form: FormData<FormValues>,
    dismissed: DismissedRuns,
) -> Result<HtmlResponse, WebError> {
    let is_htmx = app.format == ResponseFormat::Fragment;
    app.run_blocking(move |state, caller| {
        let source = caller.source(state, &slug)?;
        let context = PanelContext { state, source: &source, actor: caller.actor.as_ref() };
        let no_run = || WebError::not_found("sync");
        let id: SyncId = trimmed_value(&form.into_values()?, "sync").parse().map_err(|_| no_run())?;
        let report = context.report(id)?.ok_or_else(no_run)?;
        // A run that is active is shown until it has ended.
        let dismissed = if report.summary.status.is_active() { dismissed } else { dismissed.with(id) };
        let html = if is_htmx {
            render_fragment(&context, context.page_panel(&dismissed)?, StatusCode::OK)?
        } else {
            redirect_to_catalog(&context, "")
        };
        Ok(html.with_header("Set-Cookie", dismissed.to_cookie(state.links.cookie_path())))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::{FormValues, Mode, OperationKind, parse_start};

    #[test]
    fn the_form_selects_what_is_started() {
        let parsed = |pairs: &[(&str, &str)]| {
            let form: FormValues =
                pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let start = parse_start(&form, "ada".to_owned());
            start.map(|start| {
                assert!(!start.options.accept_rekey, "a changed key is accepted on its own page only");
                (start.kind, start.mode, start.options.only_failed)
            })
        };
        assert_eq!(parsed(&[("action", "sync")]), Ok((OperationKind::Sync, Mode::Incremental, false)));
        assert_eq!(parsed(&[("action", "full")]), Ok((OperationKind::Sync, Mode::Full, false)));
        assert_eq!(parsed(&[("action", "preview")]), Ok((OperationKind::Preview, Mode::Full, false)));
        let accept_rekey = [("action", "sync"), ("accept_rekey", "1")];
        assert_eq!(parsed(&accept_rekey), Ok((OperationKind::Sync, Mode::Incremental, false)));
        assert_eq!(parsed(&[("action", "failed")]), Ok((OperationKind::Sync, Mode::Incremental, true)));
        assert!(parsed(&[("action", "drop")]).is_err());
    }
}
