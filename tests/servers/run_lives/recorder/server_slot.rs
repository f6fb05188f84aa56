//! A place for a server, at one address: its processes follow each other.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use super::recording::HistoryRecording;
use crate::servers::run_lives::history::{FaultKind, HistoryEvent, InjectedFault, ProcessLife, RecordedTime};
use crate::support::reserved_port::reserve_port;
use crate::support::server_process::{ServerProcess, ServerSetup};
use crate::support::waiting::WAIT_LIMIT;

/// The pause after a start that failed, for example because the database was locked.
const START_PAUSE: Duration = Duration::from_millis(300);

/// A server and those that take its place after it was killed.
pub(super) struct ServerSlot {
    letter: char,
    setup: ServerSetup,
    data: PathBuf,
    port: u16,
    /// The clock of its processes is moved by the seconds in this file.
    clock_file: PathBuf,
    /// The name of the process that is there now, or is being started.
    name: Mutex<String>,
    life: Mutex<SlotLife>,
}

#[derive(Default)]
struct SlotLife {
    starts: usize,
    process: Option<ServerProcess>,
    begin: RecordedTime,
    up: RecordedTime,
}

impl ServerSlot {
    pub(super) fn new(letter: char, setup: ServerSetup, data: PathBuf, clock_file: PathBuf) -> Self {
        let (name, life) = (Mutex::new(format!("{letter}0")), Mutex::default());
        Self { letter, setup, data, port: reserve_port(), clock_file, name, life }
    }

    pub(super) fn setup(&self) -> &ServerSetup {
        &self.setup
    }

    pub(super) fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// The name of the process that is there now, or is being started.
    pub(super) fn process_name(&self) -> String {
        self.name.lock().expect("the name").clone()
    }

    /// Starts a process, again and again until one is up.
    pub(super) fn start(&self, recording: &HistoryRecording) {
        let mut life = self.life.lock().expect("the process");
        assert!(life.process.is_none(), "{} is up", self.process_name());
        let tried_since = recording.now();
        loop {
            life.starts += 1;
            let name = format!("{}{}", self.letter, life.starts);
            self.name.lock().expect("the name").clone_from(&name);
            life.begin = recording.now();
            match self.setup.launch(self.data.to_str().expect("a path in UTF-8"), self.port).try_up() {
                Ok(process) => {
                    life.up = recording.now();
                    life.process = Some(process);
                    return;
                }
                Err(problem) => {
                    // It was a process all the same, and may have claimed a run.
                    let (begin, gone) = (life.begin, recording.now());
                    let ended = ProcessLife { process: name, begin, up: gone, gone: Some(gone) };
                    recording.add_event(HistoryEvent::Process(ended));
                    let limit = u64::try_from(WAIT_LIMIT.as_micros()).expect("minutes");
                    assert!(recording.now() - tried_since < limit, "no server starts: {problem}");
                    std::thread::sleep(START_PAUSE);
                }
            }
        }
    }

    /// Ends the process by a kill or a shutdown, and starts another one after a pause.
    pub(super) fn replace(&self, fault: FaultKind, pause: Duration, recording: &HistoryRecording) {
        let begin = recording.now();
        let target = self.end_process(fault, recording);
        let in_effect = recording.now();
        std::thread::sleep(pause);
        let lifted = recording.now();
        self.start(recording);
        let end = recording.now();
        recording.add_event(HistoryEvent::Fault(InjectedFault { fault, target, begin, in_effect, lifted, end }));
    }

    /// Ends the process and returns its name.
    pub(super) fn end_process(&self, fault: FaultKind, recording: &HistoryRecording) -> String {
        let mut life = self.life.lock().expect("the process");
        let name = self.process_name();
        if let Some(mut process) = life.process.take() {
            if fault == FaultKind::Shutdown {
                process.stop();
            } else {
                process.kill();
            }
            let (begin, up, gone) = (life.begin, life.up, Some(recording.now()));
            recording.add_event(HistoryEvent::Process(ProcessLife { process: name.clone(), begin, up, gone }));
        }
        name
    }

    /// Records the process that lives to the end, and returns it.
    pub(super) fn finish(self, recording: &HistoryRecording) -> Option<ServerProcess> {
        let name = self.process_name();
        let life = self.life.into_inner().expect("the process");
        let process = ProcessLife { process: name, begin: life.begin, up: life.up, gone: None };
        recording.add_event(HistoryEvent::Process(process));
        life.process
    }

    /// Stops the process (SIGSTOP) for a time.
    pub(super) fn freeze(&self, time: Duration, recording: &HistoryRecording) {
        let life = self.life.lock().expect("the process");
        let Some(process) = &life.process else { return };
        let begin = recording.now();
        process.freeze();
        let in_effect = recording.now();
        std::thread::sleep(time);
        let lifted = recording.now();
        process.thaw();
        let end = recording.now();
        let (fault, target) = (FaultKind::Freeze, self.process_name());
        recording.add_event(HistoryEvent::Fault(InjectedFault { fault, target, begin, in_effect, lifted, end }));
    }

    /// Moves its clock for a time, and back.
    pub(super) fn move_clock(&self, fault: FaultKind, time: Duration, recording: &HistoryRecording) {
        let seconds = if fault == FaultKind::ClockForward { 3600 } else { -3600 };
        let (begin, target) = (recording.now(), self.process_name());
        std::fs::write(&self.clock_file, seconds.to_string()).expect("written");
        let in_effect = recording.now();
        std::thread::sleep(time);
        let lifted = recording.now();
        std::fs::write(&self.clock_file, "0").expect("written");
        let end = recording.now();
        recording.add_event(HistoryEvent::Fault(InjectedFault { fault, target, begin, in_effect, lifted, end }));
    }
}
