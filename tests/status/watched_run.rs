//! A whole run of the engine with a fault during it, and pollers.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use lockstep::domain::operation::Status;
use lockstep::domain::source::Source;
use lockstep::domain::status_report::StatusReport;
use lockstep::domain::sync_id::SyncId;
use lockstep::status::StatusBoard;

use crate::support::load_clock::LoadClock;
use crate::support::memory_kind::{FaultMoment, MemoryFault, MemoryTable};
use crate::support::test_engine::full_sync;
use crate::support::waiting::wait_until;
use crate::support::{PausePoint, TestEngine, captured_log};

pub(super) const ROW_COUNT: usize = 6000;
/// How often a page polls. Within this time after the end of a run every poller must know it.
const POLL_INTERVAL: Duration = Duration::from_secs(2);
/// The precision of the compared times.
const CLOCK_TOLERANCE: Duration = Duration::from_millis(10);

/// The result of a watched run.
pub(super) struct WatchedRun {
    pub(super) id: SyncId,
    /// The time from the end of the run until the last poller knew it.
    pub(super) told_after: Duration,
    /// The duration of the slowest poll, by a [`LoadClock`].
    pub(super) slowest: Duration,
    /// The warnings and errors that were logged with the run's id.
    pub(super) complaints: Vec<String>,
}

/// A run of `engine` that pauses at 32 %, where `interfere` is called, and at 71 % until every poller has seen it. The
/// pollers read `boards` and the board of the engine; none may see an error, a missing report or a step back.
pub(super) fn run_with(engine: &TestEngine, boards: &[&StatusBoard], interfere: impl FnOnce(SyncId)) -> WatchedRun {
    captured_log::start_capture();
    let pause_points = [PausePoint::default(), PausePoint::default()];
    let table = MemoryTable::albums(ROW_COUNT, "Title")
        .with_fault(FaultMoment::Apply(2500), MemoryFault::Wait(pause_points[0].clone()))
        .with_fault(FaultMoment::Apply(5500), MemoryFault::Wait(pause_points[1].clone()));
    let source = match engine.store.find_source("albums").expect("an answer") {
        Some(source) => {
            engine.memory.set_table("albums", table);
            source
        }
        None => engine.memory_source("albums", table),
    };
    poll_through_run(engine, boards, &source, &pause_points, interfere)
}

fn poll_through_run(
    engine: &TestEngine,
    boards: &[&StatusBoard],
    source: &Source,
    pause_points: &[PausePoint; 2],
    interfere: impl FnOnce(SyncId),
) -> WatchedRun {
    let (over, id) = (AtomicBool::new(false), engine.start(source, &full_sync()));
    let boards: Vec<&StatusBoard> = boards.iter().copied().chain([&*engine.engine.status_board]).collect();
    let pollers: Vec<_> = boards.iter().map(|board| (*board, StatusPoller::default())).collect();
    std::thread::scope(|scope| {
        let over = &over;
        let polling: Vec<_> = pollers
            .iter()
            .map(|(board, poller)| scope.spawn(move || poller.poll_until_over(board, id, over)))
            .collect();
        let run = scope.spawn(|| {
            engine.run(id);
            Instant::now()
        });
        let all_see = |percent: u64| wait_until(|| pollers.iter().all(|(_, poller)| poller.last_progress() >= percent));
        pause_points[0].wait_until_reached();
        all_see(23);
        interfere(id);
        pause_points[0].resume();
        pause_points[1].wait_until_reached();
        all_see(63);
        pause_points[1].resume();
        let ended = run.join().expect("a sync that continues");
        // A poll that starts an interval after the end must report it. The last poll of each poller starts then at the
        // latest, however long it takes.
        while ended.elapsed() < POLL_INTERVAL + CLOCK_TOLERANCE
            && pollers.iter().any(|(_, poller)| poller.last_progress() < 100)
        {
            std::thread::sleep(Duration::from_millis(5));
        }
        let told_after = ended.elapsed();
        over.store(true, Ordering::SeqCst);
        let seen: Vec<_> = polling.into_iter().map(|poller| poller.join().expect("truthful status")).collect();
        for (last, _) in &seen {
            assert_eq!(
                (last.summary.status, last.summary.progress),
                (Status::Completed, 100),
                "{told_after:?} after the end"
            );
        }
        let slowest = seen.iter().map(|(_, slowest)| *slowest).max().unwrap_or_default();
        WatchedRun { id, told_after, slowest, complaints: captured_log::captured_warnings(&id.to_string()) }
    })
}

/// A poller and the last progress it has seen.
#[derive(Default)]
struct StatusPoller(std::sync::atomic::AtomicU64);

impl StatusPoller {
    fn last_progress(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    /// Polls until `over`; returns the last report and the duration of the slowest poll.
    fn poll_until_over(&self, board: &StatusBoard, id: SyncId, over: &AtomicBool) -> (StatusReport, Duration) {
        let (mut last, mut slowest): (Option<StatusReport>, _) = (None, Duration::ZERO);
        let clock = LoadClock::start();
        loop {
            let last_look = over.load(Ordering::SeqCst);
            let poll_start = clock.elapsed();
            let report = board.get(id).expect("no poll fails").expect("no poll finds nothing");
            slowest = slowest.max(clock.elapsed().saturating_sub(poll_start));
            assert_eq!(report.summary.progress == 100, report.summary.status == Status::Completed, "{report:?}");
            if let Some(before) = &last {
                assert!(
                    report.summary.progress >= before.summary.progress,
                    "progress went back: {before:?} then {report:?}"
                );
                let legal = report.summary.status == before.summary.status
                    || before.summary.status.may_become(report.summary.status);
                assert!(legal || before.summary.status == Status::Pending, "{before:?} then {report:?}");
            }
            self.0.store(report.summary.progress.into(), Ordering::SeqCst);
            if last_look {
                return (report, slowest);
            }
            last = Some(report);
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}
