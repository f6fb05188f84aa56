//! The plot of the last runs of a source: a bar for each, as high as the run was long, in the color of its outcome.
//! Below it are a smaller bar of what it changed, and a mark if it did not complete.

use std::time::Duration;

use crate::domain::operation::Status;
use crate::domain::record::SyncRecord;
use crate::domain::run_text::change_labels::changes_label;
use crate::domain::run_text::{kind_label, outcome_counts_label};
use crate::domain::text::counts::group_digits;
use crate::domain::text::measures::format_elapsed;
use crate::web::http::links::LinkBuilder;
use crate::web::layout::bar_height::bar_height;
use crate::web::layout::time_label::{TimeLabel, time_label};
use crate::web::panel::run_view::RunView;

/// The most runs in the plot.
pub(super) const MAX_PLOTTED_RUNS: u64 = 60;
/// The plot is as wide as so many runs at least, so that few runs are not drawn as wide blocks.
const MIN_SLOTS: u64 = 30;
/// The width of the place of a run, in pixels of the whole plot.
const SLOT_WIDTH: u64 = 12;
/// The lowest bar of a duration, and the highest.
const DURATION_HEIGHTS: (u64, u64) = (3, 72);
/// The lowest bar of changes, and the highest.
const CHANGE_HEIGHTS: (u64, u64) = (3, 30);
/// The distance from the bars of durations to the bars of changes.
const ROW_GAP: u64 = 8;
/// The height of the line of marks.
const MARK_HEIGHT: u64 = 14;

/// The last runs of a source, the oldest first.
#[derive(Debug, Clone)]
pub(in crate::web) struct RunPlot {
    /// The heading: "Last 60 runs".
    pub title: String,
    /// What it shows, for those who do not see it.
    pub summary: String,
    /// Its width.
    pub width: u64,
    /// Its height.
    pub height: u64,
    /// The line on which the bars of durations stand.
    pub base: u64,
    /// The duration of the highest bar: "4.2 s".
    pub longest: String,
    /// The most changes of a run, if any run changed something.
    pub most_changes: Option<String>,
    /// Whether any run did not complete.
    pub has_marks: bool,
    /// The runs.
    pub runs: Vec<PlottedRun>,
}

/// One run in the plot.
#[derive(Debug, Clone)]
pub(in crate::web) struct PlottedRun {
    /// The left edge of its place.
    pub left: u64,
    /// The middle of its place.
    pub middle: u64,
    /// The upper edge of its bar.
    pub top: u64,
    /// The height of its bar.
    pub height: u64,
    /// The name of its tone in the stylesheet.
    pub tone: &'static str,
    /// The parts of the bar of its changes: name of the kind, upper edge and height.
    pub changes: Vec<(&'static str, u64, u64)>,
    /// The upper edge of its mark; `None` if it completed.
    pub mark: Option<u64>,
    /// What it was: "Sync completed, took 0.4 s, 3 added, 20 Nov 2026, 08:00 UTC".
    pub title: String,
    /// The link to its page.
    pub href: String,
    /// How it ended: "Sync completed, 3 rows skipped".
    pub outcome: String,
    /// How long it took.
    pub duration: String,
    /// What it changed: "3 added, 1 removed"; "no changes".
    pub change_label: String,
    /// When it ended.
    pub finished_at: TimeLabel,
}

impl RunPlot {
    /// The plot of runs, which come with the newest first; `None` if there are none. `is_narrowed` says whether they
    /// are only some of the runs of the source.
    pub(super) fn new(links: &LinkBuilder, records: &[SyncRecord], is_narrowed: bool) -> Option<Self> {
        let longest = records.iter().map(run_millis).max()?;
        let most = records.iter().map(count_changes).max()?;
        let runs = records.iter().rev().zip(0..);
        let runs: Vec<_> = runs.map(|(record, slot)| plot_run(links, record, slot, longest, most)).collect();
        let number = runs.len() as u64;
        let which = if is_narrowed { "matching " } else { "" };
        let title = if number == 1 { format!("Last {which}run") } else { format!("Last {number} {which}runs") };
        Some(Self {
            summary: describe(&title, records, longest),
            title,
            width: number.max(MIN_SLOTS) * SLOT_WIDTH,
            height: DURATION_HEIGHTS.1 + ROW_GAP + CHANGE_HEIGHTS.1 + MARK_HEIGHT,
            base: DURATION_HEIGHTS.1,
            longest: format_millis(longest),
            most_changes: (most > 0).then(|| group_digits(most)),
            has_marks: runs.iter().any(|run| run.mark.is_some()),
            runs,
        })
    }
}

fn plot_run(links: &LinkBuilder, record: &SyncRecord, slot: u64, longest: u64, most: u64) -> PlottedRun {
    let view = RunView::of_record(record);
    let height = bar_height(run_millis(record), longest, DURATION_HEIGHTS);
    let changes = stack_changes(record, bar_height(count_changes(record), most, CHANGE_HEIGHTS));
    let changes_end = DURATION_HEIGHTS.1 + ROW_GAP + changes.iter().map(|(.., height)| height).sum::<u64>();
    let outcome = format!("{} {}", kind_label(record.summary.kind), view.outcome_label().to_lowercase());
    let duration = format_millis(run_millis(record));
    let change_label = changes_label(record.summary.kind, &record.summary.stats);
    let finished_at = time_label(record.finished_at);
    PlottedRun {
        left: slot * SLOT_WIDTH,
        middle: slot * SLOT_WIDTH + SLOT_WIDTH / 2,
        top: DURATION_HEIGHTS.1 - height,
        height,
        tone: view.tone(),
        mark: (record.summary.status != Status::Completed).then_some(changes_end + 3),
        changes,
        title: format!("{outcome}, took {duration}, {change_label}, {}", finished_at.text),
        href: links.run(&record.summary.id),
        outcome,
        duration,
        change_label,
        finished_at,
    }
}

/// The bar of changes from its upper edge down: added, updated, removed, each in its share of `height`.
fn stack_changes(record: &SyncRecord, height: u64) -> Vec<(&'static str, u64, u64)> {
    let stats = record.summary.stats;
    let counts = [("added", stats.added), ("updated", stats.updated), ("removed", stats.removed)];
    let total = count_changes(record).max(1);
    let top = DURATION_HEIGHTS.1 + ROW_GAP;
    let (mut below, mut parts) = (0, Vec::new());
    for (kind, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
        let part = (u128::from(count) * u128::from(height) / u128::from(total)).try_into().unwrap_or(height).max(1);
        parts.push((kind, top + below, part));
        below += part;
    }
    parts
}

fn count_changes(record: &SyncRecord) -> u64 {
    let stats = record.summary.stats;
    stats.added + stats.updated + stats.removed
}

fn run_millis(record: &SyncRecord) -> u64 {
    let duration = record.timestamps.started_at.map(|start| record.finished_at - start);
    duration.and_then(|duration| u64::try_from(duration.num_milliseconds()).ok()).unwrap_or(0)
}

fn format_millis(millis: u64) -> String {
    format_elapsed(Duration::from_millis(millis))
}

fn describe(title: &str, records: &[SyncRecord], longest: u64) -> String {
    let statuses: Vec<_> = records.iter().map(|record| record.summary.status).collect();
    let changed = records.iter().filter(|record| count_changes(record) > 0).count();
    format!(
        "{title}: {}. The longest took {}. {changed} with changes.",
        outcome_counts_label(&statuses),
        format_millis(longest)
    )
}
