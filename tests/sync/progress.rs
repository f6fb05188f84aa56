//! Progress as pollers see it during a run: it never goes back, whichever store answers, and 100 % comes with the end.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use lockstep::domain::location::SourceLocation;
use lockstep::domain::operation::Status;
use lockstep::domain::progress::RunStats;
use lockstep::domain::source::Source;
use lockstep::domain::status_report::StatusReport;
use lockstep::domain::sync_id::SyncId;
use lockstep::status::DatabaseStatus;
use lockstep::sync::Timeouts;

use crate::support::memory_kind::{FaultMoment, MemoryFault, MemoryTable};
use crate::support::pausing_kind::{PausingKind, RowPause};
use crate::support::stub_server::{StubReply, StubServer};
use crate::support::test_engine::{TEST_TIMEOUTS, full_sync};
use crate::support::waiting::{wait_for_value, wait_until};
use crate::support::{PausePoint, TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    progress_never_goes_back_and_ends_at_100_with_completed,
    progress_never_goes_back_with_the_database_alone,
    feeds_and_articles_never_go_back,
    the_database_replaces_a_status_file_that_is_deleted_during_a_run,
    the_database_replaces_a_status_folder_that_is_lost_during_a_run,
    a_status_file_is_never_ahead_of_the_database,
    a_failed_run_stays_below_100,
    a_reader_on_another_server_sees_the_same_run,
];

const ROW_COUNT: usize = 6000;

/// Polls as fast as possible to the end and compares every answer with the one before.
fn poll_run(engine: &TestEngine, id: SyncId, over: &AtomicBool) -> Vec<StatusReport> {
    let mut seen: Vec<StatusReport> = Vec::new();
    loop {
        let last_look = over.load(Ordering::SeqCst);
        let report = engine.status_report(id);
        assert_eq!(report.summary.progress == 100, report.summary.status == Status::Completed, "{report:?}");
        if let Some(before) = seen.last() {
            assert!(
                report.summary.progress >= before.summary.progress,
                "progress went back: {before:?} then {report:?}"
            );
            for count in [|stats: RunStats| stats.feeds, |stats: RunStats| stats.articles] {
                let (was, is) =
                    (count(before.summary.stats).unwrap_or_default(), count(report.summary.stats).unwrap_or_default());
                let forward = is.processed >= was.processed && is.total >= was.total && is.processed <= is.total;
                assert!(forward, "counts went back: {before:?} then {report:?}");
            }
            let stays = report.summary.status == before.summary.status;
            assert!(
                stays
                    || before.summary.status.may_become(report.summary.status)
                    || before.summary.status == Status::Pending,
                "{report:?}"
            );
            assert!(stays || before.summary.status.is_active(), "{before:?} then {report:?}");
        }
        if seen.last() != Some(&report) {
            seen.push(report);
        }
        if last_look {
            return seen;
        }
    }
}

/// Runs the sync of a source while four pollers read each of `engines`, and calls `meanwhile` during it. Returns all
/// reports of the pollers.
fn watch_run(engines: &[&TestEngine], source: &Source, meanwhile: impl FnOnce(SyncId)) -> Vec<StatusReport> {
    let over = AtomicBool::new(false);
    let id = engines[0].start(source, &full_sync());
    std::thread::scope(|scope| {
        let over = &over;
        let pollers: Vec<_> = engines
            .iter()
            .flat_map(|engine| (0..4).map(move |_| scope.spawn(move || poll_run(engine, id, over))))
            .collect();
        let run = scope.spawn(|| engines[0].run(id));
        meanwhile(id);
        let record = run.join();
        over.store(true, Ordering::SeqCst);
        let seen = pollers.into_iter().flat_map(|poller| poller.join().expect("truthful status")).collect();
        record.expect("no panic");
        seen
    })
}

/// The percentages of these reports, sorted.
fn list_percents(seen: &[StatusReport]) -> Vec<u8> {
    let mut percents: Vec<u8> = seen.iter().map(|report| report.summary.progress).collect();
    percents.sort_unstable();
    percents.dedup();
    percents
}

