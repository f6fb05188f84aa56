//! Servers are killed at any moment of a run, and nothing is lost: the main promise of the product.
//!
//! Every lane is a server with its own database, a source that changes before every sync, and a poller. A dead worker's
//! lease takes time to expire, so many lanes run in parallel. Random numbers come from a fixed seed. `make crashes`
//! kills two hundred times on each database.

mod catalog_check;
mod crash_lane;
mod edited_sheet;
mod kill_moment;

use std::time::Duration;

use super::crash_tally::CrashTally;
use crate::support::{TestDatabase, on_both_databases};

/// The number of kills, unless `LOCKSTEP_CRASHES` sets it.
const KILL_COUNT: usize = 12;
/// The largest number of servers at the same time.
const MAX_LANES: usize = 16;
const SEED: u64 = 0x10C4_57E9;

on_both_databases! { servers_killed_at_random_moments_of_their_runs_lose_nothing_and_report_no_wrong_status }

fn servers_killed_at_random_moments_of_their_runs_lose_nothing_and_report_no_wrong_status(db: &TestDatabase) {
    let kills =
        std::env::var("LOCKSTEP_CRASHES").map_or(KILL_COUNT, |number| number.parse().expect("a number of kills"));
    // A lane takes a while to be set up, so it is worth two kills at least.
    let lanes = kills.div_ceil(2).min(MAX_LANES);
    let fresh = if db.is_sqlite() { TestDatabase::sqlite } else { TestDatabase::postgres };
    let mut tally = CrashTally::default();
    std::thread::scope(|scope| {
        let lane = |number: usize| {
            // Lanes start one after the other so that they are in different stages.
            std::thread::sleep(Duration::from_millis(300) * u32::try_from(number).expect("a few"));
            let mut db = fresh();
            // No other process may have the database open when a server is killed: on SQLite the next one to open it
            // recovers the WAL, which is part of the test.
            db.close_store();
            crash_lane::run_lane(&db, SEED + number as u64, (number..kills).step_by(lanes))
        };
        let running: Vec<_> = (0..lanes).map(|number| scope.spawn(move || lane(number))).collect();
        for lane in running {
            tally.add_counts(lane.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
    });
    println!("{}: {tally}", if db.is_sqlite() { "SQLite" } else { "PostgreSQL" });
    assert_eq!(tally.count_kills(), kills);
    tally.assert_nothing_wrong();
}
