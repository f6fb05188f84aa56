//! The texts about a run: values in, text out. Pages, JSON, the command line, logs and stored messages take them from
//! here, so that a run is described in the same words everywhere.

pub mod activity;
pub mod attempts;
pub mod automatic_retries;
pub mod change_labels;
pub mod check;
pub mod column_notes;
pub mod completed_sync;
pub mod disk_errors;
pub mod feed_links;
pub mod header_mismatch;
pub mod hidden_columns;
pub mod kept_items;
pub mod key_notes;
pub mod key_proposal;
pub mod missing_key;
pub mod preview;
pub mod requesters;
pub mod row_notes;
pub mod run_progress;
pub mod run_state;
pub mod run_target;
pub mod schedule_pause;
pub mod shape_notes;
pub mod start_and_cancel;
pub mod stopped_run;
pub mod sync_failure;
pub mod undo;
pub mod withheld_items;

use super::issue::IssueKind;
use super::operation::{OperationKind, Stage, Status};
use super::progress::{FailedFeeds, ProgressCount, RunStats};
use super::run_summary::RunSummary;
use super::source::Noun;
use super::text::counts::group_digits;

/// A status as a label: "Completed".
#[must_use]
pub const fn status_label(status: Status) -> &'static str {
    match status {
        Status::Pending => "Queued",
        Status::Running => "Running",
        Status::Completed => "Completed",
        Status::Failed => "Failed",
        Status::Cancelled => "Cancelled",
        Status::Interrupted => "Interrupted",
    }
}

/// A kind of run as a noun: "Sync".
#[must_use]
pub const fn kind_label(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::Sync => "Sync",
        OperationKind::Preview => "Preview",
        OperationKind::Undo => "Undo",
        OperationKind::Removal => "Removal",
    }
}

/// A kind of issue as a label: "skipped" for a row that was not imported, "failed" for a feed as a whole.
#[must_use]
pub const fn issue_label(kind: IssueKind, is_of_feed: bool) -> &'static str {
    match kind {
        IssueKind::Refused if is_of_feed => "failed",
        IssueKind::Refused => "skipped",
        IssueKind::Noted => "warning",
    }
}

/// The outcome of a run, with the number of skipped rows and failed feeds: "Completed, 3 rows skipped".
#[must_use]
pub fn outcome_label(status: Status, stats: &RunStats) -> String {
    append_left_out(status_label(status).to_owned(), stats)
}

/// The outcome of a run with its kind: "Sync completed, 3 rows skipped".
#[must_use]
pub fn run_outcome_label(kind: OperationKind, status: Status, stats: &RunStats) -> String {
    append_left_out(format!("{} {}", kind_label(kind), status_label(status).to_lowercase()), stats)
}

/// How many runs ended how: "18 completed, 2 failed".
#[must_use]
pub fn outcome_counts_label(statuses: &[Status]) -> String {
    const TERMINAL: [Status; 4] = [Status::Completed, Status::Failed, Status::Cancelled, Status::Interrupted];
    let counts = TERMINAL.map(|status| (statuses.iter().filter(|other| **other == status).count(), status));
    let parts = counts.iter().filter(|(count, _)| *count > 0).map(|(count, status)| format!("{count} {status}"));
    parts.collect::<Vec<_>>().join(", ")
}

/// Whether a run skipped rows, or feeds failed.
#[must_use]
pub const fn has_left_out(stats: &RunStats) -> bool {
    stats.rejected > 0 || stats.failed_feeds.is_some()
}

/// The message of a run that has compared this many items: "Syncing album 48,000 of 120,000…".
#[must_use]
pub fn syncing_message(noun: &Noun, entries: ProgressCount) -> String {
    format!("Syncing {} {} of {}…", noun.one, group_digits(entries.processed), group_digits(entries.total))
}

/// The message of a run that fetches its feeds: "Fetching feed 5 of 22…".
#[must_use]
pub fn fetching_feed_message(feeds: ProgressCount) -> String {
    let current = (feeds.processed + 1).min(feeds.total);
    format!("Fetching feed {} of {}…", group_digits(current), group_digits(feeds.total))
}

