//! `GET /catalog/{slug}/items/{id}`: the page of one item.

use std::collections::HashMap;

use actix_web::{HttpRequest, web};

use super::cells;
use super::description::DescribedPage;
use super::embedding::{EmbedOrigin, is_embedded, with_page_rules};
use super::item_history::build_item_history;
use super::item_neighbours::find_neighbours;
use super::item_view::{ItemField, ItemPage};
use super::table::TableQuery;
use crate::domain::columns::column_type::ColumnType;
use crate::domain::text::comparable_form::is_same_form;
use crate::store::items::Item;
use crate::web::http::app_context::AppContext;
use crate::web::http::error::WebError;
use crate::web::http::form::{FormValues, clip_text, trimmed_value};
use crate::web::http::html_response::HtmlResponse;
use crate::web::http::request_origin::request_origin;
use crate::web::item_lists::list_address::{AddressParameters, split_query};
use crate::web::layout::freshness_mark::find_reader_mark;
use crate::web::layout::item_title::find_title_column;
use crate::web::layout::page::page_frame;
use crate::web::layout::time_label::time_label;
use crate::web::layout::view::{NavSection, PageFrame};

/// The most characters of a heading.
const MAX_HEADING_CHARS: usize = 200;

/// `GET /catalog/{slug}/items/{id}`, by the opaque id of the item. For readers with an account it has the history of
/// the item, of which `page` selects a page. `embed=1` is the page for a frame, as for the catalog.
pub(in crate::web) async fn page(
    app: AppContext,
    path: web::Path<(String, String)>,
    query: web::Query<FormValues>,
    request: HttpRequest,
) -> Result<HtmlResponse, WebError> {
    let mut parameters = split_query(request.query_string());
    parameters.retain(|(name, _)| name != "page");
    let origin = request_origin(&request, &app.state.links);
    app.run_blocking(move |state, caller| {
        let (slug, id) = path.into_inner();
        let source = caller.source(state, &slug)?;
        let is_embedded = is_embedded(&parameters, &source);
        let actor = caller.actor.filter(|_| !is_embedded);
        let Some(catalog) = state.store.find_catalog(source.id)? else { return Err(WebError::not_found("item")) };
        let mut list = TableQuery::parse(&parameters, &AddressParameters::new(), &catalog);
        list.list.address.is_embedded = is_embedded;
        let Some(mut item) = state.store.find_item(source.id, &id)? else {
            // No site may show the page of an error, so the frame would be empty.
            let catalog_link = state.links.catalog(source.slug.as_str());
            let back = is_embedded.then(|| HtmlResponse::redirect(list.list.address.link(&catalog_link, 1)));
            return back.ok_or_else(|| WebError::not_found("item"));
        };
        catalog.retain_columns(std::slice::from_mut(&mut item));
        let neighbours = find_neighbours(state, &source, &catalog, &list, &id)?;
        let item_link = list.list.address.link(&state.links.item(source.slug.as_str(), &id), 1);
        let heading = item_heading(&item, &source.noun.one);
        let types: HashMap<&str, ColumnType> = catalog.typed_columns().collect();
        let field = |(name, value): (String, String)| {
            let column = types.get(name.as_str()).copied().unwrap_or_default();
            let column = if is_same_form(&name, &source.key_column) { ColumnType::Text } else { column };
            let cell = cells::page_cell(value, column, is_embedded, || format!("{name}: {heading}"));
            ItemField { name, cell }
        };
        let fields: Vec<ItemField> = item.fields.into_iter().map(field).collect();
        let history_page = trimmed_value(&query, "page").parse().unwrap_or(1).max(1);
        let history = match &actor {
            Some(_) => build_item_history(state, &source, &id, history_page, &item_link)?,
            None => None,
        };
        let described = DescribedPage { source: &source, links: &state.links, origin: &origin, is_embedded };
        let description = described.describe_item(&catalog, &id, &heading, &fields);
        let title = format!("{heading} · {}", source.title());
        let frame = page_frame(state, actor.as_ref(), title, NavSection::Catalogs)?;
        let page = ItemPage {
            frame: PageFrame { description, is_embedded, ..frame },
            slug: source.slug.to_string(),
            catalog: source.title().to_owned(),
            embedded_from: EmbedOrigin::new(&state.links, &source, is_embedded),
            heading,
            fields,
            history,
            neighbours,
            key: item.key,
            freshness: find_reader_mark(state, source.id, actor.as_ref())?,
            added_at: Some(time_label(item.added_at)),
            changed_at: (item.changed_at != item.added_at).then(|| time_label(item.changed_at)),
        };
        Ok(with_page_rules(HtmlResponse::render(&page)?, &source, is_embedded))
    })
    .await
}

/// The title of the item if it has one, else its key.
fn item_heading(item: &Item, noun: &str) -> String {
    let names: Vec<&str> = item.fields.iter().map(|(name, _)| name.as_str()).collect();
    let title = find_title_column(&names, noun).map(|at| item.fields[at].1.trim()).filter(|title| !title.is_empty());
    clip_text(title.unwrap_or(&item.key), MAX_HEADING_CHARS)
}
