//! `/history`: past runs, and the issues of one as a file.

use actix_web::http::header;
use actix_web::{HttpResponse, web};

use super::build::{SourceNames, ended, going_on, pager, run_page};
use super::view::{FilterChoice, HistoryListPage};
use crate::domain::issue::KEPT_ISSUES;
use crate::domain::operation::Status;
use crate::domain::record::HistoryRun;
use crate::domain::source::{Slug, Source};
use crate::domain::text::formula::inert;
use crate::store::history::{HistoryOf, HistoryPage, HistoryQuery};
use crate::web::http::app_state;
use crate::web::http::app_state::{AppData, AppState};
use crate::web::http::authentication::RequestCaller;
use crate::web::http::error::WebError;
use crate::web::http::form::{FormValues, address, value};
use crate::web::layout::page::{RenderedHtml, chrome};
use crate::web::layout::run_labels::StatusWords as _;
use crate::web::layout::view::NavSection;

/// Runs a page.
const PER: u64 = 50;
/// What a run can end as.
const OUTCOMES: [Status; 4] = [Status::Completed, Status::Failed, Status::Cancelled, Status::Interrupted];

/// What an address asks of the list; what makes no sense counts as not asked.
struct HistoryListQuery {
    source: String,
    status: Option<Status>,
    page: u64,
}

impl HistoryListQuery {
    fn from(values: &FormValues) -> Self {
        Self {
            source: value(values, "source"),
            status: value(values, "status").parse().ok().filter(|status| OUTCOMES.contains(status)),
            page: value(values, "page").parse().unwrap_or(1).max(1),
        }
    }

    fn address(&self, page: u64) -> String {
        let number = if page > 1 { page.to_string() } else { String::new() };
        let status = self.status.map_or("", Status::as_str);
        address("/history", &[("source", &self.source), ("status", status), ("page", &number)])
    }
}

/// `GET /history`: `source` and `status` choose, `page` turns pages.
pub(in crate::web) async fn list(
    rooms: AppData,
    caller: RequestCaller,
    query: web::Query<FormValues>,
) -> Result<RenderedHtml, WebError> {
    app_state::run(&rooms, move |house| {
        let actor = caller.viewer(house)?;
        let mut asked = HistoryListQuery::from(&query);
        let known = house.store.sources()?;
        let of = whose(house, &asked.source)?;
        let found = past(house, &mut asked, of.as_ref())?;
        let sources: SourceNames<'_> = known.iter().map(|source| (source.id, source)).collect();
        let mut runs = Vec::new();
        if asked.page == 1 && asked.status.is_none() {
            for run in house.store.runs_going_on()? {
                if asked.source.is_empty() || of == Some(HistoryOf::Source(run.source_id)) {
                    runs.push(going_on(house, &run, &sources)?);
                }
            }
        }
        let shown = found.records.len() as u64;
        runs.extend(found.records.iter().map(|record| ended(record, &sources)));
        let page = HistoryListPage {
            chrome: chrome(house, Some(&actor), "History", NavSection::History)?,
            here: asked.address(asked.page),
            sources: choices(&known, &asked.source),
            outcomes: OUTCOMES.iter().map(|status| outcome(*status, asked.status)).collect(),
            runs,
            pager: pager(asked.page, PER, shown, found.total, |page| asked.address(page)),
        };
        RenderedHtml::draw(&page)
    })
    .await
}

/// Whose history is asked for under this name; `None` when nobody's is.
pub(in crate::web) fn whose(house: &AppState, slug: &str) -> Result<Option<HistoryOf>, WebError> {
    Ok(match slug.parse::<Slug>() {
        Ok(slug) => house.store.history_of(&slug)?,
        Err(_) => None,
    })
}

/// The page that was asked for, or the last one there is.
fn past(house: &AppState, asked: &mut HistoryListQuery, of: Option<&HistoryOf>) -> Result<HistoryPage, WebError> {
    if !asked.source.is_empty() && of.is_none() {
        asked.page = 1;
        return Ok(HistoryPage { records: Vec::new(), total: 0 });
    }
    let query = |page| HistoryQuery { of: of.cloned(), status: asked.status, page, per: PER };
    let found = house.store.history(&query(asked.page))?;
    let last_page = found.total.div_ceil(PER).max(1);
    if asked.page <= last_page {
        return Ok(found);
    }
    let found = house.store.history(&query(last_page))?;
    asked.page = last_page;
    Ok(found)
}

