//! The chart of the last runs of a source: a bar for each, as high as the run was long, in the color of its outcome.

use std::time::Duration;

use crate::domain::progress::RunStats;
use crate::domain::run_text::{outcome_counts_label, run_outcome_label};
use crate::domain::text::measures::format_elapsed;
use crate::store::recent_runs::RecentRun;
use crate::web::layout::bar_height::bar_height;
use crate::web::layout::run_labels::StatusLabels as _;
use crate::web::layout::time_label::time_label;

/// The number of runs in the chart.
pub(super) const CHARTED_RUNS: u32 = 20;
/// The lowest bar and the highest, in pixels.
const BAR_HEIGHTS: (u64, u64) = (4, 24);
/// The distance between the left edges of two bars.
const BAR_STEP: usize = 6;

/// The last runs of a source, the oldest first.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct RunChart {
    /// A bar for each run.
    pub bars: Vec<RunBar>,
    /// What it shows, for those who do not see it: "Last 20 runs: 18 completed, 2 failed".
    pub label: String,
}

/// One run in the chart.
#[derive(Debug, Clone)]
pub(in crate::web) struct RunBar {
    /// The position of its left edge.
    pub left: usize,
    /// The position of its upper edge.
    pub top: u64,
    /// Its height.
    pub height: u64,
    /// The name of its tone in the stylesheet.
    pub tone: &'static str,
    /// What it was: "Sync completed, 0.4 s, 20 Nov 2026, 08:00 UTC".
    pub title: String,
}

impl RunChart {
    /// The chart of runs, which come with the newest first.
    pub(super) fn new(runs: &[RecentRun]) -> Self {
        let longest = runs.iter().map(run_millis).max().unwrap_or(0);
        let bars = runs.iter().rev().enumerate().map(|(index, run)| {
            // A run that ended at once is visible, too.
            let height = bar_height(run_millis(run).max(1), longest, BAR_HEIGHTS);
            let top = BAR_HEIGHTS.1 - height;
            RunBar { left: index * BAR_STEP, top, height, tone: run.status.tone(), title: bar_title(run) }
        });
        Self { bars: bars.collect(), label: chart_label(runs) }
    }
}

fn run_millis(run: &RecentRun) -> u64 {
    let duration = run.started_at.map(|start| run.finished_at - start);
    duration.and_then(|duration| u64::try_from(duration.num_milliseconds()).ok()).unwrap_or(0)
}

fn bar_title(run: &RecentRun) -> String {
    let outcome = run_outcome_label(run.kind, run.status, &RunStats::default());
    let duration = format_elapsed(Duration::from_millis(run_millis(run)));
    format!("{outcome}, {duration}, {}", time_label(run.finished_at).text)
}

fn chart_label(runs: &[RecentRun]) -> String {
    let statuses: Vec<_> = runs.iter().map(|run| run.status).collect();
    match runs.len() {
        1 => format!("Last run: {}", outcome_counts_label(&statuses)),
        number => format!("Last {number} runs: {}", outcome_counts_label(&statuses)),
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeDelta, Utc};

    use super::{RecentRun, RunChart};
    use crate::domain::operation::{OperationKind, Status};

    #[test]
    fn the_longest_run_is_the_highest_bar_and_the_newest_the_last() {
        let run = |status, millis| {
            let finished_at = Utc::now();
            let started_at = Some(finished_at - TimeDelta::milliseconds(millis));
            RecentRun { kind: OperationKind::Sync, status, error: None, started_at, finished_at }
        };
        let chart =
            RunChart::new(&[run(Status::Failed, 10), run(Status::Completed, 10_000), run(Status::Completed, 2500)]);
        let shape: Vec<_> = chart.bars.iter().map(|bar| (bar.left, bar.height, bar.tone)).collect();
        assert_eq!(shape, [(0, 14, "good"), (6, 24, "good"), (12, 5, "bad")]);
        assert!(chart.bars.iter().all(|bar| bar.top + bar.height == 24));
        assert_eq!(chart.label, "Last 3 runs: 2 completed, 1 failed");
        assert_eq!(RunChart::new(&[run(Status::Failed, 0)]).label, "Last run: 1 failed");
        assert!(RunChart::new(&[]).bars.is_empty());
    }
}
