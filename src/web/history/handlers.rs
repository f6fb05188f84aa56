//! `/history`: the list of runs, and the page of one run.

use std::collections::HashMap;

use actix_web::web;

use super::build::{SourceNames, active_line, build_run_page, finished_line};
use super::view::{FilterChoice, HistoryListPage, RunLine};
use crate::domain::operation::Status;
use crate::domain::record::HistoryRun;
use crate::domain::source::{Slug, Source};
use crate::store::history::{HistoryOf, HistoryPage, HistoryQuery};
use crate::web::http::app_context::AppContext;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::http::form::{FormValues, trimmed_value};
use crate::web::http::html_response::HtmlResponse;
use crate::web::http::links::{LinkBuilder, with_query};
use crate::web::layout::filter_notice::unknown_filter_notice;
use crate::web::layout::freshness_mark::{find_mark, list_marks};
use crate::web::layout::page::page_frame;
use crate::web::layout::page_links::PageLinks;
use crate::web::layout::run_labels::StatusLabels as _;
use crate::web::layout::view::NavSection;

/// The number of runs on a page.
const RUNS_PER_PAGE: u64 = 50;
/// The terminal statuses.
const TERMINAL_STATUSES: [Status; 4] = [Status::Completed, Status::Failed, Status::Cancelled, Status::Interrupted];

/// The query of the list. A value that cannot be parsed counts as missing.
struct HistoryListQuery {
    source: String,
    status: Option<Status>,
    /// The status that was asked for, if runs are not filtered by it; empty otherwise.
    unknown_status: String,
    page: u64,
}

impl HistoryListQuery {
    fn from(values: &FormValues) -> Self {
        let asked = trimmed_value(values, "status");
        let status = asked.parse().ok().filter(|status| TERMINAL_STATUSES.contains(status));
        Self {
            source: trimmed_value(values, "source"),
            status,
            unknown_status: if status.is_none() { asked } else { String::new() },
            page: trimmed_value(values, "page").parse().unwrap_or(1).max(1),
        }
    }

    fn link(&self, links: &LinkBuilder, page: u64) -> String {
        let number = if page > 1 { page.to_string() } else { String::new() };
        let status = self.status.map_or("", Status::as_str);
        with_query(&links.history(), &[("source", &self.source), ("status", status), ("page", &number)])
    }
}

/// `GET /history`: `source` and `status` filter, `page` selects a page.
pub(in crate::web) async fn list(app: AppContext, query: web::Query<FormValues>) -> Result<HtmlResponse, WebError> {
    app.run_blocking(move |state, caller| {
        let actor = caller.viewer()?;
        let mut asked = HistoryListQuery::from(&query);
        let known = state.store.list_sources()?;
        let of = find_history_of(state, &asked.source)?;
        let found = load_finished(state, &mut asked, of.as_ref())?;
        let sources: SourceNames<'_> = known.iter().map(|source| (source.id, source)).collect();
        // A list of one source has its mark at the top; otherwise each source has it at its newest run.
        let mut marks = if asked.source.is_empty() { list_marks(state, Some(&actor))? } else { HashMap::new() };
        let mut runs = Vec::new();
        if asked.page == 1 && asked.status.is_none() {
            for run in state.store.list_active_runs()? {
                if asked.source.is_empty() || of == Some(HistoryOf::Source(run.source_id)) {
                    let freshness = marks.remove(&run.source_id);
                    runs.push(RunLine { freshness, ..active_line(state, &run, &sources)? });
                }
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
            filter_notice: (!asked.unknown_status.is_empty())
                .then(|| unknown_filter_notice(&asked.unknown_status, "completed, failed, cancelled or interrupted")),
            outcomes: TERMINAL_STATUSES.iter().map(|status| status_choice(*status, asked.status)).collect(),
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

/// The history of the source with this slug, even if it was removed; `None` if no source ever had the slug.
pub(in crate::web) fn find_history_of(state: &AppState, slug: &str) -> Result<Option<HistoryOf>, WebError> {
    Ok(match slug.parse::<Slug>() {
        Ok(slug) => state.store.find_history(&slug)?,
        Err(_) => None,
    })
}

/// The finished runs of the requested page, or else of the last page.
fn load_finished(
    state: &AppState,
    asked: &mut HistoryListQuery,
    of: Option<&HistoryOf>,
) -> Result<HistoryPage, WebError> {
    if !asked.source.is_empty() && of.is_none() {
        asked.page = 1;
        return Ok(HistoryPage { records: Vec::new(), total: 0 });
    }
    let query = |page| HistoryQuery { of: of.cloned(), status: asked.status, page, per_page: RUNS_PER_PAGE };
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

fn status_choice(status: Status, requested: Option<Status>) -> FilterChoice {
    FilterChoice { value: status.to_string(), label: status.label().to_owned(), is_selected: requested == Some(status) }
}

/// `GET /history/{id}`: one run. `kind` and `q` filter its changes; `page` and `issues` select pages of its lists.
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
    run.ok_or_else(|| WebError::not_found("sync"))
}

#[cfg(test)]
mod tests {
    use super::{FormValues, HistoryListQuery, LinkBuilder, Status};

    #[test]
    fn a_query_that_cannot_be_parsed_selects_everything() {
        let asked = |pairs: &[(&str, &str)]| {
            let values: FormValues =
                pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let asked = HistoryListQuery::from(&values);
            (asked.status, asked.page, asked.link(&LinkBuilder::default(), asked.page))
        };
        assert_eq!(asked(&[("status", "running"), ("page", "0")]), (None, 1, "/history".to_owned()));
        let failed = [("source", "a b"), ("status", "failed"), ("page", "3")];
        let there = "/history?source=a+b&status=failed&page=3".to_owned();
        assert_eq!(asked(&failed), (Some(Status::Failed), 3, there));
    }
}
