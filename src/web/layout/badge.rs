//! The floating badge: the runs of all sources that are active or ended within the last minute, in one response.

use std::collections::{HashMap, HashSet};

use chrono::{TimeDelta, Utc};

use super::view::{BadgeFragment, BadgeRun, SyncBadge};
use crate::domain::account::Actor;
use crate::domain::operation::{OperationKind, Status};
use crate::domain::source::Source;
use crate::web::http::app_context::AppContext;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::http::html_response::HtmlResponse;

/// How long a finished run stays in the badge.
const RESULT_SHOWN_FOR: TimeDelta = TimeDelta::minutes(1);
/// The most finished runs in the badge.
const MAX_FINISHED_RUNS: u32 = 20;

/// `GET /sync-badge`.
pub(in crate::web) async fn fragment(app: AppContext) -> Result<HtmlResponse, WebError> {
    app.run_blocking(move |state, caller| {
        let actor = caller.actor;
        HtmlResponse::render(&BadgeFragment::new(state.links.clone(), badge_runs(state, actor.as_ref())?))
    })
    .await
}

/// The runs of the sources that `actor` may read.
pub(super) fn badge_runs(state: &AppState, actor: Option<&Actor>) -> Result<SyncBadge, WebError> {
    let since = Utc::now() - RESULT_SHOWN_FOR;
    // Every page runs this query, and it is nearly always the only query.
    if !state.store.recent_activity(since)? {
        return Ok(SyncBadge::default());
    }
    let active = state.store.active_run_ids()?;
    let recent = state.store.recent_records(None, MAX_FINISHED_RUNS)?;
    let finished: Vec<_> = recent.into_iter().filter(|record| record.finished_at > since).collect();
    let sources: HashMap<_, Source> = state
        .store
        .list_sources()?
        .into_iter()
        .filter(|source| source.public || actor.is_some())
        .map(|source| (source.id, source))
        .collect();
    let open_reviews = match finished.iter().any(|record| record.review.is_some()) {
        true => state.store.list_open_reviews()?,
        false => Vec::new(),
    };
    // What a preview found is not public.
    let is_hidden = |kind: OperationKind| actor.is_none() && kind == OperationKind::Preview;
    let mut runs = Vec::new();
    let mut shown = HashSet::new();
    for (id, source_id) in active {
        let Some(source) = sources.get(&source_id) else { continue };
        let report = state.board.get(id)?;
        if report.as_ref().is_some_and(|report| is_hidden(report.summary.kind)) {
            continue;
        }
        shown.insert(source_id);
        // The run may have ended in the meantime. The next response then lists it as finished.
        let Some(report) = report else { continue };
        runs.push(BadgeRun::new(&state.links, source, &report.summary));
    }
    for record in finished {
        // Only the latest run of a source is shown.
        if is_hidden(record.summary.kind) || !shown.insert(record.source_id) {
            continue;
        }
        if let Some(source) = sources.get(&record.source_id) {
            let needs_review = record.summary.status == Status::Completed
                && open_reviews.iter().any(|review| record.review == Some(review.id));
            runs.push(BadgeRun { needs_review, ..BadgeRun::new(&state.links, source, &record.summary) });
        }
    }
    Ok(SyncBadge { runs })
}
