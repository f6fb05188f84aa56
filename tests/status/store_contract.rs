//! The contract of a status store, tested on every kind.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use lockstep::domain::operation::Status;
use lockstep::domain::run_summary::RunSummary;
use lockstep::domain::status_report::StatusReport;
use lockstep::domain::sync_id::SyncId;
use lockstep::status::{StatusError, StatusStore};

use super::store_fixture::{STATUS_KEPT, redis_key};
use super::{StatusFixture, StoreKind};
use crate::store::worker_steps;
use crate::store::worker_steps::LEASE_TERM;
use crate::support::TestDatabase;

/// Makes a test of each function for each store.
macro_rules! on_all_stores {
    ($($name:ident),+ $(,)?) => {
        on_all_stores!(file: StoreKind::File, TestDatabase::sqlite(); $($name),+);
        on_all_stores!(redis: StoreKind::Redis, TestDatabase::sqlite(); $($name),+);
        on_all_stores!(database_sqlite: StoreKind::Database, TestDatabase::sqlite(); $($name),+);
        on_all_stores!(database_postgres: StoreKind::Database, TestDatabase::postgres(); $($name),+);
    };
    ($kind:ident: $store:expr, $db:expr; $($name:ident),+) => {
        mod $kind {
            use super::{StatusFixture, StoreKind, TestDatabase};
            $(#[test] fn $name() { super::$name(&StatusFixture::new($store, $db)); })+
        }
    };
}

on_all_stores![
    a_report_is_read_by_another_server,
    the_newest_report_wins_and_an_end_is_the_last,
    an_unknown_run_has_no_report,
    a_failed_write_leaves_no_active_report,
    old_reports_expire_or_are_deleted,
    concurrent_readers_see_complete_reports_in_order,
    an_invalid_report_is_an_error_and_the_database_answers,
    the_report_of_a_frozen_writer_is_not_used,
    the_last_report_of_an_ended_run_is_used_for_at_most_two_seconds,
];

fn a_report_is_read_by_another_server(place: &StatusFixture) {
    let run = place.begin_run("albums");
    let put = run.publish_progress(place, &*place.open_store(), 45).expect("put");
    let got = place.open_store().get(run.id()).expect("readable").expect("there");
    if place.kind != StoreKind::Database {
        assert_eq!(got, put);
    }
    // The database sets the time of the last update itself and keeps the start to the microsecond.
    let same = |report: StatusReport| {
        let start_time = DateTime::from_timestamp(report.start_time.timestamp(), 0).expect("a time");
        StatusReport { last_update: start_time, start_time, ..report }
    };
    assert_eq!(same(got), same(put.clone()));
    assert_eq!(same(place.open_board().get(run.id()).expect("readable").expect("there")), same(put));
}

fn the_newest_report_wins_and_an_end_is_the_last(place: &StatusFixture) {
    let run = place.begin_run("albums");
    let (store, board) = (place.open_store(), place.open_board());
    let read = || place.open_store().get(run.id()).expect("readable").expect("there");
    for percent in [10, 20, 30] {
        run.publish_progress(place, &*store, percent).expect("put");
        assert_eq!((read().summary.status, read().summary.progress), (Status::Running, percent));
    }
    run.end_run(place, &board, Status::Completed);
    assert_eq!(
        (read().summary.status, read().summary.progress, read().summary.message.as_str()),
        (Status::Completed, 100, "It is completed.")
    );
    assert_eq!(board.get(run.id()).expect("readable").expect("there").summary.progress, 100);
}

fn an_unknown_run_has_no_report(place: &StatusFixture) {
    assert_eq!(place.open_store().get(SyncId::new()).expect("absence is no error"), None);
    assert_eq!(place.open_board().get(SyncId::new()).expect("absence is no error"), None);
}

fn a_failed_write_leaves_no_active_report(place: &StatusFixture) {
    let run = place.begin_run("albums");
    let store = place.open_store();
    run.publish_progress(place, &*store, 10).expect("put");
    match place.kind {
        // A folder is in the place of the file, so the report cannot be written.
        StoreKind::File => {
            fs::remove_file(place.status_file(run.id())).expect("removed");
            fs::create_dir_all(place.status_file(run.id()).join("in the way")).expect("a folder");
        }
        // Redis is full: it refuses writes and still deletes.
        StoreKind::Redis => place.redis().run_command::<()>(&["CONFIG", "SET", "maxmemory", "1"]),
        // Another server has taken the run over: the writer has lost its lease.
        StoreKind::Database => place.db.run_sql("UPDATE sync_operations SET lease_until = 0"),
    }
    if place.kind == StoreKind::Database {
        place.db.store().take_over(run.lease).expect("an answer").expect("taken over");
    }
    run.publish_progress(place, &*store, 20).expect_err("a failure");
    let left = place.open_store().get(run.id()).ok().flatten();
    assert!(left.as_ref().is_none_or(|report| !report.summary.status.is_active()), "{left:?}");
    let answer = place.open_board().get(run.id()).expect("the database answers").expect("a status");
    let expected = if place.kind == StoreKind::Database { (Status::Interrupted, 10) } else { (Status::Running, 20) };
    assert_eq!((answer.summary.status, answer.summary.progress), expected);
}

fn old_reports_expire_or_are_deleted(place: &StatusFixture) {
    let run = place.begin_run("albums");
    let store = place.open_store();
    run.publish_progress(place, &*store, 10).expect("put");
    assert_eq!(store.delete_old_reports(Duration::from_secs(60)).expect("swept"), 0);
    assert!(store.get(run.id()).expect("readable").is_some(), "it is not old");
    match place.kind {
        StoreKind::File => {
            fs::write(place.status_folder().join("notes.txt"), "somebody else's").expect("written");
            std::thread::sleep(Duration::from_millis(20));
            assert_eq!(store.delete_old_reports(Duration::from_millis(10)).expect("swept"), 1);
            assert_eq!(store.get(run.id()).expect("readable"), None);
            assert!(place.status_folder().join("notes.txt").exists(), "only our own");
            fs::remove_dir_all(place.status_folder()).expect("a folder");
            assert_eq!(store.delete_old_reports(Duration::ZERO).expect("nothing to sweep"), 0);
            assert_eq!(store.get(run.id()).expect("nothing to read"), None);
        }
        StoreKind::Redis => {
            let left = || place.redis().run_command::<u64>(&["PTTL", &redis_key(run.id())]);
            let most = u64::try_from(STATUS_KEPT.as_millis()).expect("short");
            place.redis().run_command::<u64>(&["PEXPIRE", &redis_key(run.id()), "5000"]);
            assert!(left() <= 5000);
            run.publish_progress(place, &*store, 20).expect("put");
            assert!((most - 5000..=most).contains(&left()), "each put begins the time anew: {}", left());
            place.redis().run_command::<u64>(&["PEXPIRE", &redis_key(run.id()), "1"]);
            std::thread::sleep(Duration::from_millis(20));
            assert_eq!(store.get(run.id()).expect("readable"), None);
        }
        // Rows are kept for their own time.
        StoreKind::Database => assert_eq!(store.delete_old_reports(Duration::ZERO).expect("swept"), 0),
    }
    assert!(place.open_board().get(run.id()).expect("readable").is_some(), "the database has it");
}

fn concurrent_readers_see_complete_reports_in_order(place: &StatusFixture) {
    let runs: Vec<_> = (0..6).map(|number| place.begin_run(&format!("albums-{number}"))).collect();
    let (store, board, over) = (place.open_store(), place.open_board(), AtomicBool::new(false));
    let reported = |run: &super::store_fixture::FixtureRun| {
        for percent in 1..=20 {
            run.publish_progress(place, &*store, percent * 4).expect("put");
        }
        run.end_run(place, &board, Status::Completed);
    };
    let read = |run: &super::store_fixture::FixtureRun| {
        let (mut last, mut reads) = (0, 0);
        while !over.load(Ordering::SeqCst) || reads < 10 {
            let report = board.get(run.id()).expect("never an error").expect("never absent");
            assert!(report.summary.progress >= last, "{report:?} after {last} %");
            assert_eq!(
                (report.summary.id, report.summary.progress == 100),
                (run.id(), report.summary.status == Status::Completed)
            );
            (last, reads) = (report.summary.progress, reads + 1);
            std::thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(board.get(run.id()).expect("an answer").expect("a status").summary.progress, 100);
    };
    std::thread::scope(|scope| {
        for run in &runs {
            scope.spawn(|| read(run));
            scope.spawn(|| read(run));
        }
        let tellers: Vec<_> = runs.iter().map(|run| scope.spawn(move || reported(run))).collect();
        let reported: Vec<_> = tellers.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
        over.store(true, Ordering::SeqCst);
        assert!(reported.iter().all(Result::is_ok), "a put failed");
    });
}

fn an_invalid_report_is_an_error_and_the_database_answers(place: &StatusFixture) {
    let run = place.begin_run("albums");
    let store = place.open_store();
    let put = run.publish_progress(place, &*store, 30).expect("put");
    let foreign =
        serde_json::to_string(&StatusReport { summary: RunSummary { id: SyncId::new(), ..put.summary }, ..put })
            .expect("JSON");
    for text in ["", "{", "null", "[]", "{\"syncId\":\"x\"}", "\u{1}\u{2}", &foreign] {
        place.corrupt_report(run.id(), text);
        // Redis answers alike for a missing and an empty value.
        let is_missing = place.kind == StoreKind::Redis && text.is_empty();
        let read = place.open_store().get(run.id());
        assert!(if is_missing { read.is_ok_and(|report| report.is_none()) } else { read.is_err() }, "{text:?}");
        if place.kind != StoreKind::Database {
            let answer = place.open_board().get(run.id()).expect("the database answers").expect("a status");
            assert_eq!((answer.summary.status, answer.summary.progress), (Status::Running, 30), "{text:?}");
        }
    }
    if place.kind == StoreKind::Redis {
        place.redis().run_command::<u64>(&["DEL", &redis_key(run.id())]);
        place.redis().run_command::<u64>(&["LPUSH", &redis_key(run.id()), "a list"]);
        assert!(matches!(place.open_store().get(run.id()), Err(StatusError::Redis { .. })), "not even a text");
        assert_eq!(place.open_board().get(run.id()).expect("an answer").expect("a status").summary.progress, 30);
    }
}

/// Writes a report of this age, as a worker does that was frozen before its write.
fn put_outdated(run: &super::store_fixture::FixtureRun, store: &dyn StatusStore, age: TimeDelta) {
    let late = run.build_report(&worker_steps::progress_at(30));
    store.put(&StatusReport { last_update: late.last_update - age, ..late }).expect("put");
}

fn the_report_of_a_frozen_writer_is_not_used(place: &StatusFixture) {
    let run = place.begin_run("albums");
    let store = place.open_store();
    run.publish_progress(place, &*store, 20).expect("put");
    place.db.run_sql("UPDATE sync_operations SET lease_until = 0");
    let taken = place.db.store().take_over(run.lease).expect("an answer").expect("taken over");
    for seconds in [3, 7, 20, 3600] {
        put_outdated(&run, &*store, TimeDelta::seconds(seconds));
        let answer = place.open_board().get(run.id()).expect("an answer").expect("a status");
        assert_eq!((answer.summary.status, answer.summary.progress), (Status::Interrupted, 20), "{seconds} s");
        assert_eq!(answer.summary.successor, taken.successor);
    }
    let fenced = place.db.store().save_progress(run.lease, LEASE_TERM, &worker_steps::progress_at(40));
    assert!(fenced.is_err(), "and nothing of it reaches the database");
}

fn the_last_report_of_an_ended_run_is_used_for_at_most_two_seconds(place: &StatusFixture) {
    let run = place.begin_run("albums");
    let store = place.open_store();
    run.publish_progress(place, &*store, 30).expect("put");
    let seen = place.open_board();
    // The end is not published, and the last report stays in the store.
    place.db.store().finish_run(run.lease, &worker_steps::run_ending(Status::Failed)).expect("an end");
    let ended = std::time::Instant::now();
    loop {
        let poll_start = ended.elapsed();
        if seen.get(run.id()).expect("an answer").expect("a status").summary.status == Status::Failed {
            break;
        }
        assert!(poll_start < Duration::from_millis(2010), "a poll {poll_start:?} after the end did not report it");
        std::thread::sleep(Duration::from_millis(10));
    }
    // After a board has reported the end, it reports nothing else, whatever the primary holds.
    put_outdated(&run, &*store, TimeDelta::zero());
    assert_eq!(seen.get(run.id()).expect("an answer").expect("a status").summary.status, Status::Failed);
}