/// The sources there are, and the one that was asked for even if it is there no more.
fn choices(known: &[Source], asked: &str) -> Vec<FilterChoice> {
    let choice = |source: &Source| FilterChoice {
        value: source.slug.to_string(),
        name: source.name.clone(),
        chosen: source.slug.as_str() == asked,
    };
    let mut choices: Vec<FilterChoice> = known.iter().map(choice).collect();
    if !asked.is_empty() && !choices.iter().any(|choice| choice.chosen) {
        choices.push(FilterChoice { value: asked.to_owned(), name: asked.to_owned(), chosen: true });
    }
    choices
}

fn outcome(status: Status, asked: Option<Status>) -> FilterChoice {
    FilterChoice { value: status.to_string(), name: status.word().to_owned(), chosen: asked == Some(status) }
}

/// `GET /history/{id}`: one run. `kind` chooses which changes are shown, `changes` and `issues` turn their pages.
pub(in crate::web) async fn one(
    rooms: AppData,
    caller: RequestCaller,
    id: web::Path<String>,
    query: web::Query<FormValues>,
) -> Result<RenderedHtml, WebError> {
    app_state::run(&rooms, move |house| {
        let actor = caller.viewer(house)?;
        let run = known(house, &id)?;
        RenderedHtml::draw(&run_page(house, &actor, &run, &query)?)
    })
    .await
}

/// The run of that id.
pub(in crate::web) fn known(house: &AppState, id: &str) -> Result<HistoryRun, WebError> {
    let run = match id.parse() {
        Ok(id) => house.store.run(id)?,
        Err(_) => None,
    };
    run.ok_or_else(|| WebError::not_found("sync"))
}

/// `GET /history/{id}/issues.csv`: all kept issues of a run as a file.
pub(in crate::web) async fn issues_file(
    rooms: AppData,
    caller: RequestCaller,
    id: web::Path<String>,
) -> Result<HttpResponse, WebError> {
    let (name, csv) = app_state::run(&rooms, move |house| {
        caller.viewer(house)?;
        let run = known(house, &id)?;
        let source = match &run {
            HistoryRun::Active(run) => &run.source,
            HistoryRun::Ended(record) => &record.source,
        };
        let id = run.as_attempt().id;
        let mut writer = csv::Writer::from_writer(Vec::new());
        let mut wrote = writer.write_record(["row", "column", "kind", "reason"]);
        for issue in house.store.issues(id, 1, KEPT_ISSUES as u64)? {
            let row = issue.row.map(|row| row.to_string()).unwrap_or_default();
            let column = inert(issue.column.as_deref().unwrap_or_default());
            let (kind, reason) = (issue.kind.to_string(), inert(&issue.reason));
            let fields: [&str; 4] = [&row, &column, &kind, &reason];
            wrote = wrote.and_then(|()| writer.write_record(fields));
        }
        let failed = |error: &dyn std::fmt::Display| WebError::internal("a file could not be written", error);
        wrote.map_err(|error| failed(&error))?;
        let csv = writer.into_inner().map_err(|error| failed(&error))?;
        Ok((format!("{source}-issues-{id}.csv"), csv))
    })
    .await?;
    let disposition = format!("attachment; filename=\"{name}\"");
    let headers = (header::CONTENT_DISPOSITION, disposition);
    Ok(HttpResponse::Ok().content_type("text/csv; charset=utf-8").insert_header(headers).body(csv))
}

#[cfg(test)]
mod tests {
    use super::{FormValues, HistoryListQuery, Status};

    #[test]
    fn an_address_that_makes_no_sense_asks_for_everything() {
        let asked = |pairs: &[(&str, &str)]| {
            let values: FormValues =
                pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let asked = HistoryListQuery::from(&values);
            (asked.status, asked.page, asked.address(asked.page))
        };
        assert_eq!(asked(&[("status", "running"), ("page", "0")]), (None, 1, "/history".to_owned()));
        let failed = [("source", "a b"), ("status", "failed"), ("page", "3")];
        let there = "/history?source=a+b&status=failed&page=3".to_owned();
        assert_eq!(asked(&failed), (Some(Status::Failed), 3, there));
    }
}
