//! Responds to the forms of the panel: HTMX gets the panel; a browser without JavaScript is sent to the page of the
//! catalog, which shows the same panel.

use actix_web::http::StatusCode;

use super::build::PanelContext;
use super::dismissed_runs::DismissedRuns;
use super::notice::notice_value;
use super::view::{PanelFragment, PanelView};
use crate::store::admission::StartOutcome;
use crate::sync::follow_up::FollowUpRefusal;
use crate::web::http::error::{WebError, whole_seconds};
use crate::web::http::html_response::HtmlResponse;
use crate::web::http::links::with_query;
use crate::web::layout::badge::badge_beside_panel;
use crate::web::layout::badge_view::BadgeFrame;

/// The event after which pages load again what a run may have changed.
const RUN_ENDED_EVENT: &str = "stopPolling";

/// The response to a start: 202, 409 or 429 with the panel.
pub(in crate::web) fn respond_to_start(
    context: &PanelContext<'_>,
    outcome: StartOutcome,
    is_htmx: bool,
) -> Result<HtmlResponse, WebError> {
    let (status, sync_id) = match outcome {
        StartOutcome::Accepted(id) => (StatusCode::ACCEPTED, Some(id)),
        StartOutcome::AlreadyRunning(id) => (StatusCode::CONFLICT, Some(id)),
        StartOutcome::CoolingDown(_) => (StatusCode::TOO_MANY_REQUESTS, None),
        StartOutcome::NoSuchSource | StartOutcome::NotDue | StartOutcome::Outdated => {
            return Err(WebError::start_refused(outcome, context.source));
        }
    };
    if !is_htmx {
        return Ok(redirect_to_catalog(context, notice_value(Some(outcome), None)));
    }
    let run = sync_id.map(|id| context.run_panel(id, 0)).transpose()?.flatten();
    let panel = run.map_or_else(|| context.latest_panel(), Ok)?;
    render_fragment(context, PanelView { start_outcome: Some(outcome), ..panel }, status)
}

/// The response to a decision that starts no run: the panel of the page as it is now.
pub(in crate::web) fn respond_with_panel(
    context: &PanelContext<'_>,
    dismissed: &DismissedRuns,
    is_htmx: bool,
) -> Result<HtmlResponse, WebError> {
    if !is_htmx {
        return Ok(redirect_to_catalog(context, ""));
    }
    let panel = context.page_panel(dismissed)?;
    Ok(HtmlResponse::render(&PanelFragment { panel, badge: None })?.with_header("HX-Trigger", RUN_ENDED_EVENT))
}

/// The response to a second step that is not possible: 409 with the panel and the reason, or a redirect to `page`,
/// which shows the reason.
pub(in crate::web) fn respond_with_refusal(
    context: &PanelContext<'_>,
    refusal: FollowUpRefusal,
    is_htmx: bool,
    page: String,
) -> Result<HtmlResponse, WebError> {
    if is_htmx { respond_with_note(context, refusal.message()) } else { Ok(HtmlResponse::redirect(page)) }
}

/// The panel with a note about a request that was refused, and status 409.
pub(in crate::web) fn respond_with_note(
    context: &PanelContext<'_>,
    note: &'static str,
) -> Result<HtmlResponse, WebError> {
    render_fragment(context, PanelView { refusal: Some(note), ..context.latest_panel()? }, StatusCode::CONFLICT)
}

/// The panel. While it polls, it brings the badge along, which then needs no requests of its own. If its run has ended,
/// the page refreshes what the run may have changed, unless the response only reports a cooldown.
pub(super) fn render_fragment(
    context: &PanelContext<'_>,
    panel: PanelView,
    status: StatusCode,
) -> Result<HtmlResponse, WebError> {
    let badge = match context.actor.filter(|_| panel.is_active()) {
        Some(actor) => Some(badge_beside_panel(context.state, actor, context.source.slug.as_str())?),
        None => None,
    };
    let badge = badge.map(|badge| BadgeFrame { links: context.state.links.clone(), badge });
    let has_ended = panel.run.is_some() && !panel.is_active();
    let start_outcome = panel.start_outcome;
    let html = HtmlResponse::render(&PanelFragment { panel, badge })?.with_status(status);
    Ok(match start_outcome {
        Some(StartOutcome::CoolingDown(left)) => html.with_header("Retry-After", whole_seconds(left).to_string()),
        _ if has_ended => html.with_header("HX-Trigger", RUN_ENDED_EVENT),
        _ => html,
    })
}

pub(super) fn redirect_to_catalog(context: &PanelContext<'_>, notice: &str) -> HtmlResponse {
    let catalog = context.state.links.catalog(context.source.slug.as_str());
    HtmlResponse::redirect(with_query(&catalog, &[("notice", notice)]))
}
