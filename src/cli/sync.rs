//! `lockstep sync`: starts a sync and follows it to its end.

use std::sync::atomic::Ordering;

use chrono::{TimeDelta, Utc};
use clap::Args;

use super::follow::{self, follow_run};
use super::output::{CommandError, CommandExit, find_source, print_answer, print_error, print_note, to_single_line};
use super::progress_display::ProgressDisplay;
use crate::app::{self, App};
use crate::domain::operation::{Mode, OperationKind, RunPriority, StartOptions, StartRequest, Status};
use crate::domain::run_text::start_and_cancel::cooling_down_message;
use crate::domain::run_text::{format_issue_count, issue_label};
use crate::domain::source::{Slug, Source};
use crate::domain::status_report::StatusReport;
use crate::domain::sync_id::SyncId;
use crate::domain::text::counts::group_digits;
use crate::store::admission::StartOutcome;

/// The exit codes, for the help text.
pub(super) const EXIT_CODES: &str =
    "Exit codes: 0 completed, 1 failed, 2 bad usage, 75 already running or cooling down, 130 cancelled.";

/// How long a run may be queued before this process runs it, because no server may be running.
const MAX_QUEUE_TIME: TimeDelta = TimeDelta::seconds(10);
/// How often a start is tried while dead runs have to be ended first.
const MAX_START_ATTEMPTS: u32 = 3;
/// How many issues are printed. The rest is counted.
const MAX_PRINTED_ISSUES: u64 = 5;

/// The arguments of `sync`.
#[derive(Args)]
pub(super) struct SyncArgs {
    /// Slug of the source, such as albums
    slug: Slug,
    /// Fetch and compare everything, even if the source reports no changes
    #[arg(long)]
    full: bool,
    /// Rewrite unchanged items too; includes --full
    #[arg(long, conflicts_with = "preview")]
    force: bool,
    /// Show what a sync would add, update and remove, without writing anything
    #[arg(long)]
    preview: bool,
    /// Print the final status as JSON
    #[arg(long)]
    json: bool,
}

impl SyncArgs {
    fn to_request(&self) -> StartRequest {
        StartRequest {
            kind: if self.preview { OperationKind::Preview } else { OperationKind::Sync },
            mode: if self.full || self.force { Mode::Full } else { Mode::Incremental },
            options: StartOptions { force_refresh: self.force, ..StartOptions::default() },
            priority: RunPriority::Manual,
            requested_by: follow::COMMAND_LINE.to_owned(),
        }
    }
}

/// Starts a sync, follows it to its end, and prints how it ended.
pub(super) fn run(app: &App, args: &SyncArgs) -> Result<CommandExit, CommandError> {
    let source = find_source(&app.store, &args.slug)?;
    let interrupted = app::watch_shutdown_signals()?;
    let id = start_run(app, &source, &args.to_request())?;
    let mut display = ProgressDisplay::on_stderr();
    let last = follow_run(app, id, &interrupted, &mut display);
    display.finish(last.as_ref().ok());
    let last = last?;
    let exit = match last.summary.status {
        Status::Completed => CommandExit::Success,
        Status::Cancelled => CommandExit::Cancelled,
        // The run's worker died before it could cancel the run.
        Status::Interrupted if interrupted.load(Ordering::SeqCst) => CommandExit::Cancelled,
        _ => CommandExit::Failed,
    };
    print_result(app, &source, &last, args.json)?;
    Ok(exit)
}

/// Starts a run. Returns the id of the run to follow, which may be an earlier one that nothing else runs.
fn start_run(app: &App, source: &Source, request: &StartRequest) -> Result<SyncId, CommandError> {
    let slug = &source.slug;
    let mut attempts = 0;
    loop {
        attempts += 1;
        match app.control.start(source, request)? {
            StartOutcome::Accepted(id) => return Ok(id),
            StartOutcome::AlreadyRunning(id) => match adopt_run(app, id, request)? {
                AdoptedRun::Follow(id) => return Ok(id),
                AdoptedRun::Ended if attempts < MAX_START_ATTEMPTS => {}
                _ => return Err(CommandError::busy(format!("a sync of {slug} is already running: {id}."))),
            },
            StartOutcome::CoolingDown(left) => {
                let seconds = u64::try_from(left.as_millis().div_ceil(1000)).unwrap_or(u64::MAX);
                return Err(CommandError::busy(cooling_down_message(seconds)));
            }
            StartOutcome::NoSuchSource => {
                return Err(CommandError::usage(format!("the source {slug} was removed in the meantime.")));
            }
            StartOutcome::NotDue => {
                return Err(CommandError::failed(format!("the sync of {slug} was not started. Try again.")));
            }
        }
    }
}

/// What this process can do about a run that is already active.
enum AdoptedRun {
    /// Follow it: it does what was asked for, and this process runs it because no other does.
    Follow(SyncId),
    /// Try again: its worker was dead, and it has been ended.
    Ended,
    /// Nothing: another process runs it.
    Alive,
}

/// Ends a run whose worker died, and takes over a run that is queued: without a server no other process does.
fn adopt_run(app: &App, id: SyncId, request: &StartRequest) -> Result<AdoptedRun, CommandError> {
    // Only an incremental sync can be replaced by continuing an earlier run.
    let is_incremental_sync = request.kind == OperationKind::Sync && request.mode == Mode::Incremental;
    if let Some(recovered) = app.control.recover_run(id)? {
        return Ok(match recovered.successor {
            Some(next) if is_incremental_sync => {
                print_note(&format!("An earlier sync was interrupted ({id}). Continuing it."));
                AdoptedRun::Follow(next)
            }
            Some(_) => AdoptedRun::Alive,
            None => AdoptedRun::Ended,
        });
    }
    let is_left_in_queue = app.board.get(id)?.is_some_and(|report| {
        let queued_for = Utc::now() - report.start_time;
        report.summary.status == Status::Pending
            && report.summary.kind == OperationKind::Sync
            && queued_for > MAX_QUEUE_TIME
    });
    if is_left_in_queue && is_incremental_sync {
        print_note(&format!("A queued sync was not started by any server ({id}). Running it here."));
        return Ok(AdoptedRun::Follow(id));
    }
    Ok(AdoptedRun::Alive)
}

/// Prints the issues and the result of a run.
fn print_result(app: &App, source: &Source, last: &StatusReport, json: bool) -> Result<(), CommandError> {
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
    if json {
        print_answer(&serde_json::to_string(last)?)?;
    }
    let slug = &source.slug;
    let message = last.summary.error.as_ref().unwrap_or(&last.summary.message);
    if last.summary.status != Status::Completed {
        print_error(&format!("{slug}: {}: {message}", last.summary.status));
    } else if !json {
        let count = if issues > 0 { format!(" {}.", format_issue_count(issues)) } else { String::new() };
        print_answer(&to_single_line(&format!("{slug}: {message}{count}")))?;
    }
    Ok(())
}
