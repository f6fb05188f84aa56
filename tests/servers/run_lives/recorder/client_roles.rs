//! What the clients of a round do, until its time is over.

use std::time::Duration;

use super::call_client::{CallClient, run_of, status_of};
use super::published_sheets::{PublishedSheets, SOURCES};
use crate::servers::run_lives::history::CallRequest;
use crate::support::seeded_random::SeededRandom;

/// How often an editor asks for the end of its run before it goes on.
const MAX_FOLLOW_POLLS: usize = 40;

/// What a client does most.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ClientRole {
    /// Changes the sheet of a source, syncs, follows the run, reads the items, and undoes some runs.
    Editor(&'static str),
    /// Starts and cancels at any time.
    Meddler,
    /// Asks for the status of runs, as JSON and as a panel.
    Poller,
    /// Reads records and items.
    Reader,
}

impl ClientRole {
    pub(super) const ALL: [Self; 7] = [
        Self::Editor(SOURCES[0]),
        Self::Editor(SOURCES[1]),
        Self::Meddler,
        Self::Poller,
        Self::Poller,
        Self::Poller,
        Self::Reader,
    ];
}

/// A client at work.
pub(super) struct BusyClient<'a> {
    pub(super) client: CallClient<'a>,
    pub(super) sheets: &'a PublishedSheets,
    pub(super) random: SeededRandom,
    pub(super) duration: Duration,
}

impl BusyClient<'_> {
    /// Works until the time is over.
    pub(super) fn run(&mut self, role: ClientRole) {
        while !self.is_over() {
            match role {
                ClientRole::Editor(source) => self.edit_and_sync(source),
                ClientRole::Meddler => self.meddle(),
                ClientRole::Poller => self.poll(),
                ClientRole::Reader => self.read(),
            }
        }
    }

    fn is_over(&self) -> bool {
        self.client.context().recording.has_lasted(self.duration)
    }

    fn pause(&mut self, from: u64, to: u64) {
        std::thread::sleep(Duration::from_millis(from + self.random.next_below(to - from)));
    }

    fn any_server(&mut self) -> usize {
        let count = self.client.context().slots.len() as u64;
        usize::try_from(self.random.next_below(count)).expect("a few")
    }

    fn call_any(&mut self, request: CallRequest) -> Option<crate::servers::run_lives::history::CallAnswer> {
        let server = self.any_server();
        self.client.call(server, request)
    }

    fn start(&mut self, source: &str) -> Option<String> {
        let action = match self.random.next_below(10) {
            0..4 => "full",
            4..9 => "sync",
            _ => "preview",
        };
        let form = self.random.next_chance(40);
        let request = CallRequest::Start { source: source.to_owned(), action: action.to_owned(), form };
        run_of(&self.call_any(request)?)
    }

    /// Polls a run until it has ended, or for a while; returns the status word.
    fn follow(&mut self, run: &str) -> String {
        let mut status = String::new();
        for _ in 0..MAX_FOLLOW_POLLS {
            let run = run.to_owned();
            let by_record = self.random.next_chance(25);
            let answer =
                self.call_any(if by_record { CallRequest::Record { run } } else { CallRequest::Status { run } });
            status = status_of(answer.as_ref()).to_owned();
            if self.is_over() || !["pending", "running", ""].contains(&status.as_str()) {
                break;
            }
            self.pause(100, 400);
        }
        status
    }

    fn edit_and_sync(&mut self, source: &'static str) {
        if self.random.next_chance(75) {
            self.sheets.publish(source, &mut self.random, self.client.context().recording);
        }
        let Some(run) = self.start(source) else { return self.pause(200, 900) };
        if self.follow(&run) != "completed" {
            return self.pause(50, 400);
        }
        self.call_any(CallRequest::Items { source: source.to_owned() });
        if !self.random.next_chance(35) {
            return self.pause(50, 700);
        }
        let answer = self.call_any(CallRequest::Undo { run: run.clone() });
        if let Some(undo) = answer.as_ref().and_then(run_of)
            && self.follow(&undo) == "completed"
        {
            self.call_any(CallRequest::Items { source: source.to_owned() });
            self.call_any(CallRequest::Undo { run });
        }
        self.pause(50, 400);
    }

    fn meddle(&mut self) {
        self.pause(300, 2500);
        let known = self.client.context().known.pick(&mut self.random);
        match (known, self.random.next_below(10)) {
            (Some((_, run)), 0..3) => {
                self.call_any(CallRequest::Cancel { run });
            }
            (Some((_, run)), 3) => {
                self.call_any(CallRequest::Undo { run });
            }
            (_, 4) => {
                let source = SOURCES[usize::from(self.random.next_chance(50))];
                self.sheets.publish(source, &mut self.random, self.client.context().recording);
            }
            _ => {
                let source = SOURCES[usize::from(self.random.next_chance(50))];
                let started = self.start(source);
                if let Some(run) = started.filter(|_| self.random.next_chance(40)) {
                    self.pause(1, 1500);
                    self.call_any(CallRequest::Cancel { run });
                }
            }
        }
    }

    fn poll(&mut self) {
        self.pause(40, 300);
        let Some((source, run)) = self.client.context().known.pick(&mut self.random) else { return };
        let request = match self.random.next_below(10) {
            0..5 => CallRequest::Status { run },
            5..7 => CallRequest::Record { run },
            7..9 => CallRequest::Panel { source, run: Some(run) },
            _ => CallRequest::Panel { source, run: None },
        };
        self.call_any(request);
    }

    fn read(&mut self) {
        self.pause(100, 800);
        let source = SOURCES[usize::from(self.random.next_chance(50))].to_owned();
        let known = self.client.context().known.pick(&mut self.random);
        match (known, self.random.next_below(10)) {
            (Some((_, run)), 0..3) => self.call_any(CallRequest::Record { run }),
            (_, 3..6) => self.call_any(CallRequest::Records { source }),
            _ => self.call_any(CallRequest::Items { source }),
        };
    }
}
