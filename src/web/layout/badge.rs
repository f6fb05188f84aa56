//! The floating badge: the runs of all sources that are active or ended within the last minute, in one response.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use actix_web::web;
use chrono::{TimeDelta, Utc};
use serde::Deserialize;

use super::badge_view::{BadgeFragment, SyncBadge};
use crate::domain::account::Actor;
use crate::domain::operation::{OperationKind, Status};
use crate::domain::run_activity::RunActivity;
use crate::domain::run_summary::RunSummary;
use crate::domain::source::Source;
use crate::web::http::app_context::AppContext;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::http::html_response::HtmlResponse;

/// How long a finished run stays in the badge.
const RESULT_SHOWN_FOR: TimeDelta = TimeDelta::minutes(1);
/// The most finished runs in the badge.
const MAX_FINISHED_RUNS: u32 = 20;

/// The query of a request for the badge.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "kebab-case")]
pub(in crate::web) struct BadgeQuery {
    /// The slug of the catalog on screen; empty on other pages.
    on_screen: String,
}

/// `GET /sync-badge`: `on-screen` is the catalog whose panel shows its own runs.
pub(in crate::web) async fn fragment(app: AppContext, query: web::Query<BadgeQuery>) -> Result<HtmlResponse, WebError> {
    app.run_blocking(move |state, caller| {
        let badge = build_badge(state, caller.actor.as_ref())?;
        let badge = if query.on_screen.is_empty() { badge } else { badge.beside_panel(&query.on_screen) };
        HtmlResponse::render(&BadgeFragment::new(state.links.clone(), badge))
    })
    .await
}

/// The badge beside the panel of a catalog, for readers with an account. It is as it was within the last second: every
/// open panel requests it every two seconds.
pub(in crate::web) fn badge_beside_panel(state: &AppState, actor: &Actor, slug: &str) -> Result<SyncBadge, WebError> {
    let runs = state.recent_activity.get_or_load(|| list_activity(state, Some(actor)).map(Arc::from))?;
    Ok(SyncBadge { runs: runs.to_vec(), is_out_of_band: true, ..SyncBadge::default() }.beside_panel(slug))
}

/// The badge with the runs of the sources that `actor` may read.
pub(super) fn build_badge(state: &AppState, actor: Option<&Actor>) -> Result<SyncBadge, WebError> {
    Ok(SyncBadge { runs: list_activity(state, actor)?, ..SyncBadge::default() })
}

/// The runs of the sources that `actor` may read.
fn list_activity(state: &AppState, actor: Option<&Actor>) -> Result<Vec<RunActivity>, WebError> {
    let since = Utc::now() - RESULT_SHOWN_FOR;
    // Every page runs this query, and it is nearly always the only query.
    if !state.store.recent_activity(since)? {
        return Ok(Vec::new());
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
        runs.push(describe_run(source, &report.summary));
    }
    for record in finished {
        // Only the latest run of a source is shown.
        if is_hidden(record.summary.kind) || !shown.insert(record.source_id) {
            continue;
        }
        if let Some(source) = sources.get(&record.source_id) {
            let needs_review = record.summary.status == Status::Completed
                && open_reviews.iter().any(|review| record.review == Some(review.id));
            runs.push(RunActivity { needs_review, ..describe_run(source, &record.summary) });
        }
    }
    Ok(runs)
}

fn describe_run(source: &Source, run: &RunSummary) -> RunActivity {
    RunActivity {
        id: run.id,
        source: source.slug.clone(),
        name: source.name.clone(),
        kind: run.kind,
        status: run.status,
        progress: run.progress,
        stats: run.stats,
        needs_review: false,
    }
}
