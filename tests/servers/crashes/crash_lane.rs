//! One server with its database, its source and its poller, killed repeatedly.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use lockstep::domain::operation::Status;
use serde_json::json;

use super::edited_sheet::EditedSheet;
use super::kill_moment::{KillAim, RunDurations};
use crate::servers::INTERRUPTION_LIMIT;
use crate::servers::crash_tally::{CrashTally, KillMoment, Violation};
use crate::servers::status_follower::{FollowedRun, FollowerState, StatusFollower};
use crate::support::TestDatabase;
use crate::support::http_client::TestHttpClient;
use crate::support::load_clock::LoadClock;
use crate::support::reserved_port::reserve_port;
use crate::support::seeded_random::SeededRandom;
use crate::support::server_process::{ServerProcess, ServerSetup};
use crate::support::stub_server::{StubReply, StubServer};
use crate::support::waiting::{WAIT_LIMIT, wait_for};

/// One server, its database, its source and its poller.
pub(super) struct CrashLane<'a> {
    db: &'a TestDatabase,
    setup: &'a ServerSetup,
    follower_state: Arc<FollowerState>,
    server: ServerProcess,
    stub: StubServer,
    sheet: EditedSheet,
    random: SeededRandom,
    lengths: RunDurations,
    tally: CrashTally,
}

/// Runs a lane for the kills with these numbers; returns its counts.
pub(super) fn run_lane(db: &TestDatabase, seed: u64, kills: impl Iterator<Item = usize>) -> CrashTally {
    let setup = ServerSetup::on_database(db);
    let server = setup.start_at("data", reserve_port());
    setup.add_admin_and_token();
    let follower = StatusFollower::follow_server(&server);
    let mut lane = CrashLane::new(db, &setup, Arc::clone(&follower.state), server, seed);
    for number in kills {
        lane.kill_once(number);
    }
    // The server ends after its poller.
    let polled = follower.stop_polling();
    let mut tally = lane.count_records();
    tally.add_counts(polled);
    tally
}

impl<'a> CrashLane<'a> {
    /// A lane whose catalog is up to date with its sheet.
    fn new(
        db: &'a TestDatabase,
        setup: &'a ServerSetup,
        follower_state: Arc<FollowerState>,
        server: ServerProcess,
        seed: u64,
    ) -> Self {
        let nothing = RunDurations { answer: Duration::ZERO, run: Duration::ZERO, end: Duration::ZERO };
        let (stub, sheet, random) = (StubServer::start(), EditedSheet::new(), SeededRandom::new(seed));
        setup.add_url("albums", stub.url("/albums.csv"));
        let tally = CrashTally::default();
        let mut lane = Self { db, setup, follower_state, server, stub, sheet, random, lengths: nothing, tally };
        lane.run_undisturbed();
        // The first sync adds everything; the second one is like those that follow.
        lane.edit_sheet();
        lane.run_undisturbed();
        lane
    }

    fn address(&self) -> SocketAddr {
        self.server.address()
    }

    fn edit_sheet(&mut self) {
        self.sheet.edit(&mut self.random);
    }

    /// Serves the sheet in about twenty pieces.
    fn serve_sheet(&self) {
        let csv = self.sheet.to_csv();
        let piece = csv.len() / 20;
        self.stub.set_reply("/albums.csv", StubReply::csv(csv).drip(piece, Duration::from_millis(25)));
    }

    /// Starts a sync. Returns the id of the accepted or already active run, or `None` without an answer.
    fn start_sync(&self, kind: &str) -> Option<String> {
        let answer = TestHttpClient::with_token(self.address())
            .post("/api/sync", &json!({ "source": "albums", "type": kind }))?;
        assert!([202, 409].contains(&answer.status), "{}", answer.body);
        let id = answer.json()["syncId"].as_str().expect("an id").to_owned();
        self.follower_state.follow_run(&id);
        Some(id)
    }

    fn run_undisturbed(&mut self) {
        self.serve_sheet();
        let started = Instant::now();
        let id = self.start_sync("full").expect("an answer");
        let answer = started.elapsed();
        wait_for("the end of a run that nobody disturbs", || self.follower_state.find_seen(&id).ended.is_some());
        let seen = self.follower_state.find_seen(&id);
        assert_eq!(seen.status(), "completed", "{}", seen.report);
        let ended = seen.ended.expect("an end");
        let end = ended - seen.finalizing.unwrap_or(ended);
        self.lengths = RunDurations { answer, run: ended - started, end };
        self.compare_catalog(&id);
    }

