//! `GET /`: every source, or for a visitor the public catalogs.

use std::collections::HashMap;

use actix_web::web;
use chrono::Utc;

use super::front_page::build_front_page;
use super::next_step::find_next_step;
use super::run_chart::{CHARTED_RUNS, RunChart};
use super::source_line::SourceLine;
use super::start_syncs::StartCounts;
use super::view::DashboardPage;
use crate::domain::account::{Actor, Role};
use crate::domain::item::fold_for_search;
use crate::domain::operation::Status;
use crate::domain::source::Source;
use crate::web::http::app_context::AppContext;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::http::form::{FormValues, trimmed_value};
use crate::web::http::html_response::HtmlResponse;
use crate::web::http::links::with_query;
use crate::web::layout::freshness_mark::list_marks;
use crate::web::layout::page::page_frame;
use crate::web::layout::run_labels::LatestRun;
use crate::web::layout::time_label::{TimeLabel, time_label};
use crate::web::layout::view::NavSection;
use crate::web::panel::second_steps::ReviewStep;

/// `GET /`: `q` lists only sources whose name contains it; `started`, `running` and `cooling` are the outcomes of the
/// starts that led here.
pub(in crate::web) async fn page(app: AppContext, query: web::Query<FormValues>) -> Result<HtmlResponse, WebError> {
    app.run_blocking(move |state, caller| {
        let Some(actor) = caller.actor else { return HtmlResponse::render(&build_front_page(state)?) };
        let mut sources = build_lines(state, &actor)?;
        let total = sources.len();
        let next_step = if actor.role == Role::Admin { find_next_step(&state.links, &sources) } else { None };
        let text = trimmed_value(&query, "q");
        let wanted = fold_for_search(&text);
        sources.retain(|line| fold_for_search(&line.name).contains(&wanted) || line.slug.contains(&wanted));
        sources.sort_by_cached_key(|line| (line.urgency(), line.name.to_lowercase()));
        HtmlResponse::render(&DashboardPage {
            frame: page_frame(state, Some(&actor), "Catalogs", NavSection::Catalogs)?,
            sources,
            total,
            here: with_query(&state.links.dashboard(), &[("q", &text)]),
            query: text,
            next_step,
            notice: StartCounts::parse(&query).map(StartCounts::message),
        })
    })
    .await
}

/// The lines of all sources. Eight queries, however many sources there are, and one status read for each active run.
fn build_lines(state: &AppState, actor: &Actor) -> Result<Vec<SourceLine>, WebError> {
    let mut catalogs: HashMap<_, _> = state.store.list_catalogs()?.into_iter().collect();
    let results: HashMap<_, _> =
        state.store.latest_results()?.into_iter().map(|result| (result.source_id, result)).collect();
    let active: HashMap<_, _> = state.store.active_run_ids()?.into_iter().map(|(run, source)| (source, run)).collect();
    let feeds = state.store.all_feed_counts()?;
    let reviews: HashMap<_, _> =
        state.store.list_open_reviews()?.into_iter().map(|review| (review.source_id, review)).collect();
    let mut marks = list_marks(state, Some(actor))?;
    let recent = state.store.list_recent_runs(CHARTED_RUNS)?;
    let mut lines = Vec::new();
    for source in state.store.list_sources()? {
        let catalog = catalogs.remove(&source.id);
        let result = results.get(&source.id);
        let review = reviews.get(&source.id);
        let runs = recent.get(&source.id).map_or(&[][..], Vec::as_slice);
        let report = match active.get(&source.id) {
            Some(run) => state.board.get(*run)?.filter(|report| report.summary.status.is_active()),
            None => None,
        };
        lines.push(SourceLine {
            slug: source.slug.to_string(),
            name: source.name.clone(),
            count: catalog.as_ref().map_or(0, |catalog| catalog.item_count),
            noun_one: source.noun.one.clone(),
            noun_many: source.noun.many.clone(),
            last_success: catalog.and_then(|catalog| catalog.last_success_at).map(time_label),
            next_run: next_run(&source),
            active: report.map(|report| (report.summary.kind, report.summary.status, report.summary.progress)),
            latest: result.map(|result| LatestRun::new(result, review)),
            error: runs.first().filter(|run| run.status == Status::Failed).and_then(|run| run.error.clone()),
            chart: RunChart::new(runs),
            review: review
                .filter(|_| actor.role == Role::Admin)
                .map(|review| ReviewStep::new(&state.links, &source, review)),
            failing: feeds.get(&source.id).map_or(0, |feeds| feeds.failing),
            public: source.public,
            freshness: marks.remove(&source.id),
        });
    }
    Ok(lines)
}

/// The next scheduled sync of a source whose schedule is not paused.
fn next_run(source: &Source) -> Option<TimeLabel> {
    let schedule = source.schedule.as_ref().filter(|_| source.paused_at.is_none())?;
    schedule.parse().ok()?.next_after(Utc::now()).map(time_label)
}
