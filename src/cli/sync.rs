//! `lockstep sync`: starts a sync and follows it to its end.

use std::sync::atomic::AtomicBool;

use chrono::{TimeDelta, Utc};
use clap::Args;

use super::follow::{self, ProgressDisplay};
use super::output::{CommandError, CommandExit, answer, complain, known_source, note, one_line};
use crate::app::{self, App};
use crate::domain::operation::{Mode, OperationKind, RunPriority, StartOptions, StartRequest, Status};
use crate::domain::run_text::{counted_issues, issue_label};
use crate::domain::source::{Slug, Source};
use crate::domain::status_report::StatusReport;
use crate::domain::sync_id::SyncId;
use crate::domain::text::counts::grouped;
use crate::store::admission::StartOutcome;

/// What the exit codes mean.
pub(super) const EXITS: &str = "Exit codes: 0 completed, 1 failed, 2 bad usage, 75 already running or started a moment \
                                ago, 130 cancelled.";

/// How long a run may wait for a worker before this process takes it, since there may be no server any more.
const WAITS: TimeDelta = TimeDelta::seconds(10);
/// How many issues are told; the rest is counted.
const TOLD_ISSUES: u64 = 5;

/// A sync to be started.
#[derive(Args)]
pub(super) struct SyncArgs {
    /// The source's slug, such as albums
    slug: Slug,
    /// Fetch and compare everything, even if the source says that nothing is new
    #[arg(long)]
    full: bool,
    /// Also write items anew that are as they were; includes --full
    #[arg(long, conflicts_with = "preview")]
    force: bool,
    /// Compare and write nothing: say what a sync would add, update and remove
    #[arg(long)]
    preview: bool,
    /// Print the last status as JSON
    #[arg(long)]
    json: bool,
}

impl SyncArgs {
    fn request(&self) -> StartRequest {
        StartRequest {
            kind: if self.preview { OperationKind::Preview } else { OperationKind::Sync },
            mode: if self.full || self.force { Mode::Full } else { Mode::Incremental },
            options: StartOptions { force_refresh: self.force, ..StartOptions::default() },
            priority: RunPriority::Manual,
            requested_by: follow::COMMAND_LINE.to_owned(),
        }
    }
}

/// Does it.
pub(super) fn run(app: &App, args: &SyncArgs) -> Result<CommandExit, CommandError> {
    let source = known_source(&app.store, &args.slug)?;
    let told = app::told_to_stop()?;
    let id = start(app, &source, &args.request())?;
    let mut show = ProgressDisplay::on_standard_error();
    let last = follow::follow(app, id, &told, &mut show);
    show.done(last.as_ref().ok());
    let last = last?;
    let exit = match last.status {
        Status::Completed => CommandExit::Fine,
        Status::Cancelled => CommandExit::Cancelled,
        // A dead run that this process was told to cancel: nobody was left to do it.
        Status::Interrupted if is_raised(&told) => CommandExit::Cancelled,
        _ => CommandExit::Failed,
    };
    tell(app, &source, &last, args.json)?;
    Ok(exit)
}

fn is_raised(told: &AtomicBool) -> bool {
    told.load(std::sync::atomic::Ordering::SeqCst)
}

/// Asks for the run; answers with the one to follow.
fn start(app: &App, source: &Source, request: &StartRequest) -> Result<SyncId, CommandError> {
    let slug = &source.slug;
    let mut tries = 0;
    loop {
        tries += 1;
        match app.control.start(source, request)? {
            StartOutcome::Accepted(id) => return Ok(id),
            StartOutcome::AlreadyRunning(id) => match adopt(app, id, request)? {
                AdoptedRun::Follow(id) => return Ok(id),
                AdoptedRun::Ended if tries < 3 => {}
                _ => return Err(CommandError::busy(format!("{slug} is being synced already: {id}."))),
            },
            StartOutcome::CoolingDown(left) => {
                let seconds = left.as_millis().div_ceil(1000);
                return Err(CommandError::busy(format!("{slug} was synced a moment ago; try again in {seconds} s.")));
            }
            StartOutcome::NoSuchSource => return Err(CommandError::usage(format!("{slug} has just been removed."))),
            StartOutcome::NotDue => {
                return Err(CommandError::failed(format!("{slug} could not be started; try again.")));
            }
        }
    }
}

/// What became of a run that stands in the way.
enum AdoptedRun {
    /// It is as good as the one asked for and has nobody to run it: this process does.
    Follow(SyncId),
    /// Its process was dead; it is ended now and out of the way.
    Ended,
    /// It is alive.
    Alive,
}

/// Where no server runs, nobody else clears away a run whose process died, and nobody runs one that waits.
fn adopt(app: &App, id: SyncId, request: &StartRequest) -> Result<AdoptedRun, CommandError> {
    // Continuing an earlier run is an answer to a plain sync only.
    let is_plain = request.kind == OperationKind::Sync && request.mode == Mode::Incremental;
    if let Some(taken) = app.control.recover(id)? {
        return Ok(match taken.successor {
            Some(next) if is_plain => {
                note(&format!("An earlier sync was cut short ({id}); going on with it."));
                AdoptedRun::Follow(next)
            }
            Some(_) => AdoptedRun::Alive,
            None => AdoptedRun::Ended,
        });
    }
    let waits = app.board.get(id)?.is_some_and(|report| {
        let waited = Utc::now() - report.start_time;
        report.status == Status::Pending && report.kind == OperationKind::Sync && waited > WAITS
    });
    if waits && is_plain {
        note(&format!("A sync has been waiting for a worker ({id}); running it here."));
        return Ok(AdoptedRun::Follow(id));
    }
    Ok(AdoptedRun::Alive)
}

/// Tells how it ended.
fn tell(app: &App, source: &Source, last: &StatusReport, json: bool) -> Result<(), CommandError> {
    let issues = app.store.record(last.id)?.map_or(0, |record| record.issues);
    if issues > 0 {
        for issue in app.store.issues(last.id, 1, TOLD_ISSUES)? {
            let row = issue.row.map_or(String::new(), |row| format!("row {}, ", grouped(row)));
            // Where a source is made of feeds, the place of an issue is the feed.
            let is_of_feed = last.stats.feeds.is_some() && issue.row.is_none();
            let what = if is_of_feed { "feed" } else { "column" };
            let column = issue.column.map_or(String::new(), |column| format!("{what} “{column}”, "));
            note(&format!("{row}{column}{}: {}", issue_label(issue.kind, is_of_feed), issue.reason));
        }
        if issues > TOLD_ISSUES {
            note(&format!("… and {} more issues", grouped(issues - TOLD_ISSUES)));
        }
    }
    if json {
        answer(&serde_json::to_string(last)?)?;
    }
    let slug = &source.slug;
    let message = last.error.as_ref().unwrap_or(&last.message);
    if last.status != Status::Completed {
        complain(&format!("{slug}: {}: {message}", last.status));
    } else if !json {
        let count = if issues > 0 { format!(" {}.", counted_issues(issues)) } else { String::new() };
        answer(&one_line(&format!("{slug}: {message}{count}")))?;
    }
    Ok(())
}
