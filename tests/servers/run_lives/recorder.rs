//! Records a history: clients call real servers on a real database while faults are injected.

mod answer_reading;
mod call_client;
mod client_roles;
mod fault_driver;
mod known_runs;
mod published_sheets;
mod recording;
mod server_slot;
mod services;

use std::path::Path;
use std::time::{Duration, Instant};

use self::call_client::{CallClient, RoundContext, status_of};
use self::client_roles::{BusyClient, ClientRole};
use self::fault_driver::FaultDriver;
use self::known_runs::KnownRuns;
use self::published_sheets::{FILE_SOURCE, PublishedSheets, SLOW_SOURCE, SOURCES};
use self::recording::HistoryRecording;
use self::server_slot::ServerSlot;
use self::services::ClusterServices;
use super::history::{CallRequest, HistoryEvent, RunHistory};
use crate::support::TestDatabase;
use crate::support::http_client::TestHttpClient;
use crate::support::preload_library::{MOVED_CLOCK, compile_library};
use crate::support::seeded_random::SeededRandom;
use crate::support::server_process::ServerSetup;
use crate::support::waiting::WAIT_LIMIT;

/// The time limits of clients, in turn: some give up while a server is frozen.
const CLIENT_LIMITS_SECS: [u64; 4] = [4, 30, 8, 60];
/// The pause between two polls after the faults.
const FINAL_POLL_PAUSE: Duration = Duration::from_millis(200);

/// How a history is made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct RoundPlan {
    pub(super) seed: u64,
    pub(super) servers: usize,
    /// `file`, `redis` or `database`.
    pub(super) status_store: &'static str,
    /// How long clients call and faults are injected. Waiting for the last runs comes on top.
    pub(super) duration: Duration,
}

impl RoundPlan {
    /// The plan that follows from a seed.
    pub(super) fn from_seed(seed: u64, duration: Duration) -> Self {
        let mut random = SeededRandom::new(seed);
        let servers = if random.next_chance(35) { 1 } else { 2 };
        let status_store = match random.next_below(10) {
            0..5 => "file",
            5..9 => "redis",
            _ => "database",
        };
        Self { seed, servers, status_store, duration }
    }
}

/// Plays a round and returns what happened.
pub(super) fn record_history(db: &TestDatabase, plan: &RoundPlan) -> RunHistory {
    let (seed, sqlite, servers) = (plan.seed, db.is_sqlite(), plan.servers);
    let status_store = plan.status_store.to_owned();
    let recording = HistoryRecording::start(HistoryEvent::Setup { seed, sqlite, status_store, servers });
    let services = ClusterServices::new(db, plan.status_store == "redis");
    let folder = tempfile::tempdir().expect("a folder");
    let slots = build_slots(db, plan, &services, folder.path());
    std::thread::scope(|scope| {
        for slot in &slots {
            scope.spawn(|| slot.start(&recording));
        }
    });
    let setup = slots[0].setup();
    setup.add_admin_and_token();
    let sheets = PublishedSheets::new(folder.path().join("songs.csv"));
    let mut random = SeededRandom::new(seed);
    for source in SOURCES {
        sheets.publish(source, &mut random, &recording);
    }
    setup.add_url(SLOW_SOURCE, sheets.url());
    setup.add_file(FILE_SOURCE, sheets.file());
    let admin = TestHttpClient::logged_in_admin(slots[0].address());
    let known = KnownRuns::default();
    let context = RoundContext { slots: &slots, recording: &recording, known: &known, admin: &admin };
    // The time of the set-up does not count.
    let duration = plan.duration + Duration::from_micros(recording.now());
    std::thread::scope(|scope| {
        for (number, role) in ClientRole::ALL.into_iter().enumerate() {
            let limit = Duration::from_secs(CLIENT_LIMITS_SECS[number % CLIENT_LIMITS_SECS.len()]);
            let client = CallClient::new(format!("client {number}"), context, limit);
            let random = SeededRandom::new(seed ^ ((number as u64 + 1) << 32));
            let mut busy = BusyClient { client, sheets: &sheets, random, duration };
            scope.spawn(move || busy.run(role));
        }
        let (slots, services, recording) = (&slots, &services, &recording);
        FaultDriver { slots, services, recording, duration }.run(&mut SeededRandom::new(!seed));
    });
    finish_runs(context, &services);
    for slot in slots {
        drop(slot.finish(&recording));
    }
    recording.into_history()
}

fn build_slots(db: &TestDatabase, plan: &RoundPlan, services: &ClusterServices<'_>, folder: &Path) -> Vec<ServerSlot> {
    let library = compile_library(folder, MOVED_CLOCK);
    ('A'..)
        .take(plan.servers)
        .map(|letter| {
            // Servers with one SQLite file are on one machine: they have one clock and one data folder.
            let machine = if db.is_sqlite() { 'A' } else { letter };
            let clock_file = folder.join(format!("clock-{machine}"));
            let mut setup = ServerSetup::at_address(services.database_address())
                .with_setting("LD_PRELOAD", &library.display().to_string())
                .with_setting("TEST_CLOCK_OFFSET", &clock_file.display().to_string())
                .with_setting("LOCKSTEP_STATUS_STORE", plan.status_store);
            if let Some(url) = services.redis_url() {
                setup = setup.with_setting("LOCKSTEP_REDIS_URL", &url);
            }
            ServerSlot::new(letter, setup, folder.join(format!("data-{machine}")), clock_file)
        })
        .collect()
}

/// Waits until all runs have ended, asks once more for each of them, and reads all records and items.
fn finish_runs(context: RoundContext<'_>, services: &ClusterServices<'_>) {
    let client = CallClient::new("auditor", context, WAIT_LIMIT);
    let started = Instant::now();
    let servers = 0..context.slots.len();
    loop {
        let active = services.count_active_runs();
        let mut is_ended = active == 0;
        for (_, run) in context.known.all().into_iter().rev().take(4) {
            let answer = client.call(0, CallRequest::Status { run });
            is_ended &= !["pending", "running", ""].contains(&status_of(answer.as_ref()));
        }
        if is_ended || started.elapsed() > WAIT_LIMIT {
            break;
        }
        std::thread::sleep(FINAL_POLL_PAUSE);
    }
    for (source, run) in context.known.all() {
        for server in servers.clone() {
            client.call(server, CallRequest::Status { run: run.clone() });
        }
        client.call(0, CallRequest::Panel { source, run: Some(run.clone()) });
        client.call(0, CallRequest::Record { run });
    }
    for server in servers {
        for source in SOURCES {
            client.call(server, CallRequest::Items { source: source.to_owned() });
        }
    }
    for page in 1.. {
        let answer = client.call(0, CallRequest::FinalRecords { page });
        let count = answer.map_or(0, |answer| answer.body["items"].as_array().map_or(0, Vec::len));
        if count < 500 {
            return;
        }
    }
}
