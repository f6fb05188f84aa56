//! The timeline of a run: when each stage began, and how long it took or has taken so far.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::view::StageLine;
use crate::domain::operation::{Stage, Status};
use crate::domain::record::{HistoryRun, StageTimings};
use crate::domain::run_text::run_state::stage_label;
use crate::domain::run_text::status_label;
use crate::domain::text::measures;
use crate::web::layout::time_label::exact_time_label;

/// The width of the bar of stages, in its own unit.
const BAR_WIDTH: f64 = 1000.0;
/// The width of the narrowest visible part of the bar.
const MIN_PART_WIDTH: u64 = 4;

/// Each stage with its beginning and its duration, or why it has none. An active run has the time of its stages until
/// `now`, and as many lines as it has after its end.
pub(super) fn stage_lines(run: &HistoryRun, now: DateTime<Utc>) -> Vec<StageLine> {
    let times = run.timestamps();
    let status = run.run_summary().status;
    let timings = match run {
        HistoryRun::Active(_) => times.stage_timings(Some(now)),
        HistoryRun::Ended(record) => record.stage_timings(),
    };
    if status == Status::Completed && timings.fetching.is_none() {
        return Vec::new();
    }
    let StageTimings { waiting, fetching, processing, finalizing } = timings;
    let stages = [
        (status_label(Status::Pending), "waiting", Some(times.created_at), waiting),
        (stage_label(Stage::Fetching), "fetching", times.started_at, fetching),
        (stage_label(Stage::Processing), "processing", times.processing_at, processing),
        (stage_label(Stage::Finalizing), "finalizing", times.finalizing_at, finalizing),
    ];
    let whole: f64 = stages.iter().filter_map(|(.., seconds)| *seconds).sum();
    let last_reached = stages.iter().rposition(|(.., seconds)| seconds.is_some());
    let mut begin = 0;
    let mut lines = Vec::with_capacity(stages.len());
    for (position, (label, tone, began, seconds)) in stages.into_iter().enumerate() {
        let is_reached = last_reached.is_some_and(|last| position <= last);
        let width = seconds
            .filter(|seconds| *seconds > 0.0)
            .map_or(0, |part| rounded(part / whole * BAR_WIDTH).max(MIN_PART_WIDTH));
        lines.push(StageLine {
            label,
            tone,
            duration: match seconds.map(duration_label) {
                Some(duration) if status.is_active() && last_reached == Some(position) => format!("{duration} so far"),
                Some(duration) => duration,
                None => absence_label(status, is_reached).to_owned(),
            },
            is_absent: seconds.is_none(),
            began_at: began.map(exact_time_label),
            begin,
            width,
        });
        begin += width;
    }
    lines
}

/// How long an active run has been running: "12 s".
pub(super) fn elapsed_label(run: &HistoryRun, now: DateTime<Utc>) -> Option<String> {
    let HistoryRun::Active(run) = run else { return None };
    let elapsed = run.timestamps.started_at.map(|started| (now - started).to_std().unwrap_or_default());
    Some(elapsed.map_or_else(|| "not started".to_owned(), measures::format_elapsed))
}

/// Why a stage has no duration.
const fn absence_label(status: Status, is_reached: bool) -> &'static str {
    match status {
        Status::Completed => "not needed",
        Status::Pending | Status::Running if is_reached => "not needed",
        Status::Pending | Status::Running => "not started",
        Status::Failed | Status::Cancelled | Status::Interrupted => "not reached",
    }
}

fn duration_label(seconds: f64) -> String {
    measures::format_elapsed(Duration::from_millis(rounded(seconds * 1000.0)))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "times are small and not negative")]
fn rounded(number: f64) -> u64 {
    number.round() as u64
}
