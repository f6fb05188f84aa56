//! Writes log lines: readable ones to standard error, and those about runs, fetches and health also to JSON files.

use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use chrono::{SecondsFormat, Utc};
use log::kv::Key;
use log::{Level, LevelFilter, Log, Metadata, Record};
use serde_json::Value;

use super::json_logs;
use super::json_logs::JsonLogs;
use super::log_values::{to_json, to_single_line};
use crate::domain::log_fields::{DETAIL_FIELD, SYNC_ID};

/// Modules whose debug and trace lines contain complete URLs, requests and responses, with tokens and passwords.
const MODULES_THAT_LOG_SECRETS: [&str; 2] = ["ureq", "ureq_proto"];

/// Starts logging to standard error, and to the JSON files in `logs` of `data_dir`. `filter`, in the syntax of
/// `RUST_LOG`, applies to standard error only. Without a data folder no JSON is written.
pub fn start_logging(filter: &str, data_dir: Option<&Path>) {
    let mut builder = env_logger::Builder::new();
    builder.parse_filters(filter).format(format_line);
    for module in MODULES_THAT_LOG_SECRETS {
        builder.filter_module(module, LevelFilter::Warn);
    }
    let stderr = builder.build();
    let max_level = stderr.filter().max(LevelFilter::Info);
    let logger = AppLogger { stderr, json_logs: data_dir.map(|folder| JsonLogs::new(folder.join("logs"))) };
    // Fails only if a logger is set already.
    if log::set_boxed_logger(Box::new(logger)).is_ok() {
        log::set_max_level(max_level);
    }
}

struct AppLogger {
    stderr: env_logger::Logger,
    json_logs: Option<JsonLogs>,
}

impl AppLogger {
    fn write_record(&self, record: &Record<'_>) {
        if is_detail(record) {
            self.stderr.log(&record.to_builder().level(record.level().max(Level::Debug)).build());
        } else {
            self.stderr.log(record);
        }
        if let Some(json_logs) = self.json_logs.as_ref().filter(|_| belongs_to_json_logs(record.metadata())) {
            json_logs.write_record(record);
        }
    }
}

impl Log for AppLogger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.stderr.enabled(metadata) || belongs_to_json_logs(metadata)
    }

    fn log(&self, record: &Record<'_>) {
        // A panic while logging must not fail the sync. The panic hook has reported it.
        let _ = catch_unwind(AssertUnwindSafe(|| self.write_record(record)));
    }

    fn flush(&self) {
        self.stderr.flush();
    }
}

fn belongs_to_json_logs(metadata: &Metadata<'_>) -> bool {
    metadata.level() <= Level::Info && json_logs::find_file(metadata.target()).is_some()
}

fn is_detail(record: &Record<'_>) -> bool {
    record.key_values().get(Key::from_str(DETAIL_FIELD)).is_some_and(|value| to_json(&value).is_some())
}

/// Formats a record as one line without control characters, because messages contain text from outside. A line about a
/// run begins with the run's id.
fn format_line(out: &mut env_logger::fmt::Formatter, record: &Record<'_>) -> io::Result<()> {
    let id = record.key_values().get(Key::from_str(SYNC_ID)).and_then(|id| to_json(&id));
    let prefix = id.as_ref().and_then(Value::as_str).map(|id| format!("{id}: ")).unwrap_or_default();
    let message = to_single_line(&format!("{prefix}{}", record.args()));
    let time = Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true);
    writeln!(out, "[{time} {:<5} {}] {message}", record.level(), record.target())
}
