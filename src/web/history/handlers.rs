//! `/history`: the list of runs, and the page of one run.

use std::collections::HashMap;

use actix_web::web;
use chrono::Utc;

use super::build::{SourceNames, active_line, build_run_page, finished_line};
use super::list_filters::HistoryFilters;
use super::run_plot::{MAX_PLOTTED_RUNS, RunPlot};
use super::view::{FilterChoice, HistoryListPage, RunLine};
use crate::domain::record::HistoryRun;
use crate::domain::source::{Slug, Source};
use crate::store::history::HistoryPage;
use crate::store::history_query::{HistoryOf, HistoryQuery};
use crate::web::http::app_context::AppContext;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::http::form::FormValues;
use crate::web::http::html_response::HtmlResponse;
use crate::web::layout::freshness_mark::{find_mark, list_marks};
use crate::web::layout::page::page_frame;
use crate::web::layout::page_links::PageLinks;
use crate::web::layout::view::NavSection;

/// The number of runs on a page.
const RUNS_PER_PAGE: u64 = 50;
/// `GET /history`: `source`, `kind`, `status`, `person`, `time`, `from` and `to` filter, `page` selects a page.
pub(in crate::web) async fn list(app: AppContext, query: web::Query<FormValues>) -> Result<HtmlResponse, WebError> {
    app.run_blocking(move |state, caller| {
        let actor = caller.viewer()?;
        let now = Utc::now();
        let active = state.store.list_active_runs()?;
        let mut people = state.store.list_requesters()?;
        people.extend(active.iter().map(|run| run.requested_by.clone()));
        people.sort();
        people.dedup();
        let mut asked = HistoryFilters::parse(&query, &people);
        let known = state.store.list_sources()?;
        let of = find_history_of(state, &asked.source)?;
        let selected = if !asked.source.is_empty() && of.is_none() { None } else { Some(asked.query(of.clone(), now)) };
        let found = load_finished(state, &mut asked, selected.as_ref())?;
        let sources: SourceNames<'_> = known.iter().map(|source| (source.id, source)).collect();
        // A list of one source has its mark at the top; otherwise each source has it at its newest run.
        let mut marks = if asked.source.is_empty() { list_marks(state, Some(&actor))? } else { HashMap::new() };
        let mut runs = Vec::new();
        let shown_active = active.iter().filter(|run| asked.page == 1 && asked.include_active(run, now));
        for run in shown_active {
            if asked.source.is_empty() || of == Some(HistoryOf::Source(run.source_id)) {
                let freshness = marks.remove(&run.source_id);
                runs.push(RunLine { freshness, ..active_line(state, run, &sources)? });
            }
        }
        let shown = found.records.len() as u64;
        let reviews = state.store.list_open_reviews()?;
        runs.extend(found.records.iter().map(|record| {
            let freshness = marks.remove(&record.source_id);
            RunLine { freshness, ..finished_line(state, record, &sources, &reviews) }
        }));
        let page = HistoryListPage {
            frame: page_frame(state, Some(&actor), "History", NavSection::History)?,
            here: asked.link(&state.links, asked.page),
            sources: source_choices(&known, &asked.source),
            kinds: asked.kind_choices(),
            outcomes: asked.status_choices(),
            people: asked.person_choices(&people),
            periods: asked.period_choices(),
            days: asked.days.fields(),
            days_zone: asked.days.zone_label(),
            filter_notices: asked.notices.clone(),
            plot: match selected.filter(|query| query.of.is_some()) {
                Some(query) => load_plot(state, &query, asked.narrow_source())?,
                None => None,
            },
            runs,
            freshness: match of {
                Some(HistoryOf::Source(id)) => find_mark(state, id, Some(&actor))?,
                _ => None,
            },
            pager: PageLinks::new(asked.page, RUNS_PER_PAGE, shown, found.total, |page| asked.link(&state.links, page)),
        };
        HtmlResponse::render(&page)
    })
    .await
}

/// The plot of the newest runs that are listed.
fn load_plot(state: &AppState, query: &HistoryQuery, is_narrowed: bool) -> Result<Option<RunPlot>, WebError> {
    let records = state.store.newest_history(query, MAX_PLOTTED_RUNS)?;
    Ok(RunPlot::new(&state.links, &records, is_narrowed))
}

/// The history of the source with this slug, even if it was removed; `None` if no source ever had the slug.
pub(in crate::web) fn find_history_of(state: &AppState, slug: &str) -> Result<Option<HistoryOf>, WebError> {
    Ok(match slug.parse::<Slug>() {
        Ok(slug) => state.store.find_history(&slug)?,
        Err(_) => None,
    })
}

/// The finished runs of the requested page, or else of the last page; none if `selected` is `None`.
fn load_finished(
    state: &AppState,
    asked: &mut HistoryFilters,
    selected: Option<&HistoryQuery>,
) -> Result<HistoryPage, WebError> {
    let Some(selected) = selected else {
        asked.page = 1;
        return Ok(HistoryPage { records: Vec::new(), total: 0 });
    };
    let query = |page| HistoryQuery { page, per_page: RUNS_PER_PAGE, ..selected.clone() };
    let found = state.store.list_history(&query(asked.page))?;
    let last_page = found.total.div_ceil(RUNS_PER_PAGE).max(1);
    if asked.page <= last_page {
        return Ok(found);
    }
    let found = state.store.list_history(&query(last_page))?;
    asked.page = last_page;
    Ok(found)
}

/// The sources to filter by, with the requested one even if it was removed.
fn source_choices(known: &[Source], requested: &str) -> Vec<FilterChoice> {
    let choice = |source: &Source| FilterChoice {
        value: source.slug.to_string(),
        label: source.name.clone(),
        is_selected: source.slug.as_str() == requested,
    };
    let mut choices: Vec<FilterChoice> = known.iter().map(choice).collect();
    if !requested.is_empty() && !choices.iter().any(|choice| choice.is_selected) {
        choices.push(FilterChoice { value: requested.to_owned(), label: requested.to_owned(), is_selected: true });
    }
    choices
}

/// `GET /history/{id}` and, for its polls, `GET /history/{id}/sync-status`: one run. `kind` and `q` filter its changes;
/// `page` and `issues` select pages of its lists.
pub(in crate::web) async fn run_page(
    app: AppContext,
    id: web::Path<String>,
    query: web::Query<FormValues>,
) -> Result<HtmlResponse, WebError> {
    app.run_blocking(move |state, caller| {
        let actor = caller.viewer()?;
        let run = find_run(state, &id)?;
        HtmlResponse::render(&build_run_page(state, &actor, &run, &query, None)?)
    })
    .await
}

/// The run with this id.
pub(in crate::web) fn find_run(state: &AppState, id: &str) -> Result<HistoryRun, WebError> {
    let run = match id.parse() {
        Ok(id) => state.store.find_run(id)?,
        Err(_) => None,
    };
    let run = run.ok_or_else(|| WebError::not_found("sync"))?;
    if let HistoryRun::Active(active) = &run {
        state.board.record_shown(&active.summary);
    }
    Ok(run)
}
