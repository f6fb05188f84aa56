//! `GET /`: every source, or for a visitor the public catalogs.

use std::collections::HashMap;

use super::front_page::build_front_page;
use super::view::{DashboardPage, SourceLine};
use crate::domain::account::Role;
use crate::web::http::app_context::AppContext;
use crate::web::http::error::WebError;
use crate::web::http::html_response::HtmlResponse;
use crate::web::layout::freshness_mark::list_marks;
use crate::web::layout::page::page_frame;
use crate::web::layout::run_labels::LatestRun;
use crate::web::layout::time_label::time_label;
use crate::web::layout::view::NavSection;
use crate::web::panel::second_steps::ReviewStep;

/// `GET /`. Seven queries, however many sources there are, and one status read for each active run.
pub(in crate::web) async fn page(app: AppContext) -> Result<HtmlResponse, WebError> {
    app.run_blocking(move |state, caller| {
        let Some(actor) = caller.actor else { return HtmlResponse::render(&build_front_page(state)?) };
        let sources = state.store.list_sources()?;
        let mut catalogs: HashMap<_, _> = state.store.list_catalogs()?.into_iter().collect();
        let results: HashMap<_, _> =
            state.store.latest_results()?.into_iter().map(|result| (result.source_id, result)).collect();
        let active: HashMap<_, _> =
            state.store.active_run_ids()?.into_iter().map(|(run, source)| (source, run)).collect();
        let feeds = state.store.all_feed_counts()?;
        let reviews: HashMap<_, _> =
            state.store.list_open_reviews()?.into_iter().map(|review| (review.source_id, review)).collect();
        let is_admin = actor.role == Role::Admin;
        let mut marks = list_marks(state, Some(&actor))?;
        let mut lines = Vec::new();
        for source in sources {
            let catalog = catalogs.remove(&source.id);
            let result = results.get(&source.id);
            let review = reviews.get(&source.id);
            let report = match active.get(&source.id) {
                Some(run) => state.board.get(*run)?.filter(|report| report.summary.status.is_active()),
                None => None,
            };
            lines.push(SourceLine {
                slug: source.slug.to_string(),
                name: source.name.clone(),
                count: catalog.as_ref().map_or(0, |catalog| catalog.item_count),
                noun_one: source.noun.one.clone(),
                noun_many: source.noun.many.clone(),
                last_success: catalog.and_then(|catalog| catalog.last_success_at).map(time_label),
                active: report.map(|report| (report.summary.kind, report.summary.status, report.summary.progress)),
                latest: result.map(|result| LatestRun::new(result, review)),
                review: review.filter(|_| is_admin).map(|review| ReviewStep::new(&state.links, &source, review)),
                failing: feeds.get(&source.id).map_or(0, |feeds| feeds.failing),
                public: source.public,
                freshness: marks.remove(&source.id),
            });
        }
        HtmlResponse::render(&DashboardPage {
            frame: page_frame(state, Some(&actor), "Catalogs", NavSection::Catalogs)?,
            sources: lines,
        })
    })
    .await
}
