//! The log files that servers write to `logs` in their data folder.

use std::fs;

use serde_json::Value;

use super::server_process::{ServerProcess, ServerSetup};
use super::waiting::wait_for;

/// The lines of a file and of its old ones, each of which must be a line of JSON.
pub(crate) fn read_log_lines(setup: &ServerSetup, file: &str) -> Vec<Value> {
    let names = [format!("{file}.2"), format!("{file}.1"), file.to_owned()];
    let texts = names.iter().filter_map(|name| fs::read_to_string(setup.path("data/logs").join(name)).ok());
    let text: String = texts.collect();
    // The last line may be incomplete.
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}"))).collect()
}

/// The lines about a run.
pub(crate) fn read_run_lines(setup: &ServerSetup, file: &str, id: &str) -> Vec<Value> {
    read_log_lines(setup, file).into_iter().filter(|line| line["syncId"] == id).collect()
}

/// The event of each line.
pub(crate) fn event_names(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["event"].as_str().expect("an event")).collect()
}

/// Starts a sync and waits until its end is logged; returns its id and that line.
pub(crate) fn sync_until_logged(setup: &ServerSetup, server: &ServerProcess, slug: &str) -> (String, Value) {
    let id = server.start_sync(slug);
    let mut ended = Value::Null;
    wait_for("the line of the end", || {
        let found = read_run_lines(setup, "sync.jsonl", &id).into_iter().find(|line| line["event"] == "ended");
        found.map(|line| ended = line).is_some()
    });
    (id, ended)
}
