//! Where log lines go: readable ones to standard error, as the filter says; those of the journals also to their files,
//! whatever the filter says.

use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use log::kv::Key;
use log::{Level, LevelFilter, Log, Metadata, Record};
use serde_json::Value;

use super::json_logs;
use super::json_logs::JsonLogs;
use crate::domain::log_fields::{DETAIL, SYNC_ID};

/// Sends log lines to standard error, with their times, and those of the journals to `logs` in the data folder, too.
/// `filter` is for standard error alone, in the words of `RUST_LOG`; without a data folder nothing is kept.
pub fn start_logging(filter: &str, data_dir: Option<&Path>) {
    let mut builder = env_logger::Builder::new();
    builder.parse_filters(filter).format(one_line);
    // They tell of whole addresses and, at trace, of every byte of a request and its answer: tokens and passwords.
    for telltale in ["ureq", "ureq_proto"] {
        builder.filter_module(telltale, LevelFilter::Warn);
    }
    let readable = builder.build();
    let most = readable.filter().max(LevelFilter::Info);
    let logger = AppLogger { readable, journal: data_dir.map(|folder| JsonLogs::new(folder.join("logs"))) };
    // It fails only if a logger is there already.
    if log::set_boxed_logger(Box::new(logger)).is_ok() {
        log::set_max_level(most);
    }
}

struct AppLogger {
    readable: env_logger::Logger,
    journal: Option<JsonLogs>,
}

impl AppLogger {
    fn take(&self, record: &Record<'_>) {
        if is_detail(record) {
            self.readable.log(&record.to_builder().level(record.level().max(Level::Debug)).build());
        } else {
            self.readable.log(record);
        }
        if let Some(journal) = self.journal.as_ref().filter(|_| is_kept(record.metadata())) {
            journal.take(record);
        }
    }
}

impl Log for AppLogger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.readable.enabled(metadata) || is_kept(metadata)
    }

    fn log(&self, record: &Record<'_>) {
        // Whatever is wrong with a line, it must not cost the sync that it tells of; the panic hook has said where.
        let _ = catch_unwind(AssertUnwindSafe(|| self.take(record)));
    }

    fn flush(&self) {
        self.readable.flush();
    }
}

fn is_kept(metadata: &Metadata<'_>) -> bool {
    metadata.level() <= Level::Info && json_logs::file_of(metadata.target()).is_some()
}

fn is_detail(record: &Record<'_>) -> bool {
    record.key_values().get(Key::from_str(DETAIL)).is_some_and(|value| json_logs::json(&value).is_some())
}

/// One record, one line: what comes from outside and gets into a message can neither begin a line of its own nor speak
/// to a terminal. A line about a run begins with its id.
fn one_line(out: &mut env_logger::fmt::Formatter, record: &Record<'_>) -> io::Result<()> {
    let id = record.key_values().get(Key::from_str(SYNC_ID)).and_then(|id| json_logs::json(&id));
    let id = id.as_ref().and_then(Value::as_str).map(|id| format!("{id}: ")).unwrap_or_default();
    let message = json_logs::clean(&format!("{id}{}", record.args()));
    writeln!(out, "[{} {:<5} {}] {message}", out.timestamp(), record.level(), record.target())
}
