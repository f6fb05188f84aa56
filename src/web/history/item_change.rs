//! `GET /history/{id}/changes/item`: the change of one item by one run, with all its fields.

use actix_web::web;
use askama::Template;

use super::handlers::find_run;
use crate::domain::run_text::kind_label;
use crate::web::changes::grid::{ChangeGroup, GridBuilder, listed_fields};
use crate::web::changes::value_view::WholeValue;
use crate::web::http::app_context::AppContext;
use crate::web::http::error::WebError;
use crate::web::http::form::{FormValues, trimmed_value};
use crate::web::http::html_response::HtmlResponse;
use crate::web::layout::freshness_mark::{FreshnessMark, find_mark};
use crate::web::layout::page::page_frame;
use crate::web::layout::page_links::{PageLinks, load_page};
use crate::web::layout::view::{NavSection, PageFrame, counted, grouped};

/// The number of fields on a page.
const FIELDS_PER_PAGE: u64 = 500;

/// The page of the change of one item.
#[derive(Debug, Clone, Template)]
#[template(path = "item_change.html")]
pub(in crate::web) struct ItemChangePage {
    /// The frame of the page.
    pub frame: PageFrame,
    /// The link to the page of the run.
    pub run_link: String,
    /// The run: "Sync of Albums".
    pub run_label: String,
    /// The mark of a stale or paused source.
    pub freshness: Option<FreshnessMark>,
    /// The item, with the fields of this page.
    pub group: ChangeGroup,
    /// The links to other pages.
    pub pager: PageLinks,
}

/// `GET /history/{id}/changes/item`: the item with this `key`; `page` selects a page of its fields.
pub(in crate::web) async fn page(
    app: AppContext,
    id: web::Path<String>,
    query: web::Query<FormValues>,
) -> Result<HtmlResponse, WebError> {
    app.run_blocking(move |state, caller| {
        let actor = caller.viewer()?;
        let run = find_run(state, &id)?;
        let summary = run.run_summary();
        let not_found = || WebError::not_found("change");
        let source = state.store.source_by_id(run.source_id())?.ok_or_else(not_found)?;
        // Not trimmed: keys are compared as they are stored.
        let key = query.get("key").map_or("", String::as_str);
        let change = state.store.find_change(summary.id, source.id, key)?.ok_or_else(not_found)?;
        let fields = listed_fields(&change);
        let total = fields.len() as u64;
        let requested = trimmed_value(&query, "page").parse().unwrap_or(1).max(1);
        let on_page = |page: u64| {
            let before = usize::try_from((page - 1).saturating_mul(FIELDS_PER_PAGE)).unwrap_or(usize::MAX);
            Ok((fields.iter().skip(before).take(FIELDS_PER_PAGE as usize).cloned().collect::<Vec<_>>(), total))
        };
        let (shown, _, page) = load_page(requested, FIELDS_PER_PAGE, on_page)?;
        let slug = source.slug.as_str();
        let item_ids = state.store.live_item_ids(source.id, &[key])?;
        let mut grid = GridBuilder::new(&state.links, Some(slug), &source.noun.one, item_ids);
        let group = grid.group_of_fields(&summary.id.to_string(), summary.kind, &change, &shown);
        let link = |page: u64| {
            let number = if page > 1 { format!("&page={page}") } else { String::new() };
            let page_link = state.links.item_change(&summary.id, key);
            format!("{page_link}{number}")
        };
        HtmlResponse::render(&ItemChangePage {
            frame: page_frame(state, Some(&actor), group.title.clone(), NavSection::History)?,
            run_link: format!("{}#changes", state.links.run(&summary.id)),
            run_label: format!("{} of {}", kind_label(summary.kind), source.name),
            freshness: find_mark(state, source.id, Some(&actor))?,
            pager: PageLinks::new(page, FIELDS_PER_PAGE, shown.len() as u64, total, link),
            group,
        })
    })
    .await
}
