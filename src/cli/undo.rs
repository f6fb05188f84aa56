//! `lockstep undo`: reverts the changes of a finished run.

use clap::Args;

use super::output::{CommandError, CommandExit, ask_confirmation, print_note};
use super::run_result::{exit_of_run, follow_to_end, print_result, start_refused};
use crate::app::{self, App};
use crate::domain::run_text::requesters::COMMAND_LINE_REQUESTER;
use crate::domain::run_text::undo::{later_changes_message, undo_forecast_message, undo_pauses_schedule};
use crate::domain::sync_id::SyncId;
use crate::store::admission::StartOutcome;
use crate::sync::follow_up::FollowUp;

/// How many later runs are named because of which items are left.
const MAX_PRINTED_RUNS: usize = 5;

/// The arguments of `undo`.
#[derive(Args)]
pub(super) struct UndoArgs {
    /// ID of the finished sync, removal or undo, as `source show` and the history list it
    sync_id: SyncId,
    /// Undo without asking
    #[arg(long)]
    yes: bool,
    /// Print the final status as JSON
    #[arg(long)]
    json: bool,
}

/// Prints what the undo will do, starts it, follows it to its end, and prints how it ended.
pub(super) fn run(app: &App, args: &UndoArgs) -> Result<CommandExit, CommandError> {
    let id = args.sync_id;
    let (source, forecast) = possible(id, app.control.forecast_undo(id)?)?;
    print_note(&undo_forecast_message(&source.noun, forecast));
    if forecast.leaves > 0 {
        let later = app.store.later_changes(id)?;
        let printed = &later[..later.len().min(MAX_PRINTED_RUNS)];
        for later in printed {
            print_note(&later_changes_message(&source.noun, *later));
        }
        let others = forecast.leaves.saturating_sub(printed.iter().map(|later| later.items).sum());
        if others > 0 {
            print_note(&format!("{others} more: other runs."));
        }
    }
    if source.schedule.is_some() && source.paused_at.is_none() {
        print_note(&undo_pauses_schedule(&source.slug));
    }
    if !args.yes && !ask_confirmation(&format!("Undo {id} of {}?", source.slug))? {
        print_note("Nothing undone.");
        return Ok(CommandExit::Cancelled);
    }
    let interrupted = app::watch_shutdown_signals()?;
    let (source, mut outcome) = possible(id, app.control.undo(id, COMMAND_LINE_REQUESTER)?)?;
    if let StartOutcome::AlreadyRunning(active) = outcome
        && app.control.recover_run(active)?.is_some()
    {
        // The worker of that run was dead. It has been ended.
        outcome = possible(id, app.control.undo(id, COMMAND_LINE_REQUESTER)?)?.1;
    }
    let StartOutcome::Accepted(undo) = outcome else { return Err(start_refused(&source, outcome)) };
    let last = follow_to_end(app, undo, &interrupted)?;
    print_result(app, &source, &last, args.json)?;
    Ok(exit_of_run(&last, &interrupted))
}

fn possible<T>(id: SyncId, answer: FollowUp<T>) -> Result<(Box<crate::domain::source::Source>, T), CommandError> {
    match answer {
        FollowUp::Possible(source, value) => Ok((source, value)),
        FollowUp::NoSuchRun => Err(CommandError::usage(format!("no sync {id}. Find its ID in the history."))),
        FollowUp::Refused(refusal) => Err(CommandError::failed(refusal.message())),
    }
}
