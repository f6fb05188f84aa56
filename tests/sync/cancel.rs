//! Cancelling runs in each of their stages.

use std::sync::Barrier;
use std::time::Duration;

use lockstep::domain::operation::Status;
use lockstep::domain::source::Source;
use lockstep::domain::sync_id::SyncId;
use lockstep::store::cancel::CancelOutcome;
use lockstep::sync::{ShutdownSignal, SyncThreads};

use crate::store::worker_steps;
use crate::support::load_clock::LoadClock;
use crate::support::memory_kind::{FaultMoment, MemoryFault, MemoryTable};
use crate::support::stub_server::{StubReply, StubServer};
use crate::support::test_engine::full_sync;
use crate::support::waiting::wait_until;
use crate::support::{PausePoint, TestDatabase, TestEngine, captured_log, on_both_databases};

on_both_databases![
    a_waiting_run_is_cancelled_at_once,
    an_unreadable_record_is_logged_and_only_its_figures_are_missing,
    a_hanging_fetch_is_cancelled_within_five_seconds,
    a_fetch_that_hangs_half_way_is_cancelled_within_five_seconds,
    a_run_that_writes_ends_at_its_next_batch_and_keeps_what_it_wrote,
    a_cancel_during_the_final_transaction_is_too_late,
    an_ended_or_unknown_run_is_not_cancelled,
    a_cancel_and_a_claim_at_the_same_moment_leave_one_end,
];

fn cancel_run(engine: &TestEngine, id: SyncId) -> CancelOutcome {
    engine.control.cancel(id, "ada").expect("an answer")
}

fn a_waiting_run_is_cancelled_at_once(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::albums(3, "Title"));
    let id = engine.start(&source, &full_sync());
    assert_eq!(cancel_run(&engine, id), CancelOutcome::Done);
    let record = engine.find_record(id);
    assert_eq!(
        (record.summary.status, record.summary.progress, record.timestamps.started_at),
        (Status::Cancelled, 0, None)
    );
    assert_eq!(record.summary.message, "Cancelled by ada before it started. Nothing was changed.");
    let report = engine.status_report(id);
    assert_eq!((report.summary.status, report.summary.progress), (Status::Cancelled, 0));
    assert!(
        !engine.control.run_in_this_thread(id, &ShutdownSignal::default()).expect("an answer"),
        "nobody runs it any more"
    );
    assert_eq!(engine.sync(&source).summary.status, Status::Completed, "another start is welcome");
}

fn an_unreadable_record_is_logged_and_only_its_figures_are_missing(db: &TestDatabase) {
    captured_log::start_capture();
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::albums(3, "Title"));
    let id = engine.start(&source, &full_sync());
    let spoilt = "UPDATE sync_records SET stats = 'no JSON'";
    db.run_sql(&if db.is_sqlite() {
        format!("CREATE TRIGGER spoil AFTER INSERT ON sync_records BEGIN {spoilt}; END")
    } else {
        format!(
            "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {spoilt}; RETURN NULL; END $$;
             CREATE TRIGGER spoil AFTER INSERT ON sync_records FOR EACH ROW EXECUTE FUNCTION spoil()"
        )
    });
    assert_eq!(cancel_run(&engine, id), CancelOutcome::Done);
    let text = captured_log::captured_text();
    let about: Vec<&str> = text.lines().filter(|line| line.contains(&id.to_string())).collect();
    assert!(about.contains(&format!("{id}: cancelled: before it started").as_str()), "{about:#?}");
    assert!(
        about.iter().any(|line| line.contains("its record could not be read: the database contains")),
        "{about:#?}"
    );
}

/// Cancels a run of that source once it is fetching, and checks that it ends in time and writes nothing.
fn cancel_while_fetching(db: &TestDatabase, engine: &TestEngine, source: &Source, fetching: impl Fn() -> bool) {
    let workers = SyncThreads::start(&engine.engine, 1).expect("threads");
    let id = engine.start(source, &full_sync());
    wait_until(|| fetching() && engine.status_report(id).summary.status == Status::Running);
    let clock = LoadClock::start();
    assert_eq!(cancel_run(engine, id), CancelOutcome::Requested);
    assert_eq!(cancel_run(engine, id), CancelOutcome::Requested, "asking twice does no harm");
    wait_until(|| engine.status_report(id).summary.status != Status::Running);
    assert!(clock.elapsed() < Duration::from_secs(5), "it took {:?}", clock.elapsed());
    assert_eq!(
        (engine.status_report(id).summary.status, engine.find_record(id).summary.status),
        (Status::Cancelled, Status::Cancelled)
    );
    assert_eq!(db.count_rows("items", "1 = 1"), 0);
    assert!(workers.stop(), "the workers are free");
}

