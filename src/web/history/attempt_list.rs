//! The attempts of a run: the runs that continue each other after interruptions, and automatic retries.

use super::view::AttemptLine;
use crate::domain::record::{HistoryRun, RunAttempt, SyncRecord};
use crate::domain::run_text::attempts::{AttemptRelation, attempt_name, attempt_state_label, retry_name};
use crate::domain::run_text::status_label;
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
        // The progress of an active run is shown once on its own page.
        let is_shown_above = relation == AttemptRelation::ThisRun && attempt.status.is_active();
        AttemptLine {
            href: (attempt.id != here).then(|| state.links.run(&attempt.id)),
            status: attempt.status,
            name,
            relation: relation.label(),
            state_label: if is_shown_above {
                status_label(attempt.status).to_owned()
            } else {
                attempt_state_label(attempt.status, attempt.progress)
            },
            finished_at: attempt.finished_at.map(time_label),
        }
    };
    attempts.iter().map(line).collect()
}

/// The attempts of a finished run, with the automatic retries before and after it.
pub(super) fn retry_lines(
    state: &AppState,
    mut attempts: Vec<AttemptLine>,
    record: &SyncRecord,
) -> Result<Vec<AttemptLine>, WebError> {
    let (before, after) = state.store.list_retries(record)?;
    if before.is_empty() && after.is_empty() {
        return Ok(attempts);
    }
    let line = |run: &SyncRecord, relation: AttemptRelation| AttemptLine {
        href: (relation != AttemptRelation::ThisRun).then(|| state.links.run(&run.summary.id)),
        status: run.summary.status,
        name: retry_name(run.retries_before),
        relation: relation.label(),
        state_label: attempt_state_label(run.summary.status, run.summary.progress),
        finished_at: Some(time_label(run.finished_at)),
    };
    if attempts.is_empty() {
        attempts.push(line(record, AttemptRelation::ThisRun));
    }
    let nearest = before.len().saturating_sub(1);
    let mut lines: Vec<AttemptLine> = Vec::new();
    for (index, failed) in before.iter().enumerate() {
        let is_nearest = index == nearest;
        lines.push(line(failed, if is_nearest { AttemptRelation::Retried } else { AttemptRelation::Distant }));
    }
    lines.append(&mut attempts);
    for (index, retry) in after.iter().enumerate() {
        lines.push(line(retry, if index == 0 { AttemptRelation::Retry } else { AttemptRelation::Distant }));
    }
    Ok(lines)
}