    /// Changes the sheet, starts a sync, kills the server, starts it again and checks how the run ends.
    fn kill_once(&mut self, number: usize) {
        let mut before = self.sheet.clone();
        self.edit_sheet();
        self.serve_sheet();
        let kind = if self.random.next_chance(50) { "full" } else { "incremental" };
        let aim = KillAim::choose_aim(number, &mut self.random);
        let answered = self.start_and_kill(kind, &aim, &mut before);
        let (killed, killed_at, since_kill) = (Instant::now(), Utc::now(), LoadClock::start());
        let after = self.sheet.clone();
        if self.random.next_chance(30) {
            self.sheet.take_back(&before);
            self.serve_sheet();
        }
        self.server = self.setup.start_at("data", self.address().port());
        self.follower_state.note_server_change();
        let id = match &answered {
            Some(id) => id.clone(),
            // A client without an answer tries again, and may learn that the run had started.
            None => self.start_sync(kind).expect("an answer"),
        };
        self.check_items_after_kill(&id, [&before, &after]);
        self.wait_for_successor(&id, &since_kill);
        let hit = if answered.is_none() { KillMoment::Unanswered } else { self.find_kill_moment(&id, killed_at) };
        self.tally.record_kill(hit);
        if hit == KillMoment::Ended {
            self.sheet = after;
        }
        let seen = self.follower_state.find_seen(&id);
        if seen.status() == "interrupted"
            && let Some(ended) = seen.ended
        {
            self.tally.waits.push(ended - killed);
        }
        self.compare_catalog(&id);
    }

    /// Starts a sync and kills the server at the chosen moment; returns the id if the start was answered. `before` is
    /// the sheet of the last sync.
    fn start_and_kill(&mut self, kind: &str, aim: &KillAim, before: &mut EditedSheet) -> Option<String> {
        let wait = |time: Duration, share: f64| std::thread::sleep(time.mul_f64(share));
        let id = match aim {
            KillAim::Start(share) => {
                let client = TestHttpClient::with_token(self.address());
                let body = json!({ "source": "albums", "type": kind });
                let starting = std::thread::spawn(move || client.post("/api/sync", &body));
                wait(self.lengths.answer, *share);
                self.kill_server();
                let answer = starting.join().expect("no panic");
                let id = answer.map(|answer| answer.json()["syncId"].as_str().expect("an id").to_owned());
                id.iter().for_each(|id| self.follower_state.follow_run(id));
                return id;
            }
            KillAim::Run(share) => {
                let mut tries = 3;
                loop {
                    let started = Instant::now();
                    let id = self.start_sync(kind).expect("an answer");
                    std::thread::sleep(self.lengths.run.mul_f64(*share).saturating_sub(started.elapsed()));
                    tries -= 1;
                    if tries == 0 || *share > 0.95 || self.follower_state.find_seen(&id).ended.is_none() {
                        break id;
                    }
                    // The run was faster than the last one: this kill is for the next run.
                    self.update_run_duration(&id);
                    self.compare_catalog(&id);
                    *before = self.sheet.clone();
                    self.edit_sheet();
                    self.serve_sheet();
                }
            }
            KillAim::End(share) => {
                let id = self.start_sync(kind).expect("an answer");
                let is_near = |seen: FollowedRun| seen.finalizing.is_some() || seen.ended.is_some();
                wait_for("the final transaction", || is_near(self.follower_state.find_seen(&id)));
                wait(self.lengths.end, *share);
                id
            }
        };
        self.kill_server();
        Some(id)
    }

    fn kill_server(&mut self) {
        self.follower_state.note_server_change();
        self.server.kill();
    }

    /// Until the run is taken over, every item is in its old or its new state, and none is missing.
    fn check_items_after_kill(&mut self, id: &str, [before, after]: [&EditedSheet; 2]) {
        let Some(items) = super::catalog_check::list_items(&TestHttpClient::with_token(self.address())) else {
            return self.tally.record_violation(Violation::Item, format!("{id}: no items"));
        };
        // The final transaction removes old items. Whether it was committed is in the database; pollers may learn it
        // later when the server was killed right after it.
        let status = self.setup.store().operation_status(id.parse().expect("an id")).expect("an answer");
        if status.is_none_or(|status| !status.summary.status.is_active()) {
            return;
        }
        for (key, row) in &items {
            let known = before.has_row(key, row) || after.has_row(key, row);
            self.tally.record_unless(known, Violation::Item, || format!("{id}: after the kill {key} is {row:?}"));
        }
        let keys: std::collections::HashSet<&str> = items.iter().map(|(key, _)| key.as_str()).collect();
        for key in before.keys().filter(|key| !keys.contains(key.as_str())) {
            self.tally.record_violation(Violation::Item, format!("{id}: after the kill {key} is missing"));
        }
    }

