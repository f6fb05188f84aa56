//! Captures what the process of a test logs.

use std::sync::{Mutex, Once};

use lockstep::domain::log_fields::SYNC_ID;
use log::kv::Key;
use log::{Level, LevelFilter, Log, Metadata, Record};

static LINES: Mutex<Vec<(Level, String)>> = Mutex::new(Vec::new());

struct CapturedLog;

impl Log for CapturedLog {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        // As on standard error: a line about a run begins with its id.
        let run = record.key_values().get(Key::from_str(SYNC_ID)).map(|id| format!("{id}: ")).unwrap_or_default();
        LINES.lock().expect("the lines").push((record.level(), format!("{run}{}", record.args())));
    }

    fn flush(&self) {}
}

/// Records what is logged from here on.
pub(crate) fn start_capture() {
    static OPENED: Once = Once::new();
    OPENED.call_once(|| {
        log::set_logger(&CapturedLog).expect("no other logger");
        log::set_max_level(LevelFilter::Debug);
    });
}

/// The warnings and errors that name `what`, such as the id of a run.
pub(crate) fn captured_warnings(what: &str) -> Vec<String> {
    let lines = LINES.lock().expect("the lines");
    lines
        .iter()
        .filter(|(level, line)| *level <= Level::Warn && line.contains(what))
        .map(|(_, line)| line.clone())
        .collect()
}

/// Everything that was logged, whatever its level.
pub(crate) fn captured_text() -> String {
    LINES.lock().expect("the lines").iter().map(|(_, line)| format!("{line}\n")).collect()
}
