//! Adds the second steps of a finished run to its page, and the link to the earlier run that it is about.

use chrono::Utc;

use super::view::{RunPage, TargetLink};
use crate::domain::account::{Actor, Role};
use crate::domain::operation::OperationKind;
use crate::domain::record::{HistoryRun, SyncRecord};
use crate::domain::run_text::kind_label;
use crate::domain::run_text::run_target::{follower_relation, target_relation};
use crate::domain::source::Source;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::layout::time_label::time_label;
use crate::web::panel::second_steps::{RunSteps, SourceSteps};

/// The most later runs that a page links to.
const MAX_FOLLOWERS: u32 = 5;

/// Adds what an admin can do about a finished run of `source` while no run is active.
pub(super) fn add_steps(
    state: &AppState,
    page: &mut RunPage,
    actor: &Actor,
    record: &SyncRecord,
    source: &Source,
) -> Result<(), WebError> {
    let review = state.store.find_review(source.id)?;
    page.run.add_review(record, review.as_ref(), &source.noun);
    if actor.role != Role::Admin || state.store.active_run(source.id)?.is_some() {
        return Ok(());
    }
    page.run_steps = RunSteps::of_record(state, source, record)?;
    page.source_steps = SourceSteps::new(&state.links, source, review.as_ref());
    let is_of_feeds = page.run.kind == OperationKind::Sync && page.run.stats.feeds.is_some();
    let feeds = if is_of_feeds { state.store.feed_counts(source.id)? } else { None };
    page.may_retry_feeds = feeds.is_some_and(|feeds| feeds.failing > 0 && feeds.may_retry(Utc::now()));
    Ok(())
}

/// The link to the earlier run that a finished run is about.
pub(super) fn find_target(state: &AppState, record: &SyncRecord) -> Result<Option<TargetLink>, WebError> {
    let Some(id) = record.target else { return Ok(None) };
    // The earlier run may be deleted by now.
    let Some(HistoryRun::Ended(target)) = state.store.find_run(id)? else { return Ok(None) };
    Ok(Some(link_to(state, target_relation(record.summary.kind), &target)))
}

/// The links to the latest completed runs that are about this run.
pub(super) fn find_followers(state: &AppState, record: &SyncRecord) -> Result<Vec<TargetLink>, WebError> {
    let followers = state.store.records_about(record.source_id, record.summary.id, MAX_FOLLOWERS)?;
    Ok(followers.iter().map(|later| link_to(state, follower_relation(later.summary.kind), later)).collect())
}

fn link_to(state: &AppState, relation: &'static str, run: &SyncRecord) -> TargetLink {
    TargetLink {
        relation,
        kind: kind_label(run.summary.kind),
        href: state.links.run(&run.summary.id),
        time: time_label(run.finished_at),
    }
}
