//! Follows a run to its end, whoever runs it: this process, or a server that was faster.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::output::{CommandError, note, one_line};
use crate::app::App;
use crate::domain::operation::{Stage, Status};
use crate::domain::run_text::run_outcome;
use crate::domain::status_report::StatusReport;
use crate::domain::sync_id::SyncId;
use crate::store::StoreError;
use crate::store::recovery::CancelOutcome;
use crate::sync::ShutdownSignal;

/// Who asks, for people.
pub(super) const COMMAND_LINE: &str = "command line";
/// How often the notice board is read.
const POLL: Duration = Duration::from_millis(200);
/// How often is looked whether the run's worker is dead.
const LOOK: Duration = Duration::from_secs(2);
/// How long the notice board may have nothing to say of a run.
const PATIENCE: Duration = Duration::from_secs(30);

/// Follows a run, and the one that continues it when it is interrupted, and so on. When `told` is raised the run is
/// cancelled and its end awaited.
pub(super) fn follow(
    app: &App,
    first: SyncId,
    told: &AtomicBool,
    show: &mut ProgressDisplay,
) -> Result<StatusReport, CommandError> {
    let mut id = first;
    loop {
        let mut runner = Some(run_here(app, id)?);
        let last = watch(app, id, told, &mut runner, show)?;
        if let Some(runner) = runner {
            // It has little left to do once the end is known. A panic of it is logged where it happened.
            let _ = runner.join();
        }
        match last.successor.filter(|_| last.status == Status::Interrupted) {
            Some(next) => {
                show.say(&last.message);
                show.begin_again();
                id = next;
            }
            None => return Ok(last),
        }
    }
}

type RunnerThread = JoinHandle<Result<bool, StoreError>>;

/// Runs it in this process, unless a server is faster.
fn run_here(app: &App, id: SyncId) -> Result<RunnerThread, CommandError> {
    let control = app.control.clone();
    // Nobody asks this one: to stop would mean to queue the run again, and Ctrl-C means to cancel it.
    let run = move || control.run_here(id, &ShutdownSignal::default());
    Ok(std::thread::Builder::new().name("command-line".to_owned()).spawn(run)?)
}

fn watch(
    app: &App,
    id: SyncId,
    told: &AtomicBool,
    runner: &mut Option<RunnerThread>,
    show: &mut ProgressDisplay,
) -> Result<StatusReport, CommandError> {
    let (mut asked, mut looked, mut heard) = (false, Instant::now(), Instant::now());
    loop {
        if told.load(Ordering::SeqCst) && !asked {
            asked = true;
            cancel(app, id, show)?;
        }
        match app.board.get(id) {
            Ok(Some(report)) => {
                heard = Instant::now();
                if !report.status.is_active() {
                    return Ok(report);
                }
                show.report(&report);
                if report.status == Status::Pending {
                    give_up_if_never_begun(app, id, runner)?;
                }
            }
            other if heard.elapsed() > PATIENCE => {
                return Err(match other {
                    Err(error) => error.into(),
                    Ok(_) => CommandError::failed(format!("the status of {id} is gone.")),
                });
            }
            Ok(None) => {}
            Err(error) => {
                log::debug!("{id}: {error}");
                // After an outage a living worker gets time to renew its lease.
                looked = Instant::now() + LOOK;
            }
        }
        // A worker in this process is alive, whatever its lease says.
        let runs_here = runner.as_ref().is_some_and(|runner| !runner.is_finished());
        if looked.elapsed() > LOOK && !runs_here {
            looked = Instant::now();
            if let Err(trouble) = app.control.recover(id) {
                log::debug!("{id}: {trouble}");
            }
        }
        rest(runner.as_ref());
    }
}

/// Waits until it is time to look again, or until the run ends in this process.
fn rest(runner: Option<&RunnerThread>) {
    const NAP: Duration = Duration::from_millis(5);
    let runs = |runner: Option<&RunnerThread>| runner.is_some_and(|runner| !runner.is_finished());
    let ran = runs(runner);
    let until = Instant::now() + POLL;
    while Instant::now() < until && runs(runner) == ran {
        std::thread::sleep(NAP);
    }
}

/// This process could not begin the run: with no server there would be nobody to wait for.
fn give_up_if_never_begun(app: &App, id: SyncId, runner: &mut Option<RunnerThread>) -> Result<(), CommandError> {
    let Some(finished) = runner.take_if(|runner| runner.is_finished()) else { return Ok(()) };
    match finished.join() {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => {
            app.control.cancel(id, COMMAND_LINE)?;
            Err(error.into())
        }
        Err(_) => Err(CommandError::failed(format!("something went wrong inside Lockstep; {id} is left waiting."))),
    }
}

fn cancel(app: &App, id: SyncId, show: &mut ProgressDisplay) -> Result<(), CommandError> {
    match app.control.cancel(id, COMMAND_LINE)? {
        CancelOutcome::Requested => show.say("Cancelling…"),
        CancelOutcome::AlreadyFinishing => {
            show.say("The sync is finishing already; its end cannot be stopped any more.");
        }
        CancelOutcome::Done | CancelOutcome::AlreadyEnded | CancelOutcome::NoSuchRun => {}
    }
    Ok(())
}

/// How progress is shown: as a bar on a terminal, elsewhere as a line at every change of stage.
pub(super) enum ProgressDisplay {
    /// A bar.
    Bar(ProgressBar),
    /// Lines; the last told run and stage.
    Lines(Option<(SyncId, Option<Stage>)>),
}

impl ProgressDisplay {
    pub(super) fn on_standard_error() -> Self {
        let style = ProgressStyle::with_template("{bar:30} {pos:>3} %  {wide_msg}");
        match style {
            Ok(style) if std::io::stderr().is_terminal() => Self::Bar(ProgressBar::new(100).with_style(style)),
            _ => Self::Lines(None),
        }
    }

    fn report(&mut self, report: &StatusReport) {
        match self {
            Self::Bar(bar) => {
                // Two places are read, and one may be a moment behind.
                bar.set_position(u64::from(report.progress).max(bar.position()));
                bar.set_message(one_line(&report.message));
            }
            Self::Lines(last) => {
                let now = Some((report.id, report.stage));
                if *last != now {
                    *last = now;
                    note(&format!("{:>3} %  {}", report.progress, report.message));
                }
            }
        }
    }

    /// Says a line without harm to the bar.
    fn say(&self, line: &str) {
        match self {
            Self::Bar(bar) => bar.suspend(|| note(line)),
            Self::Lines(_) => note(line),
        }
    }

    /// The next run begins at 0 % again.
    fn begin_again(&self) {
        if let Self::Bar(bar) = self {
            bar.set_position(0);
        }
    }

    /// Leaves the bar with how the run ended; without an end it is taken away.
    pub(super) fn done(&self, last: Option<&StatusReport>) {
        match (self, last) {
            (Self::Bar(bar), Some(last)) => {
                bar.set_position(u64::from(last.progress));
                bar.abandon_with_message(run_outcome(last.kind, last.status, &last.stats));
            }
            (Self::Bar(bar), None) => bar.finish_and_clear(),
            (Self::Lines(_), Some(last)) => {
                note(&format!("{:>3} %  {}", last.progress, run_outcome(last.kind, last.status, &last.stats)));
            }
            (Self::Lines(_), None) => {}
        }
    }
}
