//! What was recorded: calls with their answers, processes, faults and published sheets, all on one monotonic clock.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A time on the clock of the recorder, in microseconds since its start.
pub(super) type RecordedTime = u64;

/// One second on the clock of the recorder.
pub(super) const ONE_SECOND: RecordedTime = 1_000_000;

/// What a client asked for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "camelCase")]
pub(super) enum CallRequest {
    /// Starts a run; `form` is whether by the form of the page.
    Start {
        source: String,
        action: String,
        form: bool,
    },
    Cancel {
        run: String,
    },
    Undo {
        run: String,
    },
    /// The status JSON of a run.
    Status {
        run: String,
    },
    /// The panel of a source, with a run or with the active or latest one.
    Panel {
        source: String,
        run: Option<String>,
    },
    /// The record of a run.
    Record {
        run: String,
    },
    /// The latest records of a source.
    Records {
        source: String,
    },
    /// How many items a source has of each edition.
    Items {
        source: String,
    },
    /// A page of the records after the end, when all faults are over and no run is active any more.
    FinalRecords {
        page: u64,
    },
}

/// The whole answer. Of pages and lists, what the checker reads.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct CallAnswer {
    pub(super) status: u16,
    pub(super) body: Value,
}

/// A call of a client.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct RecordedCall {
    pub(super) client: String,
    /// The process that was asked: the name of the server and the number of its start, as `A2`. `None` if the server
    /// was started anew during the call.
    pub(super) process: Option<String>,
    pub(super) begin: RecordedTime,
    pub(super) end: RecordedTime,
    pub(super) request: CallRequest,
    /// `None` if no answer came. Such a request may take effect at any later time.
    pub(super) answer: Option<CallAnswer>,
}

/// The life of a process.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct ProcessLife {
    pub(super) process: String,
    /// Before it was started.
    pub(super) begin: RecordedTime,
    /// When it was up.
    pub(super) up: RecordedTime,
    /// When it was surely gone; `None` if it lived to the end.
    pub(super) gone: Option<RecordedTime>,
}

/// What went wrong on purpose.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum FaultKind {
    /// A process is killed and started again.
    Kill,
    /// A process is asked to shut down and started again.
    Shutdown,
    /// A process is stopped (SIGSTOP) and continued.
    Freeze,
    /// The clock of a process is moved by an hour, and back.
    ClockForward,
    ClockBack,
    /// The database cannot be reached, or not be written.
    DatabaseAway,
    /// Redis was killed and is started again, empty.
    RedisKilled,
    /// Redis is stopped and continued.
    RedisFrozen,
}

/// A fault.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct InjectedFault {
    pub(super) fault: FaultKind,
    /// The process or the service.
    pub(super) target: String,
    /// Before the fault was injected.
    pub(super) begin: RecordedTime,
    /// When it was surely in effect.
    pub(super) in_effect: RecordedTime,
    /// Before it was lifted.
    pub(super) lifted: RecordedTime,
    /// When it was surely over.
    pub(super) end: RecordedTime,
}

/// A new version of a sheet: each row has its edition in a column.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct PublishedSheet {
    pub(super) source: String,
    pub(super) edition: u64,
    pub(super) rows: u64,
    pub(super) begin: RecordedTime,
    pub(super) end: RecordedTime,
}

/// One line of a history.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "camelCase")]
pub(super) enum HistoryEvent {
    /// How the history was made.
    Setup {
        seed: u64,
        sqlite: bool,
        status_store: String,
        servers: usize,
    },
    Call(RecordedCall),
    Process(ProcessLife),
    Fault(InjectedFault),
    Sheet(PublishedSheet),
}

/// A recorded history, in parts.
#[derive(Clone, Default, PartialEq, Debug)]
pub(super) struct RunHistory {
    pub(super) seed: u64,
    /// On SQLite a frozen process may hold the only write lock.
    pub(super) sqlite: bool,
    pub(super) status_store: String,
    pub(super) servers: usize,
    pub(super) calls: Vec<RecordedCall>,
    pub(super) processes: Vec<ProcessLife>,
    pub(super) faults: Vec<InjectedFault>,
    pub(super) sheets: Vec<PublishedSheet>,
}

impl RunHistory {
    /// Adds a line.
    pub(super) fn add_event(&mut self, event: HistoryEvent) {
        match event {
            HistoryEvent::Setup { seed, sqlite, status_store, servers } => {
                (self.seed, self.sqlite, self.status_store, self.servers) = (seed, sqlite, status_store, servers);
            }
            HistoryEvent::Call(call) => self.calls.push(call),
            HistoryEvent::Process(life) => self.processes.push(life),
            HistoryEvent::Fault(fault) => self.faults.push(fault),
            HistoryEvent::Sheet(sheet) => self.sheets.push(sheet),
        }
    }

    /// All lines: first how the history was made, then what happened, in its order.
    pub(super) fn list_events(&self) -> Vec<HistoryEvent> {
        let mut events: Vec<(RecordedTime, HistoryEvent)> = Vec::new();
        events.extend(self.calls.iter().map(|call| (call.begin, HistoryEvent::Call(call.clone()))));
        events.extend(self.processes.iter().map(|life| (life.begin, HistoryEvent::Process(life.clone()))));
        events.extend(self.faults.iter().map(|fault| (fault.begin, HistoryEvent::Fault(fault.clone()))));
        events.extend(self.sheets.iter().map(|sheet| (sheet.begin, HistoryEvent::Sheet(sheet.clone()))));
        events.sort_by_key(|(begin, _)| *begin);
        let status_store = self.status_store.clone();
        let setup = HistoryEvent::Setup { seed: self.seed, sqlite: self.sqlite, status_store, servers: self.servers };
        [setup].into_iter().chain(events.into_iter().map(|(_, event)| event)).collect()
    }

    /// Writes the history as JSON lines.
    pub(super) fn write_file(&self, path: &Path) -> io::Result<()> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut file = BufWriter::new(File::create(path)?);
        for event in self.list_events() {
            writeln!(file, "{}", serde_json::to_string(&event)?)?;
        }
        file.flush()
    }

    /// Reads a history from JSON lines.
    pub(super) fn read_file(path: &Path) -> io::Result<Self> {
        let mut history = Self::default();
        for line in BufReader::new(File::open(path)?).lines() {
            history.add_event(serde_json::from_str(&line?)?);
        }
        history.calls.sort_by_key(|call| call.begin);
        Ok(history)
    }
}
