//! Builds the front page of a visitor: the public catalogs, without anything about syncs.

use std::collections::HashMap;

use super::view::{FrontPage, PublicCatalog};
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::layout::page::page_frame;
use crate::web::layout::time_label::time_label;
use crate::web::layout::view::NavSection;

/// The page with all public catalogs, by title.
pub(super) fn build_front_page(state: &AppState) -> Result<FrontPage, WebError> {
    let mut sources = state.store.list_sources()?;
    sources.retain(|source| source.public);
    sources.sort_by_key(|source| source.title().to_lowercase());
    let mut catalogs: HashMap<_, _> = state.store.list_catalogs()?.into_iter().collect();
    let entries = sources.into_iter().map(|source| {
        let catalog = catalogs.remove(&source.id).unwrap_or_default();
        PublicCatalog {
            slug: source.slug.to_string(),
            title: source.title().to_owned(),
            count: catalog.item_count,
            updated_at: catalog.last_success_at.map(time_label),
            noun_one: source.noun.one,
            noun_many: source.noun.many,
            description: source.page.description,
        }
    });
    let catalogs = entries.collect();
    Ok(FrontPage { frame: page_frame(state, None, "Catalogs", NavSection::Catalogs)?, catalogs })
}
