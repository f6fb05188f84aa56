//! `/history/{id}/undo`: says what an undo will do, and starts it.

use actix_web::web;

use super::view::{DecisionPage, LaterRun};
use crate::domain::operation::OperationKind;
use crate::domain::run_text::undo::{
    EARLIER_ATTEMPT_STAYS, NEXT_SYNC_BRINGS_BACK, UNDO_PAUSES_SCHEDULE, undo_forecast_message, undo_label,
};
use crate::domain::run_text::{format_count, kind_label};
use crate::domain::source::{Noun, Source};
use crate::domain::sync_id::SyncId;
use crate::domain::undo_forecast::LaterChanges;
use crate::sync::follow_up::FollowUp;
use crate::web::history::handlers::find_run;
use crate::web::http::app_context::AppContext;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::http::html_response::HtmlResponse;
use crate::web::http::response_format::ResponseFormat;
use crate::web::layout::time_label::time_label;
use crate::web::layout::view::NavSection;
use crate::web::panel::build::PanelContext;
use crate::web::panel::responses::{respond_to_start, respond_with_refusal};

/// The most later runs that are named because of which items are left.
const MAX_LATER_RUNS: usize = 5;

/// `GET /history/{id}/undo`.
pub(in crate::web) async fn page(app: AppContext, id: web::Path<String>) -> Result<HtmlResponse, WebError> {
    app.run_blocking(move |state, caller| {
        let actor = caller.admin()?;
        let run = find_run(state, &id)?;
        let id = run.run_summary().id;
        let source = state.store.source_by_id(run.source_id())?;
        let mut page = DecisionPage::about_run(state, &actor, &run, source.as_ref(), NavSection::History)?;
        let label = undo_label(run.run_summary().kind);
        page.title = format!("{label}?");
        page.frame.title = format!("{label} of {}", page.source);
        page.link = state.links.undo_run(&id);
        match state.control.forecast_undo(id)? {
            FollowUp::Possible(source, forecast) => {
                page.message = undo_forecast_message(&source.noun, forecast);
                if forecast.leaves > 0 {
                    let later = state.store.later_changes(id)?;
                    let named: u64 = later.iter().take(MAX_LATER_RUNS).map(|later| later.items).sum();
                    page.items_of_other_runs = forecast.leaves.saturating_sub(named);
                    page.later_runs = name_runs(state, later, &source.noun)?;
                }
                let summary = run.run_summary();
                let attempt_notice = summary.retry_of.map(|_| EARLIER_ATTEMPT_STAYS);
                page.notices = attempt_notice.into_iter().chain(schedule_notice(&source, summary.kind)).collect();
                page.button = Some(label);
                page.find_active_run(state, &source)?;
            }
            FollowUp::NoSuchRun => return Err(WebError::not_found("sync")),
            FollowUp::Refused(refusal) => refusal.message().clone_into(&mut page.message),
        }
        HtmlResponse::render(&page)
    })
    .await
}

/// The first of the later runs because of which the undo of a run leaves items.
fn name_runs(state: &AppState, later: Vec<LaterChanges>, noun: &Noun) -> Result<Vec<LaterRun>, WebError> {
    let line = |later: LaterChanges| {
        Ok(LaterRun {
            items: format_count(noun, later.items),
            href: state.links.run(&later.run),
            run: (state.store.find_record(later.run)?).map(|record| {
                let label = kind_label(record.summary.kind).to_lowercase();
                (label, time_label(record.finished_at))
            }),
        })
    };
    later.into_iter().take(MAX_LATER_RUNS).map(line).collect()
}

/// What the undo of a run of this kind means for the next sync.
fn schedule_notice(source: &Source, kind: OperationKind) -> Option<&'static str> {
    if source.schedule.is_some() && !source.has_paused_schedule() {
        return Some(UNDO_PAUSES_SCHEDULE);
    }
    (kind == OperationKind::Sync).then_some(NEXT_SYNC_BRINGS_BACK)
}

/// `POST /history/{id}/undo`.
pub(in crate::web) async fn undo(app: AppContext, id: web::Path<String>) -> Result<HtmlResponse, WebError> {
    let is_htmx = app.format == ResponseFormat::Fragment;
    app.run_blocking(move |state, caller| {
        let actor = caller.admin()?;
        let no_run = || WebError::not_found("sync");
        let id: SyncId = id.parse().map_err(|_| no_run())?;
        let outcome = state.control.undo(id, &actor.name)?;
        let source = match state.store.source_of_run(id)? {
            Some(source) => state.store.source_by_id(source)?,
            None => None,
        };
        let context = source.as_ref().map(|source| PanelContext { state, source, actor: Some(&actor) });
        match (outcome, context) {
            (FollowUp::Possible(_, outcome), Some(context)) => respond_to_start(&context, outcome, is_htmx),
            (FollowUp::Refused(refusal), Some(context)) => {
                respond_with_refusal(&context, refusal, is_htmx, state.links.undo_run(&id))
            }
            (FollowUp::Refused(refusal), None) => Err(WebError::follow_up_refused(refusal, id)),
            (FollowUp::NoSuchRun | FollowUp::Possible(..), _) => Err(no_run()),
        }
    })
    .await
}
