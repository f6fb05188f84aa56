//! The chart of the last runs of a source: a bar for each, as high as the run was long, in the color of its outcome.

use chrono::TimeDelta;

use crate::domain::operation::Status;
use crate::domain::progress::RunStats;
use crate::domain::run_text::run_outcome_label;
use crate::domain::text::measures::format_elapsed;
use crate::store::recent_runs::RecentRun;
use crate::web::layout::run_labels::StatusLabels as _;

/// The number of runs in the chart.
pub(super) const CHARTED_RUNS: u32 = 20;
/// The height of the longest run, in pixels.
const MAX_HEIGHT: u32 = 24;
/// The height of the shortest run.
const MIN_HEIGHT: u32 = 4;
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
    pub top: u32,
    /// Its height.
    pub height: u32,
    /// The name of its tone in the stylesheet.
    pub tone: &'static str,
    /// What it was: "Sync completed, 0.4 s, 20 Nov 2026, 08:00 UTC".
    pub title: String,
}

impl RunChart {
    /// The chart of runs, which come with the newest first.
    pub(super) fn new(runs: &[RecentRun]) -> Self {
        let longest = runs.iter().map(run_seconds).fold(0.0, f64::max);
        let bars = runs.iter().rev().enumerate().map(|(index, run)| {
            // By the square root: a run that takes a hundred times longer leaves the others visible.
            let share = if longest > 0.0 { (run_seconds(run) / longest).sqrt() } else { 0.0 };
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it lies between the two heights"
            )]
            let above_shortest = (share * f64::from(MAX_HEIGHT - MIN_HEIGHT)).round() as u32;
            let height = MIN_HEIGHT + above_shortest;
            RunBar {
                left: index * BAR_STEP,
                top: MAX_HEIGHT - height,
                height,
                tone: run.status.tone(),
                title: bar_title(run),
            }
        });
        Self { bars: bars.collect(), label: chart_label(runs) }
    }
}

fn run_seconds(run: &RecentRun) -> f64 {
    run_duration(run).as_seconds_f64().max(0.0)
}

fn run_duration(run: &RecentRun) -> TimeDelta {
    run.started_at.map_or(TimeDelta::zero(), |start| run.finished_at - start)
}

fn bar_title(run: &RecentRun) -> String {
    let outcome = run_outcome_label(run.kind, run.status, &RunStats::default());
    let duration = format_elapsed(run_duration(run).to_std().unwrap_or_default());
    format!("{outcome}, {duration}, {}", run.finished_at.format("%-d %b %Y, %H:%M UTC"))
}

fn chart_label(runs: &[RecentRun]) -> String {
    let counted = [Status::Completed, Status::Failed, Status::Cancelled, Status::Interrupted].map(|status| {
        let count = runs.iter().filter(|run| run.status == status).count();
        (count > 0).then(|| format!("{count} {}", status.as_str()))
    });
    let counts: Vec<_> = counted.into_iter().flatten().collect();
    match runs.len() {
        1 => format!("Last run: {}", runs[0].status.as_str()),
        number => format!("Last {number} runs: {}", counts.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeDelta, Utc};

    use super::{RecentRun, RunChart, Status};
    use crate::domain::operation::OperationKind;

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
        assert_eq!(RunChart::new(&[run(Status::Failed, 0)]).label, "Last run: failed");
        assert!(RunChart::new(&[]).bars.is_empty());
    }
}
