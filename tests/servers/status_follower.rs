//! A poller that runs across restarts of the server and checks every answer.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::crash_tally::{CrashTally, Violation};
use crate::support::http_client::TestHttpClient;
use crate::support::server_process::{ServerAnswer, ServerProcess};

/// The pause between two polls while a status changes.
const SHORT_PAUSE: Duration = Duration::from_millis(20);
/// The pause after a second without changes: there are many pollers, and leases take long to expire.
const LONG_PAUSE: Duration = Duration::from_millis(100);

/// What a poller has seen of one run.
#[derive(Clone, Default)]
pub(super) struct FollowedRun {
    /// The last status JSON.
    pub(super) report: Value,
    /// The highest percentage in any answer.
    percent: u64,
    /// When it was first seen to have ended.
    pub(super) ended: Option<Instant>,
    /// When it was first seen in its final transaction.
    pub(super) finalizing: Option<Instant>,
}

impl FollowedRun {
    pub(super) fn status(&self) -> &str {
        self.report["status"].as_str().unwrap_or_default()
    }

    pub(super) fn successor(&self) -> Option<&str> {
        self.report["successor"].as_str()
    }
}

#[derive(Default)]
struct FollowerNotes {
    /// All followed runs; the last one is polled most often.
    runs: Vec<String>,
    seen: HashMap<String, FollowedRun>,
    /// The time of the last change.
    news: Option<Instant>,
    tally: CrashTally,
}

/// The state that a poller shares with its test.
pub(super) struct FollowerState {
    address: SocketAddr,
    notes: Mutex<FollowerNotes>,
    /// Counts starts and kills: odd while the server is up.
    life: AtomicU64,
    over: AtomicBool,
}

impl FollowerState {
    /// The state for a server that is up.
    fn for_server(address: SocketAddr) -> Self {
        Self { address, notes: Mutex::default(), life: AtomicU64::new(1), over: AtomicBool::new(false) }
    }

    fn lock_notes(&self) -> MutexGuard<'_, FollowerNotes> {
        self.notes.lock().expect("the notes")
    }

    /// Notes that the server is about to be killed, or is up again.
    pub(super) fn note_server_change(&self) {
        self.life.fetch_add(1, Ordering::SeqCst);
        self.lock_notes().news = Some(Instant::now());
    }

    /// Polls this run, too, from now on.
    pub(super) fn follow_run(&self, run: &str) {
        let mut notes = self.lock_notes();
        if !notes.runs.iter().any(|known| known == run) {
            notes.runs.push(run.to_owned());
            notes.news = Some(Instant::now());
        }
    }

    /// All runs that are followed.
    pub(super) fn followed_runs(&self) -> Vec<String> {
        self.lock_notes().runs.clone()
    }

    /// What the poller has seen of a run.
    pub(super) fn find_seen(&self, run: &str) -> FollowedRun {
        self.lock_notes().seen.get(run).cloned().unwrap_or_default()
    }

    /// Polls until it is ended.
    fn poll_until_over(&self) {
        // Visitors of a public catalog poll the panel, API clients the JSON.
        let (api_client, visitor) = (TestHttpClient::with_token(self.address), TestHttpClient::anonymous(self.address));
        for turn in 0_usize.. {
            if self.over.load(Ordering::SeqCst) {
                return;
            }
            let quiet = self.lock_notes().news.is_none_or(|news| news.elapsed() > Duration::from_secs(1));
            std::thread::sleep(if quiet { LONG_PAUSE } else { SHORT_PAUSE });
            let runs = self.followed_runs();
            let Some(last) = runs.last() else { continue };
            // Runs that ended long ago must be answered, too, after every restart.
            let run = if turn % 8 == 0 { &runs[turn / 8 % runs.len()] } else { last };
            if turn % 4 == 1 {
                let path = format!("/catalog/albums/sync-status?sync={run}");
                self.poll_path(&visitor, &path, |notes, answer| notes.take_panel(run, answer));
            } else {
                let path = format!("/api/sync/status/{run}");
                self.poll_path(&api_client, &path, |notes, answer| notes.take_report(run, answer));
            }
        }
    }

    fn poll_path(&self, client: &TestHttpClient, path: &str, take: impl FnOnce(&mut FollowerNotes, &ServerAnswer)) {
        let life = self.life.load(Ordering::SeqCst);
        let started = Instant::now();
        let answer = client.try_get(path);
        let same = self.life.load(Ordering::SeqCst) == life;
        let mut notes = self.lock_notes();
        notes.tally.polls += 1;
        match answer {
            Ok(answer) if answer.status == 200 => take(&mut notes, &answer),
            Ok(ServerAnswer { status, body, .. }) => {
                notes.tally.record_violation(Violation::Poll, format!("{path}: {status} {body}"));
            }
            Err(error) if same && life % 2 == 1 => {
                notes.tally.record_violation(
                    Violation::Poll,
                    format!("{path}: no answer after {:?}: {error}", started.elapsed()),
                );
            }
            Err(_) => {}
        }
    }
}