fn progress_never_goes_back_and_ends_at_100_with_completed(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let pause_points: Vec<PausePoint> = (0..3).map(|_| PausePoint::default()).collect();
    let table = MemoryTable::albums(ROW_COUNT, "Title")
        .with_fault(FaultMoment::Fetch, MemoryFault::Wait(pause_points[0].clone()))
        .with_fault(FaultMoment::Apply(1500), MemoryFault::Wait(pause_points[1].clone()))
        .with_fault(FaultMoment::Apply(4500), MemoryFault::Wait(pause_points[2].clone()));
    let source = engine.memory_source("albums", table);
    let seen = watch_run(&[&engine], &source, |id| {
        for (pause_point, least) in pause_points.iter().zip([0, 23, 63]) {
            pause_point.wait_until_reached();
            wait_until(|| {
                engine.status_report(id).summary.progress >= least
                    && engine.status_report(id).summary.status == Status::Running
            });
            pause_point.resume();
        }
    });
    let percents = list_percents(&seen);
    assert!(percents.len() >= 4 && percents.last() == Some(&100), "{percents:?}");
    let halfway = seen.iter().find(|report| report.summary.progress >= 63 && report.summary.status == Status::Running);
    let halfway = halfway.expect("a report from the middle");
    assert_eq!(halfway.summary.stats.items.total, ROW_COUNT as u64);
    assert_eq!(
        halfway.summary.message,
        format!("Syncing album {} of {ROW_COUNT}…", halfway.summary.stats.items.processed)
    );
}

fn progress_never_goes_back_with_the_database_alone(db: &TestDatabase) {
    let store = db.store();
    let folder = tempfile::tempdir().expect("a folder");
    let engine =
        TestEngine::with_status_store(store.clone(), TEST_TIMEOUTS, Box::new(DatabaseStatus::new(store)), folder);
    let pause_point = PausePoint::default();
    let source = engine.memory_source(
        "albums",
        MemoryTable::albums(ROW_COUNT, "Title")
            .with_fault(FaultMoment::Apply(3500), MemoryFault::Wait(pause_point.clone())),
    );
    let seen = watch_run(&[&engine], &source, |id| {
        pause_point.wait_until_reached();
        wait_until(|| engine.status_report(id).summary.progress >= 50);
        pause_point.resume();
    });
    assert_eq!(list_percents(&seen).last(), Some(&100));
    assert!(!engine.status_folder().exists(), "no file is written");
}

fn feeds_and_articles_never_go_back(db: &TestDatabase) {
    let timeouts = Timeouts {
        primary_interval: Duration::from_millis(1),
        database_interval: Duration::from_millis(20),
        ..TEST_TIMEOUTS
    };
    let (fetch_pause, apply_pause) = (PausePoint::default(), PausePoint::default());
    let row_pause = RowPause { row: 1500, pause_point: apply_pause.clone() };
    let engine = TestEngine::with_pausing_kind(db.store(), timeouts, "feeds", row_pause);
    // Another server, whose primary status store is the database.
    let store = db.second_store();
    let folder = tempfile::tempdir().expect("a folder");
    let beside =
        TestEngine::with_status_store(store.clone(), TEST_TIMEOUTS, Box::new(DatabaseStatus::new(store)), folder);
    let (stub, other) = (StubServer::start(), StubServer::start());
    let body: String = (0..800).map(|n| format!("<item><guid>{n}</guid><title>T {n}</title></item>")).collect();
    let feed_requests = Arc::new(AtomicUsize::new(0));
    for n in 0..3 {
        let reply = StubReply::rss(&format!("<title>F</title>{body}"));
        let (fetch_pause, feed_requests) = (fetch_pause.clone(), Arc::clone(&feed_requests));
        stub.reply_with(&format!("/{n}"), move |_| {
            if feed_requests.fetch_add(1, Ordering::SeqCst) == 1 {
                fetch_pause.pause();
            }
            reply.clone()
        });
    }
    // Two lists, of which the second names nothing new, and a feed.
    let named = [stub.url("/0"), stub.url("/1")];
    stub.set_reply("/list", StubReply::opml(&named));
    other.set_reply("/list", StubReply::opml(&named));
    let given = vec![stub.url("/list"), other.url("/list"), stub.url("/2")];
    let source = engine.add_source("news", PausingKind::KIND, SourceLocation::Urls(given));
    let articles = |report: &StatusReport| report.summary.stats.articles.map(|count| (count.processed, count.total));
    let seen = watch_run(&[&engine, &beside], &source, |id| {
        let observe_both = || [&engine, &beside].map(|server| server.status_report(id));
        fetch_pause.wait_until_reached();
        wait_for_value("the articles of the first feed, not processed yet", observe_both, |reports| {
            reports
                .iter()
                .all(|report| report.summary.message.starts_with("Fetching feed") && articles(report) == Some((0, 800)))
        });
        fetch_pause.resume();
        apply_pause.wait_until_reached();
        wait_for_value("a report from the middle", observe_both, |reports| {
            reports.iter().all(|report| articles(report) == Some((1000, 2400)))
        });
        apply_pause.resume();
    });
    let end = seen.iter().find(|report| report.summary.status == Status::Completed).expect("the end");
    assert_eq!(articles(end), Some((2400, 2400)));
    let feeds = end.summary.stats.feeds.expect("feeds");
    assert_eq!(feeds.processed, feeds.total, "{feeds:?}");
}