/// The forecast that `number` rows would be skipped.
#[must_use]
pub fn would_skip_message(number: u64) -> String {
    format!("{} would be skipped.", format_plural(number, "row", "rows"))
}

/// The message of a sync whose source has nothing new.
#[must_use]
pub fn unchanged_message(noun: &Noun, stats: &RunStats) -> String {
    if stats.failed_feeds.is_some() {
        return format!("No new {}.{}", noun.many, left_out_message(stats));
    }
    format!("Nothing new since the last sync: {}.{}", format_count(noun, stats.unchanged), left_out_message(stats))
}

/// The message of a run that did not complete: `message`, then the number of skipped rows.
#[must_use]
pub fn stopped_message(message: &str, stats: &RunStats) -> String {
    format!("{message}{}", skipped_message(stats))
}

/// The part of a preview's message about rows that would be skipped and feeds that failed: sentences that begin with a
/// space.
#[must_use]
pub fn would_leave_out_message(stats: &RunStats) -> String {
    let mut text = String::new();
    if stats.rejected > 0 {
        text.push_str(&format!(" {} would be skipped.", format_rejected(stats)));
    }
    text + &failed_feeds_message(stats)
}

/// The message of a run as visitors of a public catalog see it: without the URL of the source, the reason of a
/// failure and the person who cancelled. `many` is the plural name of the source's entries.
#[must_use]
pub fn visitor_message(run: &RunSummary, many: &str) -> String {
    match run.status {
        Status::Pending | Status::Running if run.stage == Some(Stage::Fetching) => format!("Fetching {many}…"),
        Status::Failed => format!("The last {} failed. No data was lost.", kind_label(run.kind).to_lowercase()),
        Status::Cancelled => format!("The last {} was cancelled.", kind_label(run.kind).to_lowercase()),
        Status::Pending | Status::Running | Status::Completed | Status::Interrupted => run.message.clone(),
    }
}

/// The issues of a run, counted: `1 issue`, `12,480 issues`.
#[must_use]
pub fn format_issue_count(issues: u64) -> String {
    format_plural(issues, "issue", "issues")
}

/// `1 album`, `47 albums`, `12,480 albums`.
#[must_use]
pub fn format_count(noun: &Noun, number: u64) -> String {
    format!("{} {}", group_digits(number), noun.for_count(number))
}

/// Skipped rows and failed feeds, as sentences that begin with a space; empty if there are none.
fn left_out_message(stats: &RunStats) -> String {
    skipped_message(stats) + &failed_feeds_message(stats)
}

fn skipped_message(stats: &RunStats) -> String {
    if stats.rejected > 0 { format!(" {} skipped.", format_rejected(stats)) } else { String::new() }
}

fn failed_feeds_message(stats: &RunStats) -> String {
    match stats.failed_feeds {
        None => String::new(),
        Some(feeds) if feeds.failed < feeds.total => format!(" {}; others updated.", format_failed_feeds(feeds)),
        Some(feeds) => format!(" {}.", format_failed_feeds(feeds)),
    }
}

/// Appends skipped rows and failed feeds to a label: ", 3 rows skipped".
fn append_left_out(mut label: String, stats: &RunStats) -> String {
    if let Some(feeds) = stats.failed_feeds {
        label.push_str(&format!(", {}", format_failed_feeds(feeds)));
    }
    if stats.rejected > 0 {
        label.push_str(&format!(", {} skipped", format_rejected(stats)));
    }
    label
}

/// `3 rows`, or `3 articles` for feeds.
fn format_rejected(stats: &RunStats) -> String {
    let (one, many) = if stats.articles.is_some() { ("article", "articles") } else { ("row", "rows") };
    format_plural(stats.rejected, one, many)
}

/// `1 of 2 feeds failed`.
fn format_failed_feeds(feeds: FailedFeeds) -> String {
    let FailedFeeds { failed, total } = feeds;
    if total == 1 {
        "The feed failed".to_owned()
    } else {
        format!("{} of {} feeds failed", group_digits(failed), group_digits(total))
    }
}

fn format_plural(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", group_digits(number), if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests;
