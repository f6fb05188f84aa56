//! Something else in the place of a status file, or a file that says what is not so: the database answers.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use lockstep::domain::operation::Status;
use lockstep::domain::run_summary::RunSummary;
use lockstep::domain::status_report::StatusReport;
use lockstep::status::{FileStatus, StatusStore};

use super::store_fixture::{FixtureRun, redis_key};
use super::{StatusFixture, StoreKind};
use crate::store::worker_steps;
use crate::support::TestDatabase;

/// Makes a test of each function for files on either database, and for Redis.
macro_rules! on_both_primaries {
    ($($name:ident),+ $(,)?) => {
        on_both_primaries!(file_on_sqlite: StoreKind::File, TestDatabase::sqlite(); $($name),+);
        on_both_primaries!(file_on_postgres: StoreKind::File, TestDatabase::postgres(); $($name),+);
        on_both_primaries!(redis: StoreKind::Redis, TestDatabase::sqlite(); $($name),+);
    };
    ($kind:ident: $store:expr, $db:expr; $($name:ident),+) => {
        mod $kind {
            use super::{StatusFixture, StoreKind, TestDatabase};
            $(#[test] fn $name() { super::$name(&StatusFixture::new($store, $db)); })+
        }
    };
}

on_both_primaries![
    a_running_report_of_an_ended_run_is_used_by_no_new_board,
    an_end_that_the_database_does_not_know_is_not_reported,
    a_report_with_more_progress_than_the_database_is_not_used,
    a_time_in_the_future_is_never_fresh,
];

/// Writes a report with this status, percentage and age.
fn put_report(place: &StatusFixture, run: &FixtureRun, status: Status, percent: u8, age: TimeDelta) {
    let report = run.build_report(&worker_steps::progress_at(percent));
    let summary = RunSummary { status, ..report.summary };
    place.open_store().put(&StatusReport { summary, last_update: Utc::now() - age, ..report }).expect("put");
}

fn a_running_report_of_an_ended_run_is_used_by_no_new_board(place: &StatusFixture) {
    let run = place.begin_run("albums");
    place.db.store().finish_run(run.lease, &worker_steps::run_ending(Status::Failed)).expect("an end");
    for age in [0, 100, 1500, 5000] {
        put_report(place, &run, Status::Running, 30, TimeDelta::milliseconds(age));
        let answer = place.open_board().get(run.id()).expect("an answer").expect("a status");
        assert_eq!(answer.summary.status, Status::Failed, "{age} ms");
    }
}

fn an_end_that_the_database_does_not_know_is_not_reported(place: &StatusFixture) {
    let run = place.begin_run("albums");
    run.publish_progress(place, &*place.open_store(), 30).expect("put");
    let board = place.open_board();
    for status in [Status::Completed, Status::Failed, Status::Cancelled, Status::Interrupted] {
        put_report(place, &run, status, 30, TimeDelta::zero());
        let answer = board.get(run.id()).expect("an answer").expect("a status");
        assert_eq!((answer.summary.status, answer.summary.progress), (Status::Running, 30), "{status:?}");
    }
}

fn a_report_with_more_progress_than_the_database_is_not_used(place: &StatusFixture) {
    let run = place.begin_run("albums");
    run.publish_progress(place, &*place.open_store(), 30).expect("put");
    put_report(place, &run, Status::Running, 90, TimeDelta::zero());
    let board = place.open_board();
    for _ in 0..3 {
        assert_eq!(board.get(run.id()).expect("an answer").expect("a status").summary.progress, 30);
    }
}

fn a_time_in_the_future_is_never_fresh(place: &StatusFixture) {
    let run = place.begin_run("albums");
    run.publish_progress(place, &*place.open_store(), 30).expect("put");
    let board = place.open_board();
    for _ in 0..2 {
        assert_eq!(board.get(run.id()).expect("an answer").expect("a status").summary.status, Status::Running);
    }
    // The database has just confirmed the run, so only the time is left to doubt.
    place.db.store().finish_run(run.lease, &worker_steps::run_ending(Status::Failed)).expect("an end");
    put_report(place, &run, Status::Running, 30, TimeDelta::milliseconds(-500));
    assert_eq!(board.get(run.id()).expect("an answer").expect("a status").summary.status, Status::Failed);
}

#[test]
fn a_report_is_used_while_the_database_is_unavailable_unless_its_time_is_in_the_future() {
    let place = StatusFixture::new(StoreKind::File, TestDatabase::sqlite());
    let run = place.begin_run("albums");
    let (other, board) = (place.begin_run("records"), place.open_board());
    place.db.run_sql("ALTER TABLE sync_operations RENAME TO hidden");
    for (status, age) in [(Status::Running, 0), (Status::Running, 3), (Status::Completed, 3600)] {
        put_report(&place, &run, status, 30, TimeDelta::seconds(age));
        let answer = board.get(run.id()).expect("an answer").expect("a status");
        assert_eq!(answer.summary.status, status, "{age} s");
    }
    for age in [-1, -3600, 7] {
        put_report(&place, &other, Status::Running, 30, TimeDelta::seconds(age));
        assert!(board.get(other.id()).is_err(), "{age} s");
    }
}

#[test]
fn nothing_but_a_small_regular_file_is_read_in_the_place_of_a_status_file() {
    let place = StatusFixture::new(StoreKind::File, TestDatabase::sqlite());
    let run = place.begin_run("albums");
    let put = run.publish_progress(&place, &*place.open_store(), 30).expect("put");
    let (path, elsewhere) = (place.status_file(run.id()), place.status_folder().join("elsewhere"));
    let real = fs::read(&path).expect("a report");
    let padded = [real.as_slice(), &[b' '; 64 * 1024]].concat();
    let places: [(&str, &dyn Fn()); 6] = [
        ("a file of 1 GB", &|| File::create(&path).and_then(|file| file.set_len(1 << 30)).expect("a sparse file")),
        ("a report of over 64 kB", &|| fs::write(&path, &padded).expect("written")),
        ("a pipe", &|| rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::RWXU).expect("a pipe")),
        ("a device", &|| symlink("/dev/zero", &path).expect("a link")),
        ("a link to a report", &|| {
            fs::write(&elsewhere, &real).expect("written");
            symlink(&elsewhere, &path).expect("a link");
        }),
        ("a folder", &|| fs::create_dir(&path).expect("a folder")),
    ];
    for (name, make) in places {
        fs::remove_file(&path).expect("removed");
        make();
        assert!(place.open_store().get(run.id()).is_err(), "{name} was read");
        let answer = place.open_board().get(run.id()).expect("the database answers").expect("a status");
        assert_eq!((answer.summary.status, answer.summary.progress), (Status::Running, 30), "{name}");
        if path.is_dir() {
            continue;
        }
        // A write replaces it, and nothing is written through a link.
        place.open_store().put(&put).expect("put");
        assert!(fs::symlink_metadata(&path).expect("a file").is_file(), "{name} was not replaced");
        assert_eq!(place.open_store().get(run.id()).expect("readable"), Some(put.clone()), "{name}");
    }
    assert_eq!(fs::read(&elsewhere).expect("the target"), real, "the target of the link is as it was");
}