    /// Waits for the end of the run and of its successor.
    fn wait_for_successor(&mut self, id: &str, since_kill: &LoadClock) {
        let ended = |run: &str| self.follower_state.find_seen(run).ended.is_some();
        while !ended(id) && since_kill.elapsed() < INTERRUPTION_LIMIT {
            std::thread::sleep(Duration::from_millis(20));
        }
        let first = self.follower_state.find_seen(id);
        let words = || format!("{id}: {:?} after the kill {}", since_kill.elapsed(), first.report);
        self.tally.record_unless(first.ended.is_some(), Violation::Stuck, words);
        if first.status() != "interrupted" {
            return;
        }
        let Some(next) = first.successor() else {
            return self.tally.record_violation(Violation::Status, format!("{id}: no successor: {}", first.report));
        };
        self.follower_state.follow_run(next);
        let started = Instant::now();
        while !ended(next) && started.elapsed() < WAIT_LIMIT {
            std::thread::sleep(Duration::from_millis(20));
        }
        let last = self.follower_state.find_seen(next).report;
        let describe_stuck = || format!("{next}: {:?} after it was queued {last}", started.elapsed());
        self.tally.record_unless(ended(next), Violation::Stuck, describe_stuck);
        self.update_run_duration(next);
        let chained = last["attempt"] == 2 && last["retryOf"] == id && last["successor"].is_null();
        let chained = chained && last["status"] == "completed" && first.report["attempt"] == 1;
        self.tally.record_unless(chained, Violation::Status, || format!("{id} and {next}: {} {last}", first.report));
    }

    /// Measures an undisturbed run, because durations depend on what the other lanes do.
    fn update_run_duration(&mut self, run: &str) {
        let record = self.setup.store().find_record(run.parse().expect("an id")).expect("an answer");
        let length = record.and_then(|record| (record.finished_at - record.timestamps.started_at?).to_std().ok());
        self.lengths.run = (self.lengths.run + length.unwrap_or(self.lengths.run)) / 2;
    }

    /// The stage of the run when its server was killed, from its record.
    fn find_kill_moment(&mut self, id: &str, killed: DateTime<Utc>) -> KillMoment {
        let record = self.setup.store().find_record(id.parse().expect("an id")).expect("an answer");
        self.tally.record_unless(record.is_some(), Violation::Record, || format!("{id}: no record"));
        let Some(record) = record.filter(|record| record.summary.status != Status::Interrupted) else {
            return match self.follower_state.find_seen(id).report["stage"].as_str() {
                Some("processing") => KillMoment::Processing,
                Some("finalizing") => KillMoment::Finalizing,
                _ => KillMoment::Fetching,
            };
        };
        if record.finished_at <= killed {
            return KillMoment::Ended;
        }
        // It had no worker when the server was killed. Otherwise it continued without a lease.
        let waited = record.timestamps.started_at.is_some_and(|started| started > killed);
        self.tally.record_unless(waited, Violation::Status, || {
            format!("{id}: it went on over a kill at {killed}: {record:?}")
        });
        KillMoment::Waiting
    }

    /// Checks that the catalog equals the sheet, that no run is active, and that every run has its record.
    fn compare_catalog(&mut self, id: &str) {
        let client = TestHttpClient::with_token(self.address());
        super::catalog_check::compare_catalog(&client, self.db, &self.sheet, id, &mut self.tally);
        let active = self.db.count_rows("sync_operations", "status IN ('pending', 'running')");
        self.tally
            .record_unless(active == 0, Violation::Stuck, || format!("{id}: {active} runs are active after its end"));
    }

    /// Counts the records at the end.
    fn count_records(mut self) -> CrashTally {
        let mut known = self.follower_state.followed_runs();
        known.sort_unstable();
        let ids = |table: &str| self.db.select_texts(&format!("SELECT id AS value FROM {table} ORDER BY id"));
        let (runs, records) = (ids("sync_operations"), ids("sync_records"));
        let known: Vec<Option<String>> = known.into_iter().map(Some).collect();
        let each = known == runs && known == records;
        self.tally
            .record_unless(each, Violation::Record, || format!("asked for {known:?}, run {runs:?}, kept {records:?}"));
        (self.tally.runs, self.tally.records) = (known.len(), records.len());
        self.tally
    }
}
