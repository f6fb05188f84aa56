//! Follows a run to its end and prints how it ended.

use std::sync::atomic::{AtomicBool, Ordering};

use super::follow::follow_run;
use super::output::{CommandError, CommandExit, print_answer, print_error, print_note, to_single_line};
use super::preview_changes::{print_changes, status_with_changes};
use super::progress_display::ProgressDisplay;
use crate::app::App;
use crate::domain::operation::{OperationKind, Status};
use crate::domain::run_text::start_and_cancel::cooling_down_message;
use crate::domain::run_text::{format_issue_count, issue_label};
use crate::domain::source::Source;
use crate::domain::status_report::StatusReport;
use crate::domain::sync_id::SyncId;
use crate::domain::text::counts::group_digits;
use crate::store::admission::StartOutcome;

/// How many issues are printed. The rest is counted.
const MAX_PRINTED_ISSUES: u64 = 5;

/// Follows a run to its end with a progress bar. Returns its last status.
pub(super) fn follow_to_end(app: &App, id: SyncId, interrupted: &AtomicBool) -> Result<StatusReport, CommandError> {
    let mut display = ProgressDisplay::on_stderr();
    let last = follow_run(app, id, interrupted, &mut display);
    display.finish(last.as_ref().ok());
    last
}

/// Returns the exit code for how a run ended.
pub(super) fn exit_of_run(last: &StatusReport, interrupted: &AtomicBool) -> CommandExit {
    match last.summary.status {
        Status::Completed => CommandExit::Success,
        Status::Cancelled => CommandExit::Cancelled,
        // The run's worker died before it could cancel the run.
        Status::Interrupted if interrupted.load(Ordering::SeqCst) => CommandExit::Cancelled,
        _ => CommandExit::Failed,
    }
}

/// Why a run was not started, as an error of the command.
pub(super) fn start_refused(source: &Source, outcome: StartOutcome) -> CommandError {
    let slug = &source.slug;
    match outcome {
        StartOutcome::AlreadyRunning(id) => CommandError::busy(format!("a sync of {slug} is already running: {id}.")),
        StartOutcome::CoolingDown(left) => {
            let seconds = u64::try_from(left.as_millis().div_ceil(1000)).unwrap_or(u64::MAX);
            CommandError::busy(cooling_down_message(seconds))
        }
        StartOutcome::NoSuchSource => CommandError::usage(format!("the source {slug} was removed in the meantime.")),
        StartOutcome::NotDue | StartOutcome::Outdated | StartOutcome::Accepted(_) => {
            CommandError::failed(format!("the sync of {slug} was not started. Try again."))
        }
    }
}

/// Prints the issues and the result of a run.
pub(super) fn print_result(app: &App, source: &Source, last: &StatusReport, json: bool) -> Result<(), CommandError> {
    let issues = app.store.find_record(last.summary.id)?.map_or(0, |record| record.issues);
    if issues > 0 {
        for issue in app.store.list_issues(last.summary.id, 1, MAX_PRINTED_ISSUES)? {
            let row = issue.row.map_or(String::new(), |row| format!("row {}, ", group_digits(row)));
            // An issue without a row, in a source made of feeds, is about a whole feed.
            let is_of_feed = last.summary.stats.feeds.is_some() && issue.row.is_none();
            let place = if is_of_feed { "feed" } else { "column" };
            let column = issue.column.map_or(String::new(), |column| format!("{place} “{column}”, "));
            print_note(&format!("{row}{column}{}: {}", issue_label(issue.kind, is_of_feed), issue.reason));
        }
        if issues > MAX_PRINTED_ISSUES {
            print_note(&format!("… and {} more issues", group_digits(issues - MAX_PRINTED_ISSUES)));
        }
    }
    let is_preview = last.summary.kind == OperationKind::Preview && last.summary.status == Status::Completed;
    if json && is_preview {
        print_answer(&status_with_changes(app, last)?.to_string())?;
    } else if json {
        print_answer(&serde_json::to_string(last)?)?;
    }
    let slug = &source.slug;
    let message = last.summary.error.as_ref().unwrap_or(&last.summary.message);
    if last.summary.status != Status::Completed {
        print_error(&format!("{slug}: {}: {message}", last.summary.status));
    } else if !json {
        let count = if issues > 0 { format!(" {}.", format_issue_count(issues)) } else { String::new() };
        print_answer(&to_single_line(&format!("{slug}: {message}{count}")))?;
        if is_preview {
            print_changes(app, last)?;
        }
    }
    Ok(())
}
