//! Follows a run to its end, whether this process or a server runs it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::output::CommandError;
use super::progress_display::ProgressDisplay;
use crate::app::App;
use crate::domain::operation::Status;
use crate::domain::run_text::requesters::COMMAND_LINE_REQUESTER;
use crate::domain::run_text::start_and_cancel::ALREADY_FINISHING;
use crate::domain::status_report::StatusReport;
use crate::domain::sync_id::SyncId;
use crate::store::StoreError;
use crate::store::cancel::CancelOutcome;
use crate::sync::ShutdownSignal;

/// How often the status is read.
const STATUS_POLL_INTERVAL: Duration = Duration::from_millis(200);
/// How often this process checks whether it has finished the run itself.
const THREAD_POLL_INTERVAL: Duration = Duration::from_millis(5);
/// How often a run whose worker may be dead is checked for recovery.
const RECOVERY_INTERVAL: Duration = Duration::from_secs(2);
/// How long the status may be missing or unreadable before the command fails.
const MISSING_STATUS_TIMEOUT: Duration = Duration::from_secs(30);

/// Follows a run, and its successor if it is interrupted, to the end. When `interrupted` becomes true the run is
/// cancelled, and its end is still awaited. Returns the last status.
pub(super) fn follow_run(
    app: &App,
    first: SyncId,
    interrupted: &AtomicBool,
    display: &mut ProgressDisplay,
) -> Result<StatusReport, CommandError> {
    let mut id = first;
    loop {
        let mut runner = Some(spawn_runner(app, id)?);
        let last = wait_for_end(app, id, interrupted, &mut runner, display)?;
        if let Some(runner) = runner {
            // Once the run has ended, the thread ends soon. A panic has been logged.
            let _ = runner.join();
        }
        match last.summary.successor.filter(|_| last.summary.status == Status::Interrupted) {
            Some(next) => {
                display.print_line(&last.summary.message);
                display.restart();
                id = next;
            }
            None => return Ok(last),
        }
    }
}

type RunnerThread = JoinHandle<Result<bool, StoreError>>;

/// Starts a thread that executes the run in this process, unless a server claims it first.
fn spawn_runner(app: &App, id: SyncId) -> Result<RunnerThread, CommandError> {
    let control = app.control.clone();
    // A shutdown signal would queue the run again, but Ctrl-C cancels it. So this signal is never sent.
    let run = move || control.run_in_this_thread(id, &ShutdownSignal::default());
    Ok(std::thread::Builder::new().name("command-line".to_owned()).spawn(run)?)
}

fn wait_for_end(
    app: &App,
    id: SyncId,
    interrupted: &AtomicBool,
    runner: &mut Option<RunnerThread>,
    display: &mut ProgressDisplay,
) -> Result<StatusReport, CommandError> {
    let (mut is_cancel_requested, mut recovery_checked, mut status_read) = (false, Instant::now(), Instant::now());
    loop {
        if interrupted.load(Ordering::SeqCst) && !is_cancel_requested {
            is_cancel_requested = true;
            cancel_run(app, id, display)?;
        }
        match app.board.get(id) {
            Ok(Some(report)) => {
                status_read = Instant::now();
                if !report.summary.status.is_active() {
                    return Ok(report);
                }
                display.show_report(&report);
                if report.summary.status == Status::Pending {
                    fail_if_runner_ended(app, id, runner)?;
                }
            }
            other if status_read.elapsed() > MISSING_STATUS_TIMEOUT => {
                return Err(match other {
                    Err(error) => error.into(),
                    Ok(_) => CommandError::failed(format!(
                        "the status of {id} is no longer kept. See its result in the history."
                    )),
                });
            }
            Ok(None) => {}
            Err(error) => {
                log::debug!("{id}: {error}");
                // After an outage a living worker gets time to renew its lease.
                recovery_checked = Instant::now() + RECOVERY_INTERVAL;
            }
        }
        // A run in this process is not recovered, even if its lease has expired.
        let runs_here = runner.as_ref().is_some_and(|runner| !runner.is_finished());
        if recovery_checked.elapsed() > RECOVERY_INTERVAL && !runs_here {
            recovery_checked = Instant::now();
            if let Err(error) = app.control.recover_run(id) {
                log::debug!("{id}: {error}");
            }
        }
        wait_for_next_poll(runner.as_ref());
    }
}

/// Waits until the status should be read again, or until the run ends in this process.
fn wait_for_next_poll(runner: Option<&RunnerThread>) {
    let is_running = |runner: Option<&RunnerThread>| runner.is_some_and(|runner| !runner.is_finished());
    let was_running = is_running(runner);
    let deadline = Instant::now() + STATUS_POLL_INTERVAL;
    while Instant::now() < deadline && is_running(runner) == was_running {
        std::thread::sleep(THREAD_POLL_INTERVAL);
    }
}

/// Fails if this process could not start the queued run: without a server no other process would ever run it.
fn fail_if_runner_ended(app: &App, id: SyncId, runner: &mut Option<RunnerThread>) -> Result<(), CommandError> {
    let Some(finished) = runner.take_if(|runner| runner.is_finished()) else { return Ok(()) };
    match finished.join() {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => {
            app.control.cancel(id, COMMAND_LINE_REQUESTER)?;
            Err(error.into())
        }
        Err(_) => Err(CommandError::failed(format!("an internal error occurred. {id} stays queued."))),
    }
}

fn cancel_run(app: &App, id: SyncId, display: &mut ProgressDisplay) -> Result<(), CommandError> {
    match app.control.cancel(id, COMMAND_LINE_REQUESTER)? {
        CancelOutcome::Requested => display.print_line("Cancelling…"),
        CancelOutcome::AlreadyFinishing => display.print_line(ALREADY_FINISHING),
        CancelOutcome::Done | CancelOutcome::AlreadyEnded | CancelOutcome::NoSuchRun => {}
    }
    Ok(())
}
