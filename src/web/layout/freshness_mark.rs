//! Marks stale and paused sources on the pages.

use std::collections::HashMap;

use chrono::Utc;

use super::time_label::{TimeLabel, time_label};
use crate::domain::account::Actor;
use crate::domain::freshness::{CatalogFreshness, FreshnessFacts, FreshnessState, judge_freshness};
use crate::domain::source::SourceId;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;

/// The mark of a source that is stale or paused.
#[derive(Debug, Clone)]
pub(in crate::web) struct FreshnessMark {
    /// Whether the catalog is stale, and not paused.
    pub is_stale: bool,
    /// The label: "Stale".
    pub label: &'static str,
    /// Since when, for readers with an account.
    pub since: Option<TimeLabel>,
}

impl FreshnessMark {
    /// The mark for a reader; `None` for a source that is neither stale nor paused. A visitor only learns that a
    /// catalog may be out of date.
    pub(in crate::web) fn new(freshness: CatalogFreshness, is_visitor: bool) -> Option<Self> {
        let is_stale = freshness.state == FreshnessState::Stale;
        match freshness.state {
            FreshnessState::Stale if is_visitor => Some(Self { is_stale, label: "May be out of date", since: None }),
            FreshnessState::Stale | FreshnessState::Paused if !is_visitor => {
                Some(Self { is_stale, label: freshness.state.label(), since: freshness.since.map(time_label) })
            }
            _ => None,
        }
    }

    /// Whether the schedule is paused.
    pub(in crate::web) fn is_paused(&self) -> bool {
        !self.is_stale
    }

    /// The name of its icon.
    pub(in crate::web) fn icon(&self) -> &'static str {
        if self.is_stale { "clock" } else { "pause" }
    }

    /// The name of its tone in the stylesheet.
    pub(in crate::web) fn tone(&self) -> &'static str {
        if self.is_stale { "warn" } else { "quiet" }
    }
}

/// The mark of one source for `actor`, or for a visitor.
pub(in crate::web) fn find_mark(
    state: &AppState,
    source: SourceId,
    actor: Option<&Actor>,
) -> Result<Option<FreshnessMark>, WebError> {
    let facts = state.store.freshness_facts(source)?;
    Ok(facts.and_then(|facts| FreshnessMark::new(judge_freshness(&facts, Utc::now()), actor.is_none())))
}

/// The mark of one source on the pages of its catalog; `None` for a visitor, who reads when the catalog was updated.
pub(in crate::web) fn find_reader_mark(
    state: &AppState,
    source: SourceId,
    reader: Option<&Actor>,
) -> Result<Option<FreshnessMark>, WebError> {
    if reader.is_some() { find_mark(state, source, reader) } else { Ok(None) }
}

/// The marks of all sources for `actor`, or for a visitor, in one query.
pub(in crate::web) fn list_marks(
    state: &AppState,
    actor: Option<&Actor>,
) -> Result<HashMap<SourceId, FreshnessMark>, WebError> {
    let now = Utc::now();
    let mark = |(id, facts): (SourceId, FreshnessFacts)| {
        Some((id, FreshnessMark::new(judge_freshness(&facts, now), actor.is_none())?))
    };
    Ok(state.store.list_freshness_facts()?.into_iter().filter_map(mark).collect())
}

/// The number of stale sources, as it was within the last second.
pub(super) fn count_stale_sources(state: &AppState) -> Result<u64, WebError> {
    state.stale_sources.get_or_load(|| {
        let now = Utc::now();
        let facts = state.store.list_freshness_facts()?;
        let is_stale = |facts: &FreshnessFacts| judge_freshness(facts, now).state == FreshnessState::Stale;
        Ok(facts.iter().filter(|(_, facts)| is_stale(facts)).count() as u64)
    })
}
