//! `lockstep sync`: starts a sync and follows it to its end.

use std::sync::atomic::Ordering;

use chrono::{TimeDelta, Utc};
use clap::Args;

use super::output::{CommandError, CommandExit, find_source, print_note, to_single_line};
use super::run_result::{exit_of_run, follow_to_end, print_result, start_refused};
use crate::app::{self, App};
use crate::domain::operation::{Mode, OperationKind, RunPriority, StartOptions, StartRequest, Status};
use crate::domain::record::SyncRecord;
use crate::domain::removal_review::ReviewReason;
use crate::domain::run_text::requesters::COMMAND_LINE_REQUESTER;
use crate::domain::run_text::withheld_items::{remove_items_label, sync_anyway_label};
use crate::domain::source::{Slug, Source};
use crate::domain::status_report::StatusReport;
use crate::domain::sync_id::SyncId;
use crate::store::admission::StartOutcome;
use crate::sync::follow_up::FollowUp;

/// The exit codes, for the help text.
pub(super) const EXIT_CODES: &str =
    "Exit codes: 0 completed, 1 failed, 2 bad usage, 75 already running or cooling down, 130 cancelled.";

/// How long a run may be queued before this process runs it, because no server may be running.
const MAX_QUEUE_TIME: TimeDelta = TimeDelta::seconds(10);
/// How often a start is tried while dead runs have to be ended first.
const MAX_START_ATTEMPTS: u32 = 3;

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
    /// Apply the changes of this preview; if they would differ now, preview again instead
    #[arg(long, value_name = "SYNC_ID", conflicts_with_all = ["preview", "force"])]
    apply_preview: Option<SyncId>,
    /// Also do, without asking, what a sync leaves to a person: remove the items that it withholds, all items of an
    /// emptied source, and exchange the items after a changed key
    #[arg(long, conflicts_with = "preview")]
    apply_removals: bool,
    /// Fetch only the feeds that failed the last time
    #[arg(long, conflicts_with_all = ["full", "force", "preview", "apply_preview", "apply_removals"])]
    only_failed: bool,
    /// Print the final status as JSON
    #[arg(long)]
    json: bool,
}

impl SyncArgs {
    fn to_request(&self) -> StartRequest {
        StartRequest {
            kind: if self.preview { OperationKind::Preview } else { OperationKind::Sync },
            mode: if self.full || self.force { Mode::Full } else { Mode::Incremental },
            options: StartOptions {
                force_refresh: self.force,
                only_failed: self.only_failed,
                apply_preview: self.apply_preview,
                ..StartOptions::default()
            },
            priority: RunPriority::Manual,
            requested_by: COMMAND_LINE_REQUESTER.to_owned(),
        }
    }
}

/// Starts a sync, follows it to its end, and prints how it ended.
pub(super) fn run(app: &App, args: &SyncArgs) -> Result<CommandExit, CommandError> {
    let source = find_source(&app.store, &args.slug)?;
    if args.only_failed && app.store.feed_counts(source.id)?.is_none() {
        let slug = &source.slug;
        return Err(CommandError::usage(format!(
            "--only-failed: {slug} has no feeds that were fetched before. Run `lockstep sync {slug}`."
        )));
    }
    let interrupted = app::watch_shutdown_signals()?;
    let mut request = args.to_request();
    if let Some(preview) = args.apply_preview {
        let previewed = check_preview(app, &source, preview)?;
        request.options = request.options.comparing_like(previewed.options);
    }
    let id = start_run(app, &source, &request)?;
    let mut last = follow_to_end(app, id, &interrupted)?;
    if args.apply_removals
        && !interrupted.load(Ordering::SeqCst)
        && let Some(removal) = start_removal(app, &source, &last)?
    {
        last = follow_to_end(app, removal, &interrupted)?;
    }
    if last.summary.status == Status::Failed
        && let Some(preview) = last.summary.successor
    {
        // The preview to apply was outdated, and a new one was queued.
        print_note(&to_single_line(&last.summary.message));
        let preview = follow_to_end(app, preview, &interrupted)?;
        // As JSON the failed sync is printed, which names the new preview.
        print_result(app, &source, if args.json { &last } else { &preview }, args.json)?;
        return Ok(CommandExit::Failed);
    }
    print_result(app, &source, &last, args.json)?;
    Ok(exit_of_run(&last, &interrupted))
}

/// Starts the removal of what a run withheld; `None` if it withheld nothing, or if an admin decided to keep the items.
fn start_removal(app: &App, source: &Source, last: &StatusReport) -> Result<Option<SyncId>, CommandError> {
    let id = last.summary.id;
    let review = match app.control.withheld_removals(id)? {
        FollowUp::Possible(_, review) => review,
        FollowUp::NoSuchRun | FollowUp::Refused(_) => return Ok(None),
    };
    print_note(&to_single_line(&last.summary.message));
    if !review.is_open() {
        // An admin decided to keep these items. Nobody is asked until the list changes.
        return Ok(None);
    }
    print_note(&match review.reason {
        ReviewReason::KeyChanged => sync_anyway_label(&source.noun, review.item_count, review.additions),
        ReviewReason::Withheld | ReviewReason::Doubt | ReviewReason::EmptySource => {
            remove_items_label(&source.noun, review.item_count)
        }
    });
    match app.control.apply_removals(id, Some(false), COMMAND_LINE_REQUESTER)? {
        FollowUp::Possible(_, (_, StartOutcome::Accepted(id))) => Ok(Some(id)),
        FollowUp::Possible(_, (_, refused)) => Err(start_refused(source, refused)),
        FollowUp::NoSuchRun => Ok(None),
        FollowUp::Refused(refusal) => Err(CommandError::failed(refusal.message())),
    }
}

/// Returns a preview that can be applied.
fn check_preview(app: &App, source: &Source, preview: SyncId) -> Result<SyncRecord, CommandError> {
    match app.control.appliable_preview(source, preview)? {
        FollowUp::Possible(_, record) => Ok(record),
        FollowUp::NoSuchRun => Err(CommandError::usage(format!("{} has no preview {preview}.", source.slug))),
        FollowUp::Refused(refusal) => Err(CommandError::failed(refusal.message())),
    }
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
            refused => return Err(start_refused(source, refused)),
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
    let is_incremental_sync =
        request.kind == OperationKind::Sync && request.mode == Mode::Incremental && !request.options.only_failed;
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
