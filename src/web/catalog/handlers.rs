//! `GET /catalog/{slug}`: the page of a catalog, with its panel and its table.

use actix_web::{HttpRequest, web};

use super::list_view::ListView;
use super::table::{TableQuery, build_table};
use super::view::CatalogPage;
use crate::domain::operation::OperationKind;
use crate::web::http::app_context::AppContext;
use crate::web::http::error::WebError;
use crate::web::http::form::{FormValues, trimmed_value};
use crate::web::http::html_response::HtmlResponse;
use crate::web::item_lists::list_address::split_query;
use crate::web::layout::freshness_mark::find_mark;
use crate::web::layout::page::page_frame;
use crate::web::layout::time_label::time_label;
use crate::web::layout::view::NavSection;
use crate::web::panel::build::PanelContext;
use crate::web::panel::dismissed_runs::DismissedRuns;
use crate::web::panel::notice::restore_notice;

/// `GET /catalog/{slug}`: `q` searches, `filter[COLUMN]` filters, `sort` sorts by columns (`-column` descending),
/// `page` selects a page.
pub(in crate::web) async fn page(
    app: AppContext,
    slug: web::Path<String>,
    query: web::Query<FormValues>,
    request: HttpRequest,
    dismissed: DismissedRuns,
) -> Result<HtmlResponse, WebError> {
    let parameters = split_query(request.query_string());
    let remembered = ListView::from_cookie(&request);
    app.run_blocking(move |state, caller| {
        let source = caller.source(state, &slug)?;
        let actor = caller.actor;
        let Some(catalog) = state.store.find_catalog(source.id)? else { return Err(WebError::not_found("catalog")) };
        let asked = TableQuery::parse(&parameters, &remembered, &catalog);
        if let Some((address, view)) = asked.requested_change(&source, &catalog) {
            let path = state.links.catalog(source.slug.as_str());
            let response = HtmlResponse::redirect(address.link(&path, 1));
            return Ok(match view {
                Some(view) => response.with_header("set-cookie", view.to_cookie(&path)),
                None => response,
            });
        }
        let context = PanelContext { state, source: &source, actor: actor.as_ref() };
        let mut panel = context.page_panel(&dismissed)?;
        if panel.may_sync {
            restore_notice(&mut panel, &trimmed_value(&query, "notice"), || {
                let left = |kind| state.control.remaining_cooldown(source.id, kind);
                Ok(left(OperationKind::Sync)?.max(left(OperationKind::Preview)?))
            })?;
        }
        let page = CatalogPage {
            frame: page_frame(state, actor.as_ref(), source.name.clone(), NavSection::Catalogs)?,
            slug: source.slug.to_string(),
            name: source.name.clone(),
            noun_one: source.noun.one.clone(),
            noun_many: source.noun.many.clone(),
            count: catalog.item_count,
            last_success: catalog.last_success_at.map(time_label),
            public: source.public,
            freshness: find_mark(state, source.id, actor.as_ref())?,
            panel,
            table: build_table(state, &source, &catalog, &asked)?,
        };
        HtmlResponse::render(&page)
    })
    .await
}
