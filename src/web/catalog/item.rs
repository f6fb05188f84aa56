//! `GET /catalog/{slug}/items/{id}`: one item.

use std::collections::HashMap;

use actix_web::web;

use super::cells;
use super::item_view::{ItemField, ItemPage};
use super::table::title_at;
use crate::domain::columns::column_type::ColumnType;
use crate::domain::text::comparable_form::is_same_form;
use crate::store::items::Item;
use crate::web::http::app_state;
use crate::web::http::app_state::AppData;
use crate::web::http::authentication::RequestCaller;
use crate::web::http::error::WebError;
use crate::web::http::form::clipped;
use crate::web::layout::page::{RenderedHtml, chrome, when};
use crate::web::layout::view::NavSection;

/// The most characters of a heading.
const HEADING: usize = 200;

/// `GET /catalog/{slug}/items/{id}`, by the opaque id of the item.
pub(in crate::web) async fn page(
    rooms: AppData,
    caller: RequestCaller,
    path: web::Path<(String, String)>,
) -> Result<RenderedHtml, WebError> {
    app_state::run(&rooms, move |house| {
        let (slug, id) = path.into_inner();
        let (source, actor) = caller.source(house, &slug)?;
        let found = house.store.item(source.id, &id)?.zip(house.store.catalog(source.id)?);
        let Some((mut item, catalog)) = found else { return Err(WebError::not_found("item")) };
        catalog.keep_columns(std::slice::from_mut(&mut item));
        let heading = heading(&item, &source.noun.one);
        let types: HashMap<&str, ColumnType> = catalog.typed_columns().collect();
        let field = |(name, value): (String, String)| {
            let column = types.get(name.as_str()).copied().unwrap_or_default();
            let column = if is_same_form(&name, &source.key_column) { ColumnType::Text } else { column };
            let cell = cells::on_page(value, column, || format!("{name}: {heading}"));
            ItemField { name, cell }
        };
        let fields = item.fields.into_iter().map(field).collect();
        let page = ItemPage {
            chrome: chrome(house, actor.as_ref(), format!("{heading} · {}", source.name), NavSection::Catalogs)?,
            slug,
            catalog: source.name,
            heading,
            fields,
            key: item.key,
            added_at: Some(when(item.added_at)),
            changed_at: (item.changed_at != item.added_at).then(|| when(item.changed_at)),
        };
        RenderedHtml::draw(&page)
    })
    .await
}

/// What readers know the item by: its title if it has one, else its key.
fn heading(item: &Item, noun: &str) -> String {
    let names: Vec<&str> = item.fields.iter().map(|(name, _)| name.as_str()).collect();
    let title = title_at(&names, noun).map(|at| item.fields[at].1.trim()).filter(|title| !title.is_empty());
    clipped(title.unwrap_or(&item.key), HEADING)
}