fn the_database_replaces_a_status_file_that_is_deleted_during_a_run(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let pause_point = PausePoint::default();
    let source = engine.memory_source(
        "albums",
        MemoryTable::albums(ROW_COUNT, "Title")
            .with_fault(FaultMoment::Apply(3500), MemoryFault::Wait(pause_point.clone())),
    );
    let seen = watch_run(&[&engine], &source, |id| {
        pause_point.wait_until_reached();
        let file = engine.status_folder().join(format!("sync-status-{id}.json"));
        wait_until(|| file.exists() && engine.status_report(id).summary.progress >= 50);
        for _ in 0..100 {
            let before = engine.status_report(id).summary.progress;
            let _gone_already = fs::remove_file(&file);
            let report = engine.status_report(id);
            assert_eq!((report.summary.status, report.summary.stats.items.total), (Status::Running, ROW_COUNT as u64));
            assert!(report.summary.progress >= before);
        }
        pause_point.resume();
    });
    assert_eq!(list_percents(&seen).last(), Some(&100));
}

fn the_database_replaces_a_status_folder_that_is_lost_during_a_run(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let pause_points = [PausePoint::default(), PausePoint::default()];
    let table = MemoryTable::albums(ROW_COUNT, "Title")
        .with_fault(FaultMoment::Apply(2500), MemoryFault::Wait(pause_points[0].clone()))
        .with_fault(FaultMoment::Apply(4500), MemoryFault::Wait(pause_points[1].clone()));
    let source = engine.memory_source("albums", table);
    let folder = engine.status_folder();
    let seen = watch_run(&[&engine], &source, |id| {
        pause_points[0].wait_until_reached();
        wait_until(|| folder.exists() && engine.status_report(id).summary.progress >= 30);
        // A file is in the place of the folder: nothing can be read or written there any more.
        fs::rename(&folder, folder.with_extension("lost")).expect("moved");
        fs::write(&folder, "not a folder").expect("written");
        assert_eq!(engine.status_report(id).summary.status, Status::Running);
        pause_points[0].resume();
        pause_points[1].wait_until_reached();
        wait_until(|| engine.status_report(id).summary.progress >= 60);
        pause_points[1].resume();
    });
    assert_eq!(list_percents(&seen).last(), Some(&100));
    assert_eq!(engine.item_lines(&source).len(), ROW_COUNT, "status never fails a sync");
    assert!(folder.is_file(), "what an operator put there stays");
}

fn a_status_file_is_never_ahead_of_the_database(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let pause_point = PausePoint::default();
    // At the pause point 4 of 10 % are fetched: enough to update the file, too little to update the database at once.
    let source = engine.memory_source(
        "albums",
        MemoryTable::albums(10, "Title").with_fault(FaultMoment::Fetch, MemoryFault::Wait(pause_point.clone())),
    );
    watch_run(&[&engine], &source, |id| {
        pause_point.wait_until_reached();
        wait_until(|| engine.status_report(id).summary.stats.bytes > 0);
        let reported = engine.status_report(id).summary.progress;
        let kept = engine.store.operation_status(id).expect("an answer").expect("a status").summary.progress;
        assert!(reported <= kept, "the file says {reported} % and the database {kept} %");
        pause_point.resume();
    });
}

fn a_failed_run_stays_below_100(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source(
        "albums",
        MemoryTable::albums(ROW_COUNT, "Title").with_fault(FaultMoment::Apply(5900), MemoryFault::Break),
    );
    let seen = watch_run(&[&engine], &source, |_| {});
    let last = seen.last().expect("a report");
    assert_eq!(last.summary.status, Status::Failed);
    assert!(last.summary.progress < 100 && last.summary.error.is_some(), "{last:?}");
}

fn a_reader_on_another_server_sees_the_same_run(db: &TestDatabase) {
    // The other server has its own data folder, so it reads the database.
    let (one, two) = (TestEngine::on_database(db), TestEngine::with_timeouts(db.second_store(), TEST_TIMEOUTS));
    let pause_point = PausePoint::default();
    let source = one.memory_source(
        "albums",
        MemoryTable::albums(ROW_COUNT, "Title")
            .with_fault(FaultMoment::Apply(3500), MemoryFault::Wait(pause_point.clone())),
    );
    let seen = watch_run(&[&one, &two], &source, |id| {
        pause_point.wait_until_reached();
        wait_until(|| two.status_report(id).summary.progress >= 50);
        pause_point.resume();
    });
    assert_eq!(list_percents(&seen).last(), Some(&100));
}