#[test]
fn deleting_old_reports_deletes_links_and_not_what_they_lead_to() {
    let place = StatusFixture::new(StoreKind::File, TestDatabase::sqlite());
    let run = place.begin_run("albums");
    run.publish_progress(&place, &*place.open_store(), 30).expect("put");
    let (path, elsewhere) = (place.status_file(run.id()), place.status_folder().join("elsewhere"));
    fs::rename(&path, &elsewhere).expect("moved");
    symlink(&elsewhere, &path).expect("a link");
    std::thread::sleep(Duration::from_millis(20));
    let deleted = FileStatus::new(place.status_folder()).delete_old_reports(Duration::from_millis(10));
    assert_eq!(deleted.expect("deleted"), 1);
    assert!(fs::symlink_metadata(&path).is_err() && elsewhere.exists());
}

#[test]
fn a_huge_value_in_redis_is_not_read() {
    let place = StatusFixture::new(StoreKind::Redis, TestDatabase::sqlite());
    let run = place.begin_run("albums");
    run.publish_progress(&place, &*place.open_store(), 30).expect("put");
    // This makes a value of 50 MB.
    place.redis().run_command::<u64>(&["SETRANGE", &redis_key(run.id()), "50000000", "x"]);
    let sent_bytes = || {
        let facts = place.redis().run_command::<String>(&["INFO", "stats"]);
        let line = facts.lines().find_map(|line| line.strip_prefix("total_net_output_bytes:").map(str::to_owned));
        line.and_then(|bytes| bytes.trim().parse::<u64>().ok()).expect("a number")
    };
    let before = sent_bytes();
    assert!(place.open_store().get(run.id()).is_err());
    assert!(sent_bytes() - before < 200_000, "{} bytes were read", sent_bytes() - before);
    let answer = place.open_board().get(run.id()).expect("the database answers").expect("a status");
    assert_eq!(answer.summary.progress, 30);
}

#[test]
fn a_poll_of_a_running_run_costs_less_than_a_millisecond() {
    const POLL_COUNT: u32 = 2000;
    let place = StatusFixture::new(StoreKind::File, TestDatabase::sqlite());
    let run = place.begin_run("albums");
    run.publish_progress(&place, &*place.open_store(), 30).expect("put");
    let board = place.open_board();
    let clock = crate::support::load_clock::LoadClock::start();
    for _ in 0..POLL_COUNT {
        assert!(board.get(run.id()).expect("an answer").is_some());
    }
    let each = clock.elapsed() / POLL_COUNT;
    println!("{each:?} for each poll");
    assert!(each < Duration::from_millis(1), "{each:?}");
}