/// A poller in the background.
pub(super) struct StatusFollower {
    pub(super) state: Arc<FollowerState>,
    polling: Option<JoinHandle<()>>,
}

impl StatusFollower {
    /// Starts to poll the address of this server, whichever process listens there.
    pub(super) fn follow_server(server: &ServerProcess) -> Self {
        let state = Arc::new(FollowerState::for_server(server.address()));
        let asking = Arc::clone(&state);
        Self { state, polling: Some(std::thread::spawn(move || asking.poll_until_over())) }
    }

    /// Ends the poller and asserts that every poll was answered and every status was right.
    pub(super) fn assert_nothing_wrong(self) {
        let tally = self.stop_polling();
        assert!(tally.polls > 0);
        tally.assert_nothing_wrong();
    }

    /// Ends the poller and returns its counts.
    pub(super) fn stop_polling(mut self) -> CrashTally {
        self.state.over.store(true, Ordering::SeqCst);
        self.polling.take().expect("a thread").join().expect("no panic");
        std::mem::take(&mut self.state.lock_notes().tally)
    }
}

impl Drop for StatusFollower {
    fn drop(&mut self) {
        self.state.over.store(true, Ordering::SeqCst);
    }
}

impl FollowerNotes {
    fn take_report(&mut self, run: &str, answer: &ServerAnswer) {
        let report = serde_json::from_str(&answer.body).unwrap_or(Value::Null);
        let Some(percent) = self.note_percent(run, report["progress"].as_u64(), &answer.body) else { return };
        let seen = self.seen.entry(run.to_owned()).or_default();
        let (before, status) = (seen.status().to_owned(), report["status"].as_str().unwrap_or_default());
        let may_follow = match before.as_str() {
            "" | "pending" => ["pending", "running", "completed", "interrupted"].contains(&status),
            "running" => ["running", "completed", "interrupted"].contains(&status),
            ended => ended == status,
        };
        let legal = may_follow && (percent == 100) == (status == "completed") && report["syncId"] == run;
        let waits = report["message"].as_str().is_some_and(|message| message.starts_with("Queued: "));
        let legal = legal && (status == "pending" || !waits);
        self.tally.record_unless(legal, Violation::Status, || format!("{run}: after {before:?} {report}"));
        if !["pending", "running"].contains(&status) {
            seen.ended.get_or_insert_with(Instant::now);
        }
        if report["stage"] == "finalizing" {
            seen.finalizing.get_or_insert_with(Instant::now);
        }
        if seen.report != report {
            self.news = Some(Instant::now());
            seen.report = report;
        }
    }

    fn take_panel(&mut self, run: &str, answer: &ServerAnswer) {
        let after = |mark: &str| Some(answer.body.split_once(mark)?.1.split('"').next().unwrap_or_default().to_owned());
        let bar = answer.body.split_once("id=\"panel-bar\"").and_then(|(_, bar)| bar.split_once(" value=\""));
        let percent = bar.and_then(|(_, value)| value.split('"').next()?.parse().ok());
        if self.note_percent(run, percent, &answer.body).is_some() {
            let own = after("data-sync=\"").as_deref() == Some(run);
            self.tally.record_unless(own, Violation::Status, || format!("{run}: not its panel: {}", answer.body));
        }
    }

    /// Progress never goes back, whichever process answers.
    fn note_percent(&mut self, run: &str, reported: Option<u64>, answer: &str) -> Option<u64> {
        let seen = self.seen.entry(run.to_owned()).or_default();
        let most = seen.percent;
        seen.percent = most.max(reported.unwrap_or(0));
        let sound = reported.is_some_and(|reported| reported >= most);
        self.tally
            .record_unless(sound, Violation::Status, || format!("{run}: {reported:?} % after {most} %: {answer}"));
        reported
    }
}
