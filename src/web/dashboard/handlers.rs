//! `GET /`: every source its reader may see.

use std::collections::HashMap;

use super::view::{DashboardPage, SourceLine};
use crate::domain::source::Source;
use crate::store::records::LatestResult;
use crate::web::http::app_state;
use crate::web::http::app_state::AppData;
use crate::web::http::authentication::RequestCaller;
use crate::web::http::error::WebError;
use crate::web::layout::page::{RenderedHtml, chrome, when};
use crate::web::layout::run_labels::LatestRun;
use crate::web::layout::view::NavSection;

/// A latest result as pages show it.
pub(in crate::web) fn latest_run(result: &LatestResult) -> LatestRun {
    LatestRun { status: result.status, stats: result.stats, withheld: result.withheld_removals }
}

/// `GET /`. Five queries however many sources there are; only those with an active run are asked about one by one.
pub(in crate::web) async fn page(rooms: AppData, caller: RequestCaller) -> Result<RenderedHtml, WebError> {
    app_state::run(&rooms, move |house| {
        let actor = caller.actor(house)?;
        let visible = |source: &Source| source.public || actor.is_some();
        let sources: Vec<Source> = house.store.sources()?.into_iter().filter(visible).collect();
        let mut catalogs: HashMap<_, _> = house.store.catalogs()?.into_iter().collect();
        let results: HashMap<_, _> =
            house.store.latest_results()?.into_iter().map(|result| (result.source_id, result)).collect();
        let active: HashMap<_, _> = house.store.active_runs()?.into_iter().map(|(run, source)| (source, run)).collect();
        let feeds = if actor.is_some() { house.store.all_feed_counts()? } else { HashMap::new() };
        let mut lines = Vec::new();
        for source in sources {
            let catalog = catalogs.remove(&source.id);
            let result = results.get(&source.id);
            let report = match active.get(&source.id) {
                Some(run) => house.board.get(*run)?.filter(|report| report.status.is_active()),
                None => None,
            };
            lines.push(SourceLine {
                slug: source.slug.to_string(),
                name: source.name,
                count: catalog.as_ref().map_or(0, |catalog| catalog.item_count),
                noun_one: source.noun.one,
                noun_many: source.noun.many,
                last_success: catalog.and_then(|catalog| catalog.last_success_at).map(when),
                active: report.map(|report| (report.kind, report.status, report.progress)),
                latest: result.map(latest_run),
                failing: feeds.get(&source.id).map_or(0, |feeds| feeds.failing),
                public: source.public,
            });
        }
        RenderedHtml::draw(&DashboardPage {
            chrome: chrome(house, actor.as_ref(), "Catalogs", NavSection::Catalogs)?,
            sources: lines,
        })
    })
    .await
}