fn a_hanging_fetch_is_cancelled_within_five_seconds(db: &TestDatabase) {
    let (engine, stub) = (TestEngine::on_database(db), StubServer::start());
    stub.set_reply("/albums.csv", StubReply::status(200).hang());
    let source = engine.url_source("albums", stub.url("/albums.csv"));
    cancel_while_fetching(db, &engine, &source, || stub.request_count("/albums.csv") > 0);
}

fn a_fetch_that_hangs_half_way_is_cancelled_within_five_seconds(db: &TestDatabase) {
    let (engine, stub) = (TestEngine::on_database(db), StubServer::start());
    stub.set_reply("/albums.csv", StubReply::csv("id,title\na,One\nb,Two\n").hang_at(14));
    let source = engine.url_source("albums", stub.url("/albums.csv"));
    cancel_while_fetching(db, &engine, &source, || stub.request_count("/albums.csv") > 0);
}

fn a_run_that_writes_ends_at_its_next_batch_and_keeps_what_it_wrote(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::albums(5000, "Old"));
    engine.sync(&source);
    let pause_point = PausePoint::default();
    engine.memory.set_table(
        "albums",
        MemoryTable::albums(4000, "New").with_fault(FaultMoment::Apply(2500), MemoryFault::Wait(pause_point.clone())),
    );
    let id = engine.start(&source, &full_sync());
    std::thread::scope(|scope| {
        scope.spawn(|| engine.run(id));
        pause_point.wait_until_reached();
        wait_until(|| engine.status_report(id).summary.progress >= 50);
        assert_eq!(cancel_run(&engine, id), CancelOutcome::Requested);
        pause_point.resume();
    });
    let record = engine.find_record(id);
    assert_eq!(record.summary.status, Status::Cancelled, "{}", record.summary.message);
    assert!(
        (50..100).contains(&record.summary.progress) && record.summary.message.contains("Cancelled at"),
        "{}",
        record.summary.message
    );
    let new = db.count_rows("items", "fields LIKE '%New%'");
    assert!(new == 2000 || new == 3000 || new == 4000, "whole batches: {new}");
    assert_eq!(db.count_rows("items", "removed_at IS NULL"), 5000, "nothing was removed");
    assert_eq!(engine.sync(&source).summary.stats.removed, 1000, "the next sync does the rest");
}

fn a_cancel_during_the_final_transaction_is_too_late(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::albums(1, "Title"));
    let id = engine.start(&source, &full_sync());
    let (_, lease) = worker_steps::claim_run(&engine.store, 1, worker_steps::LEASE_TERM).expect("a run");
    let finalizing = lockstep::store::lease::RunProgress {
        stage: lockstep::domain::operation::Stage::Finalizing,
        ..worker_steps::progress_at(90)
    };
    engine.store.begin_finalizing(lease, worker_steps::LEASE_TERM, &finalizing).expect("begun");
    assert_eq!(cancel_run(&engine, id), CancelOutcome::AlreadyFinishing);
    engine.store.finish_run(lease, &worker_steps::run_ending(Status::Completed)).expect("finished");
    assert_eq!(engine.find_record(id).summary.status, Status::Completed);
}

fn an_ended_or_unknown_run_is_not_cancelled(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::albums(1, "Title"));
    let record = engine.sync(&source);
    assert_eq!(cancel_run(&engine, record.summary.id), CancelOutcome::AlreadyEnded);
    assert_eq!(engine.find_record(record.summary.id), record);
    assert_eq!(cancel_run(&engine, SyncId::new()), CancelOutcome::NoSuchRun);
}

fn a_cancel_and_a_claim_at_the_same_moment_leave_one_end(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::albums(1, "Title"));
    for _ in 0..20 {
        let id = engine.start(&source, &full_sync());
        let pause_point = Barrier::new(2);
        let (cancel_outcome, ran) = std::thread::scope(|scope| {
            let run = scope.spawn(|| {
                pause_point.wait();
                engine.control.run_in_this_thread(id, &ShutdownSignal::default()).expect("an answer")
            });
            pause_point.wait();
            (cancel_run(&engine, id), run.join().expect("no panic"))
        });
        let ended = engine.find_record(id).summary.status;
        match cancel_outcome {
            CancelOutcome::Done => assert_eq!((ended, ran), (Status::Cancelled, false)),
            CancelOutcome::Requested => assert_eq!((ended, ran), (Status::Cancelled, true)),
            CancelOutcome::AlreadyFinishing | CancelOutcome::AlreadyEnded => {
                assert_eq!((ended, ran), (Status::Completed, true));
            }
            CancelOutcome::NoSuchRun => panic!("the run was accepted"),
        }
        assert_eq!(db.count_rows("sync_records", &format!("id = '{id}'")), 1);
    }
}
