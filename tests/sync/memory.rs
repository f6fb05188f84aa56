//! Memory does not grow with the source.

use std::fmt::Write;
use std::fs;
use std::process::Command;
use std::time::Duration;

use lockstep::domain::location::SourceLocation;
use lockstep::domain::operation::Status;
use lockstep::store::DatabaseAddress;
use lockstep::sync::Timeouts;

use crate::support::test_database::open_store;
use crate::support::test_engine::{TEST_TIMEOUTS, source_draft};
use crate::support::{TestDatabase, TestEngine};

/// Set in the measured child process: the database and the file.
const MEASURED_TASK_VARIABLE: &str = "LOCKSTEP_TEST_MEMORY";

const ROW_COUNT: u64 = 200_000;

#[test]
fn two_hundred_thousand_rows_fit_into_forty_five_megabytes_on_sqlite() {
    run_memory_test("two_hundred_thousand_rows_fit_into_forty_five_megabytes_on_sqlite", TestDatabase::sqlite);
}

#[test]
fn two_hundred_thousand_rows_fit_into_forty_five_megabytes_on_postgres() {
    run_memory_test("two_hundred_thousand_rows_fit_into_forty_five_megabytes_on_postgres", TestDatabase::postgres);
}

/// Runs the sync in a child process, so that its memory alone is measured.
fn run_memory_test(name: &str, database: fn() -> TestDatabase) {
    if let Ok(part) = std::env::var(MEASURED_TASK_VARIABLE) {
        return measure_run(&part);
    }
    let db = database();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("albums.csv");
    let mut text = String::from("id,title,artist,year,label,note\n");
    for n in 0..ROW_COUNT {
        let note = "words that a catalog has beside its facts, ".repeat(4);
        writeln!(text, "{n},Title {n},Artist {},19{:02},Label {},\"{note}\"", n % 997, n % 100, n % 53).expect("text");
    }
    fs::write(&file, &text).expect("a file");
    let address = match db.address() {
        DatabaseAddress::Sqlite(path) => path.display().to_string(),
        DatabaseAddress::Postgres(url) => url,
    };
    let part = serde_json::to_string(&(address, &file)).expect("JSON");
    let output = Command::new(std::env::current_exe().expect("this binary"))
        .args([&format!("sync::memory::{name}"), "--exact", "--nocapture"])
        .env(MEASURED_TASK_VARIABLE, part)
        .output()
        .expect("the measured process");
    let reported = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{reported}");
    assert_eq!(db.count_rows("items", "removed_at IS NULL"), i64::try_from(ROW_COUNT).expect("few"));
    let peak = reported.lines().find_map(|line| line.split_once("peak: ")?.1.parse::<u64>().ok()).expect("a figure");
    let (peak, size) = (peak / 1024, text.len() / 1_000_000);
    assert!(peak < 45, "{peak} MB at most for a file of {size} MB");
}

/// Runs a first sync and one that changes nothing, and prints the peak memory of both.
fn measure_run(part: &str) {
    let (address, file) = serde_json::from_str::<(String, std::path::PathBuf)>(part).expect("a part");
    let address = DatabaseAddress::parse(&address);
    let store = open_store(&address, 6);
    // This test measures memory, so a slow machine must not end the run.
    let hours = Duration::from_secs(24 * 3600);
    let timeouts = Timeouts { fetch: hours, sync: hours, ..TEST_TIMEOUTS };
    let engine = TestEngine::with_timeouts(store, timeouts);
    let source =
        engine.store.add_source(&source_draft("albums", "csv", SourceLocation::File(file)), None).expect("added");
    let first = engine.sync(&source);
    assert_eq!(
        (first.summary.status, first.summary.stats.added),
        (Status::Completed, ROW_COUNT),
        "{}",
        first.summary.message
    );
    assert_eq!(engine.sync(&source).summary.stats.unchanged, ROW_COUNT);
    let status = fs::read_to_string("/proc/self/status").expect("the memory of this process");
    let figure = |name: &str| -> u64 {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a figure");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    };
    // The pages of this program itself, which grows with every test, are no memory of a run.
    println!("peak: {}", figure("VmHWM:").saturating_sub(figure("RssFile:")));
}
