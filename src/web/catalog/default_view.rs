//! `POST /catalog/{slug}/default-view`: how the catalog is shown to readers who chose nothing else.

use actix_web::web;

use super::table::TableQuery;
use crate::web::http::app_context::AppContext;
use crate::web::http::error::WebError;
use crate::web::http::form::{FormData, FormValues};
use crate::web::http::html_response::HtmlResponse;
use crate::web::http::links::with_query;
use crate::web::item_lists::list_address::{AddressParameters, join_query, split_query};

/// The values of the query parameter `notice` after a default was saved and removed.
const DEFAULT_SAVED: &str = "default-saved";
const DEFAULT_REMOVED: &str = "default-removed";

/// The message to an admin who has just changed the default, if `notice` names one that still applies: the URL with
/// `notice` stays in the browser.
pub(super) fn default_view_notice(notice: &str, has_default: bool) -> Option<&'static str> {
    match (notice, has_default) {
        (DEFAULT_SAVED, true) => {
            Some("Saved as default. Readers see it until they choose columns or an order themselves.")
        }
        (DEFAULT_REMOVED, false) => {
            Some("There is no default now. Readers see the usual columns and order until they choose others.")
        }
        _ => None,
    }
}

/// Saves columns, layout and order for all readers. `view` has them as an address has; without it, the catalog is shown
/// in the usual way again. A search and filters are not saved, because nobody could take them back.
pub(in crate::web) async fn save(
    app: AppContext,
    slug: web::Path<String>,
    form: FormData<FormValues>,
) -> Result<HtmlResponse, WebError> {
    app.run_blocking(move |state, caller| {
        let actor = caller.admin()?;
        let source = caller.source(state, &slug)?;
        let Some(catalog) = state.store.find_catalog(source.id)? else { return Err(WebError::not_found("catalog")) };
        let values = form.into_values()?;
        let asked = split_query(values.get("view").map_or("", String::as_str));
        let saved = TableQuery::parse(&asked, &AddressParameters::new(), &catalog).saved_view();
        let saved = join_query(&saved);
        let view = Some(saved.trim_start_matches('?')).filter(|view| !asked.is_empty() && !view.is_empty());
        state.store.set_default_view(source.id, view)?;
        log::info!("the default view of {} was changed by {}", source.slug, actor.name);
        let notice = if view.is_some() { DEFAULT_SAVED } else { DEFAULT_REMOVED };
        Ok(HtmlResponse::redirect(with_query(&state.links.catalog(source.slug.as_str()), &[("notice", notice)])))
    })
    .await
}
