//! The timeline of a run: when each stage began, and how long it took.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::view::StageLine;
use crate::domain::operation::{Stage, Status};
use crate::domain::record::SyncRecord;
use crate::domain::run_text::run_state::stage_label;
use crate::domain::run_text::status_label;
use crate::domain::text::measures;
use crate::web::layout::time_label::exact_time_label;

/// The width of the bar of stages, in its own unit.
const BAR_WIDTH: f64 = 1000.0;
/// The width of the narrowest visible part of the bar.
const MIN_PART_WIDTH: u64 = 4;

/// Each stage with its beginning and its duration, or why it has none.
pub(super) fn stage_lines(record: &SyncRecord) -> Vec<StageLine> {
    let (timings, times) = (record.stage_timings(), record.timestamps);
    let completed = record.summary.status == Status::Completed;
    if completed && timings.fetching.is_none() {
        return Vec::new();
    }
    let lengths = [
        (status_label(Status::Pending), "waiting", Some(times.created_at), timings.waiting),
        (stage_label(Stage::Fetching), "fetching", times.started_at, timings.fetching),
        (stage_label(Stage::Processing), "processing", times.processing_at, timings.processing),
        (stage_label(Stage::Finalizing), "finalizing", times.finalizing_at, timings.finalizing),
    ];
    let whole: f64 = lengths.iter().filter_map(|(.., seconds)| *seconds).sum();
    let mut begin = 0;
    let line = |(label, tone, began, seconds): (&'static str, &'static str, Option<DateTime<Utc>>, Option<f64>)| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "times are small and not negative")]
        let rounded = |number: f64| number.round() as u64;
        let part = seconds
            .filter(|seconds| *seconds > 0.0)
            .map_or(0, |seconds| rounded(seconds / whole * BAR_WIDTH).max(MIN_PART_WIDTH));
        let missing = if completed { "not needed" } else { "not reached" };
        let duration = seconds.map_or_else(
            || missing.to_owned(),
            |seconds| measures::format_elapsed(Duration::from_millis(rounded(seconds * 1000.0))),
        );
        let began_at = began.map(exact_time_label);
        let line = StageLine { label, tone, duration, is_absent: seconds.is_none(), began_at, begin, width: part };
        begin += part;
        line
    };
    lengths.into_iter().map(line).collect()
}
