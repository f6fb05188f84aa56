//! `GET /catalog/{slug}`: a catalog with its panel and its table.

use actix_web::web;

use super::table::{TableQuery, table};
use super::view::CatalogPage;
use crate::domain::operation::OperationKind;
use crate::web::http::app_state;
use crate::web::http::app_state::AppData;
use crate::web::http::authentication::RequestCaller;
use crate::web::http::error::WebError;
use crate::web::http::form::{FormValues, value};
use crate::web::layout::page::{RenderedHtml, chrome, when};
use crate::web::layout::view::NavSection;
use crate::web::panel::build::{PanelContext, seconds};
use crate::web::panel::handlers::notices;
use crate::web::panel::view::{PanelView, StartNotice};

/// `GET /catalog/{slug}`: `q` searches, `sort` sorts by a column (`-column` for last first), `page` turns pages.
pub(in crate::web) async fn page(
    rooms: AppData,
    caller: RequestCaller,
    slug: web::Path<String>,
    query: web::Query<FormValues>,
) -> Result<RenderedHtml, WebError> {
    app_state::run(&rooms, move |house| {
        let (source, actor) = caller.source(house, &slug)?;
        let Some(catalog) = house.store.catalog(source.id)? else { return Err(WebError::not_found("catalog")) };
        let reader = PanelContext { house, source: &source, actor: actor.as_ref() };
        let mut panel = reader.page()?;
        if panel.may_sync {
            let wait = || -> Result<u64, WebError> {
                let left = |kind| house.control.cooldown_left(source.id, kind);
                Ok(seconds(left(OperationKind::Sync)?.max(left(OperationKind::Preview)?)))
            };
            panel.notice = notice(&value(&query, "notice"), &panel, wait)?;
        }
        let page = CatalogPage {
            chrome: chrome(house, actor.as_ref(), source.name.clone(), NavSection::Catalogs)?,
            slug: source.slug.to_string(),
            name: source.name.clone(),
            noun_one: source.noun.one.clone(),
            noun_many: source.noun.many.clone(),
            count: catalog.item_count,
            last_success: catalog.last_success_at.map(when),
            public: source.public,
            panel,
            table: table(house, &source, &catalog, &TableQuery::from(&query))?,
        };
        RenderedHtml::draw(&page)
    })
    .await
}

/// The notice that an address asks for, as far as it is still true: the address stays in the browser for longer.
fn notice(
    asked: &str,
    panel: &PanelView,
    wait: impl FnOnce() -> Result<u64, WebError>,
) -> Result<Option<StartNotice>, WebError> {
    Ok(match asked {
        notices::ALREADY_RUNNING if panel.is_active() => Some(StartNotice::AlreadyRunning),
        notices::ALREADY_FINISHING if panel.is_active() => Some(StartNotice::AlreadyFinishing),
        notices::COOLING_DOWN if !panel.is_active() => {
            Some(wait()?).filter(|seconds| *seconds > 0).map(StartNotice::CoolingDown)
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::{PanelView, StartNotice, notice};

    #[test]
    fn a_notice_that_is_no_longer_true_is_not_shown() {
        let idle = PanelView::default();
        assert_eq!(notice("cooling-down", &idle, || Ok(2)), Ok(Some(StartNotice::CoolingDown(2))));
        assert_eq!(notice("cooling-down", &idle, || Ok(0)), Ok(None));
        assert_eq!(notice("already-running", &idle, || Ok(2)), Ok(None));
        assert_eq!(notice("<script>", &idle, || Ok(2)), Ok(None));
    }
}
