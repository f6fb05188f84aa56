//! Servers as real processes: started at the same time, frozen, killed and shut down.

mod cancel;
mod clock_change;
mod concurrent_starts;
mod crash_and_stop;
mod crash_tally;
mod crashes;
mod database_outage;
mod failing_disk;
mod frozen;
mod full_disk;
mod google;
mod locked_tables;
mod logs;
mod lost_commit;
mod mid_run;
mod outage_logging;
mod polls;
mod redis;
mod run_lives;
mod second_crash;
mod secrets;
mod shutdown;
mod slow_clients;
mod status_files;
mod status_follower;
mod takeover;
mod timeouts;
mod troubleshooting;

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use self::status_follower::StatusFollower;
use crate::support::TestDatabase;
use crate::support::load_clock::measure_load_time;
use crate::support::server_process::{ServerProcess, ServerSetup};
use crate::support::waiting::wait_for_value;

/// Two servers on one database: with one data folder on SQLite, with one each on PostgreSQL, as on two machines.
fn start_two_servers(db: &TestDatabase, setup: &ServerSetup) -> [ServerProcess; 2] {
    let second = if db.is_sqlite() { "data" } else { "data-2" };
    [setup.start(), setup.start_at(second, 0)]
}

/// Writes a CSV file of `count` albums, each with a title of this wording, and replaces the former file atomically.
/// Returns its content.
fn write_albums(path: &Path, count: usize, wording: &str) -> String {
    let mut text = String::from("id,title\n");
    for number in 1..=count {
        text.push_str(&format!("{number},{wording} {number}\n"));
    }
    let new = path.with_extension("new");
    std::fs::write(&new, &text).expect("a file");
    std::fs::rename(&new, path).expect("a file in its place");
    text
}

/// The number of live items of the catalog `albums` that have a title of this wording, and the number of all live
/// items.
fn count_albums(db: &TestDatabase, setup: &ServerSetup, wording: &str) -> (i64, u64) {
    let store = setup.store();
    let source = store.find_source("albums").expect("an answer").expect("the source");
    let all = store.find_catalog(source.id).expect("an answer").expect("a catalog").item_count;
    let condition = format!("source_id = {} AND removed_at IS NULL AND fields LIKE '%\"{wording} %'", source.id.0);
    (db.count_rows("items", &condition), all)
}

/// The promise: within this time after its server died or froze a run is interrupted.
const INTERRUPTION_LIMIT: Duration = Duration::from_secs(30);

/// Waits until a run whose server died is interrupted, which must be within [`INTERRUPTION_LIMIT`]; returns its status.
fn wait_until_interrupted(server: &ServerProcess, id: &str) -> Value {
    let observe = || {
        let report = server.status(id);
        assert!(["running", "interrupted"].contains(&report["status"].as_str().expect("a status")), "{report}");
        report
    };
    let is_interrupted = |report: &Value| report["status"] == "interrupted";
    let (report, took) = measure_load_time(|| wait_for_value("the interruption", observe, is_interrupted));
    assert!(took < INTERRUPTION_LIMIT, "{took:?}: {report}");
    report
}
