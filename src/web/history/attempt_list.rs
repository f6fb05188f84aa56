//! The attempts of a run: the runs that continue each other after interruptions, and automatic retries.

use super::view::AttemptLine;
use crate::domain::record::{HistoryRun, RunAttempt};
use crate::domain::run_text::attempts::{AttemptRelation, attempt_name, attempt_state_label, retry_name};
use crate::domain::run_text::status_label;
use crate::store::retry_chain::RetryChain;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::layout::time_label::time_label;

/// The runs that continue each other, if there are several.
pub(super) fn attempt_lines(state: &AppState, attempts: &[RunAttempt], run: &HistoryRun) -> Vec<AttemptLine> {
    if attempts.len() < 2 {
        return Vec::new();
    }
    let here = run.as_attempt().id;
    let mut before = 0;
    let line = |attempt: &RunAttempt| {
        let name = attempt_name(attempt.attempt, attempt.attempt == before);
        before = attempt.attempt;
        let relation = match Some(attempt.id) {
            id if id == run.run_summary().retry_of => AttemptRelation::Previous,
            id if id == run.run_summary().successor => AttemptRelation::Next,
            id if id == Some(here) => AttemptRelation::ThisRun,
            _ => AttemptRelation::Distant,
        };
        describe_attempt(state, *attempt, name, relation)
    };
    attempts.iter().map(line).collect()
}

fn describe_attempt(state: &AppState, run: RunAttempt, name: String, relation: AttemptRelation) -> AttemptLine {
    let is_this_run = relation == AttemptRelation::ThisRun;
    AttemptLine {
        href: (!is_this_run).then(|| state.links.run(&run.id)),
        status: run.status,
        name,
        relation: relation.label(),
        // The progress of an active run is shown once on its own page.
        state_label: match is_this_run && run.status.is_active() {
            true => status_label(run.status).to_owned(),
            false => attempt_state_label(run.status, run.progress),
        },
        finished_at: run.finished_at.map(time_label),
    }
}

/// The attempts of a run, with the automatic retries before and after it.
pub(super) fn retry_lines(
    state: &AppState,
    mut attempts: Vec<AttemptLine>,
    of: &HistoryRun,
) -> Result<Vec<AttemptLine>, WebError> {
    let RetryChain { before, after } = state.store.list_retries(of)?;
    if before.is_empty() && after.is_empty() {
        return Ok(attempts);
    }
    let line = |run: &HistoryRun, relation: AttemptRelation| {
        describe_attempt(state, run.as_attempt(), retry_name(run.retries_before()), relation)
    };
    if attempts.is_empty() {
        attempts.push(line(of, AttemptRelation::ThisRun));
    }
    let nearest = before.len().saturating_sub(1);
    let mut lines: Vec<AttemptLine> = Vec::new();
    for (index, failed) in before.into_iter().enumerate() {
        let is_nearest = index == nearest;
        let relation = if is_nearest { AttemptRelation::Retried } else { AttemptRelation::Distant };
        lines.push(line(&HistoryRun::Ended(failed), relation));
    }
    lines.append(&mut attempts);
    for (index, retry) in after.iter().enumerate() {
        lines.push(line(retry, if index == 0 { AttemptRelation::Retry } else { AttemptRelation::Distant }));
    }
    Ok(lines)
}
