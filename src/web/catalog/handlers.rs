//! `GET /catalog/{slug}`: the page of a catalog, with its panel and its table.

use actix_web::{HttpRequest, web};

use super::default_view::default_view_notice;
use super::description::DescribedPage;
use super::embedding::{EmbedOrigin, is_embedded, with_page_rules};
use super::list_view::ListView;
use super::table::{SOURCE_ORDER_LABEL, TableQuery, USUAL_ORDER_LABEL, build_table};
use super::view::CatalogPage;
use crate::domain::operation::OperationKind;
use crate::web::http::app_context::AppContext;
use crate::web::http::error::WebError;
use crate::web::http::form::{FormValues, trimmed_value};
use crate::web::http::html_response::HtmlResponse;
use crate::web::http::request_origin::request_origin;
use crate::web::item_lists::list_address::{AddressParameters, split_query};
use crate::web::layout::freshness_mark::find_reader_mark;
use crate::web::layout::page::page_frame;
use crate::web::layout::time_label::time_label;
use crate::web::layout::view::{NavSection, PageFrame};
use crate::web::panel::build::PanelContext;
use crate::web::panel::dismissed_runs::DismissedRuns;
use crate::web::panel::notice::restore_notice;
use crate::web::panel::view::PanelView;

/// `GET /catalog/{slug}`: `q` searches, `filter[COLUMN]` filters, `sort` sorts by columns (`-column` descending),
/// `page` selects a page. `embed=1` is the page for a frame of another site, if the catalog is public: it is the page
/// of a visitor, whoever requests it.
pub(in crate::web) async fn page(
    app: AppContext,
    slug: web::Path<String>,
    query: web::Query<FormValues>,
    request: HttpRequest,
    dismissed: DismissedRuns,
) -> Result<HtmlResponse, WebError> {
    let parameters = split_query(request.query_string());
    let remembered = ListView::from_cookie(&request);
    let origin = request_origin(&request, &app.state.links);
    app.run_blocking(move |state, caller| {
        let source = caller.source(state, &slug)?;
        let is_embedded = is_embedded(&parameters, &source);
        let actor = caller.actor.filter(|_| !is_embedded);
        let remembered = if is_embedded { AddressParameters::new() } else { remembered };
        let Some(catalog) = state.store.find_catalog(source.id)? else { return Err(WebError::not_found("catalog")) };
        let mut asked = TableQuery::parse(&parameters, &remembered, &catalog);
        asked.list.address.is_embedded = is_embedded;
        if let Some((address, view)) = asked.requested_change(&source, &catalog) {
            let path = state.links.catalog(source.slug.as_str());
            let response = HtmlResponse::redirect(address.link(&path, 1));
            let view = view.filter(|_| !is_embedded);
            return Ok(match view {
                Some(view) => response.with_header("set-cookie", view.to_cookie(&path)),
                None => response,
            });
        }
        let mut panel = match &actor {
            Some(_) => PanelContext { state, source: &source, actor: actor.as_ref() }.page_panel(&dismissed)?,
            None => PanelView::default(),
        };
        let notice = trimmed_value(&query, "notice");
        if panel.may_sync {
            restore_notice(&mut panel, &notice, || {
                let left = |kind| state.control.remaining_cooldown(source.id, kind);
                Ok(left(OperationKind::Sync)?.max(left(OperationKind::Preview)?))
            })?;
        }
        let mut table = build_table(state, &source, &catalog, &asked)?;
        table.default_notice = default_view_notice(&notice, table.has_default).filter(|_| panel.may_sync);
        if actor.is_none() && table.usual_order == SOURCE_ORDER_LABEL {
            table.usual_order = USUAL_ORDER_LABEL;
        }
        let described = DescribedPage { source: &source, links: &state.links, origin: &origin, is_embedded };
        let description = described.describe_catalog(&catalog, &asked.list.address, &table);
        let frame = page_frame(state, actor.as_ref(), source.title(), NavSection::Catalogs)?;
        let page = CatalogPage {
            frame: PageFrame {
                description,
                is_embedded,
                badge: frame.badge.clone().beside_panel(source.slug.as_str()),
                ..frame
            },
            slug: source.slug.to_string(),
            title: source.title().to_owned(),
            description: source.page.description.clone(),
            embedded_from: EmbedOrigin::new(&state.links, &source, is_embedded),
            noun_one: source.noun.one.clone(),
            noun_many: source.noun.many.clone(),
            count: catalog.item_count,
            last_success: catalog.last_success_at.map(time_label),
            public: source.public,
            freshness: find_reader_mark(state, source.id, actor.as_ref())?,
            panel,
            table,
        };
        Ok(with_page_rules(HtmlResponse::render(&page)?, &source, is_embedded))
    })
    .await
}
