//! The floating badge: what runs now, and what ended a moment ago. One answer for all sources.

use std::collections::{HashMap, HashSet};

use chrono::{TimeDelta, Utc};

use super::page::RenderedHtml;
use super::view::{BadgeFragment, BadgeRun, SyncBadge};
use crate::domain::account::Actor;
use crate::domain::source::Source;
use crate::web::http::app_state;
use crate::web::http::app_state::{AppData, AppState};
use crate::web::http::authentication::RequestCaller;
use crate::web::http::error::WebError;

/// How long an ended run stays in the badge.
const NEWS: TimeDelta = TimeDelta::minutes(1);
/// The most ended runs it shows.
const MOST: u32 = 20;

/// `GET /sync-badge`.
pub(in crate::web) async fn fragment(rooms: AppData, caller: RequestCaller) -> Result<RenderedHtml, WebError> {
    app_state::run(&rooms, move |house| {
        let actor = caller.actor(house)?;
        RenderedHtml::draw(&BadgeFragment::from(runs(house, actor.as_ref())?))
    })
    .await
}

/// The runs that `actor` may know of.
pub(super) fn runs(house: &AppState, actor: Option<&Actor>) -> Result<SyncBadge, WebError> {
    let since = Utc::now() - NEWS;
    // Every page asks this, and nearly always that is all there is to ask.
    if !house.store.recent_activity(since)? {
        return Ok(SyncBadge::default());
    }
    let active = house.store.active_runs()?;
    let recent = house.store.recent_records(None, MOST)?;
    let news: Vec<_> = recent.into_iter().filter(|record| record.finished_at > since).collect();
    let sources: HashMap<_, Source> = house
        .store
        .sources()?
        .into_iter()
        .filter(|source| source.public || actor.is_some())
        .map(|source| (source.id, source))
        .collect();
    let mut runs = Vec::new();
    let mut told: HashSet<_> = active.iter().map(|(_, source)| *source).collect();
    for (id, source_id) in active {
        let Some(source) = sources.get(&source_id) else { continue };
        // It may have ended since: then it is among the news the next time.
        let Some(report) = house.board.get(id)? else { continue };
        runs.push(BadgeRun {
            sync_id: id.to_string(),
            slug: source.slug.to_string(),
            name: source.name.clone(),
            kind: report.kind,
            status: report.status,
            progress: report.progress,
            stats: report.stats,
        });
    }
    for record in news {
        // The newest of a source is its news; what came before it is history.
        if !told.insert(record.source_id) {
            continue;
        }
        if let Some(source) = sources.get(&record.source_id) {
            runs.push(BadgeRun {
                sync_id: record.id.to_string(),
                slug: source.slug.to_string(),
                name: source.name.clone(),
                kind: record.kind,
                status: record.status,
                progress: record.progress,
                stats: record.stats,
            });
        }
    }
    Ok(SyncBadge { runs })
}
