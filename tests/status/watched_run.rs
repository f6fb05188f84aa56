//! A whole run of the engine with trouble in the middle, and pollers who watch it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use lockstep::domain::operation::Status;
use lockstep::domain::source::Source;
use lockstep::domain::status_report::StatusReport;
use lockstep::domain::sync_id::SyncId;
use lockstep::status::StatusBoard;

use crate::support::memory_kind::{FaultMoment, MemoryFault, MemoryTable};
use crate::support::test_engine::full_sync;
use crate::support::waiting::wait_until;
use crate::support::{PausePoint, TestEngine, captured_log};

pub(super) const ROWS: usize = 6000;
/// How often a page asks: within this time after the end every poller has to know of it.
const POLL_INTERVAL: Duration = Duration::from_secs(2);
/// Clocks tell milliseconds.
const CLOCK_TOLERANCE: Duration = Duration::from_millis(10);

/// What became of a watched run.
pub(super) struct WatchedRun {
    pub(super) id: SyncId,
    /// How long after the end the last poller was told of it.
    pub(super) told_after: Duration,
    /// The longest that a poll took.
    pub(super) slowest: Duration,
    /// What was complained of with the run's id.
    pub(super) complaints: Vec<String>,
}

/// A run of `house` that stands still at 32 % while `trouble` comes, and at 71 % until every poller has seen that. The
/// pollers ask `boards` and the house's own; none may see an error, an absence or a step back.
pub(super) fn run_with(house: &TestEngine, boards: &[&StatusBoard], trouble: impl FnOnce(SyncId)) -> WatchedRun {
    captured_log::start_capture();
    let pause_points = [PausePoint::default(), PausePoint::default()];
    let table = MemoryTable::albums(ROWS, "Title")
        .at(FaultMoment::Apply(2500), MemoryFault::Wait(pause_points[0].clone()))
        .at(FaultMoment::Apply(5500), MemoryFault::Wait(pause_points[1].clone()));
    let source = match house.store.source(&"albums".parse().expect("a slug")).expect("an answer") {
        Some(source) => {
            house.memory.set("albums", table);
            source
        }
        None => house.memory_source("albums", table),
    };
    poll_through_run(house, boards, &source, &pause_points, trouble)
}

fn poll_through_run(
    house: &TestEngine,
    boards: &[&StatusBoard],
    source: &Source,
    pause_points: &[PausePoint; 2],
    trouble: impl FnOnce(SyncId),
) -> WatchedRun {
    let (over, id) = (AtomicBool::new(false), house.start(source, &full_sync()));
    let boards: Vec<&StatusBoard> = boards.iter().copied().chain([&*house.engine.board]).collect();
    let pollers: Vec<_> = boards.iter().map(|board| (*board, StatusPoller::default())).collect();
    std::thread::scope(|scope| {
        let over = &over;
        let polling: Vec<_> =
            pollers.iter().map(|(board, poller)| scope.spawn(move || poller.poll(board, id, over))).collect();
        let run = scope.spawn(|| {
            house.run(id);
            Instant::now()
        });
        let all_see = |percent: u64| wait_until(|| pollers.iter().all(|(_, poller)| poller.sees() >= percent));
        pause_points[0].wait_until_reached();
        all_see(23);
        trouble(id);
        pause_points[0].resume();
        pause_points[1].wait_until_reached();
        all_see(63);
        pause_points[1].resume();
        let ended = run.join().expect("the sync goes on");
        // Whoever asks an interval after the end has to know of it: the last look of each begins then at the latest,
        // however long it takes.
        while ended.elapsed() < POLL_INTERVAL + CLOCK_TOLERANCE && pollers.iter().any(|(_, poller)| poller.sees() < 100)
        {
            std::thread::sleep(Duration::from_millis(5));
        }
        let told_after = ended.elapsed();
        over.store(true, Ordering::SeqCst);
        let seen: Vec<_> = polling.into_iter().map(|poller| poller.join().expect("truthful status")).collect();
        for (last, _) in &seen {
            assert_eq!((last.status, last.progress), (Status::Completed, 100), "{told_after:?} after the end");
        }
        let slowest = seen.iter().map(|(_, slowest)| *slowest).max().unwrap_or_default();
        WatchedRun { id, told_after, slowest, complaints: captured_log::captured_warnings(&id.to_string()) }
    })
}

/// A poller, and the percent it was told last.
#[derive(Default)]
struct StatusPoller(std::sync::atomic::AtomicU64);

impl StatusPoller {
    fn sees(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    /// Asks until it is over; answers what it was told last, and how long it waited at most.
    fn poll(&self, board: &StatusBoard, id: SyncId, over: &AtomicBool) -> (StatusReport, Duration) {
        let (mut last, mut slowest): (Option<StatusReport>, _) = (None, Duration::ZERO);
        loop {
            let last_look = over.load(Ordering::SeqCst);
            let asked = Instant::now();
            let report = board.get(id).expect("no poll fails").expect("no poll finds nothing");
            slowest = slowest.max(asked.elapsed());
            assert_eq!(report.progress == 100, report.status == Status::Completed, "{report:?}");
            if let Some(before) = &last {
                assert!(report.progress >= before.progress, "progress went back: {before:?} then {report:?}");
                let legal = report.status == before.status || before.status.may_become(report.status);
                assert!(legal || before.status == Status::Pending, "{before:?} then {report:?}");
            }
            self.0.store(report.progress.into(), Ordering::SeqCst);
            if last_look {
                return (report, slowest);
            }
            last = Some(report);
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}
