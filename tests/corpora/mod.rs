//! Inputs from public bug reports, rebuilt in `reports/`, each with the outcome that its user expects.

mod feeds;
mod hostile_html;
pub(crate) mod keys;
mod links;
mod pollution;
mod ragged;
mod reader_answers;
mod reported_outcomes;
mod respelled_keys;
mod server_answers;
mod sheet_rows;
mod source_probes;
mod tables;

use std::path::PathBuf;

/// The path of the file `name` of `tests/corpora/reports`, whose README describes the right outcome of each.
pub(crate) fn report_path(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpora/reports")).join(name)
}

/// The content of the file `name` of `tests/corpora/reports`.
pub(crate) fn read_report(name: &str) -> Vec<u8> {
    std::fs::read(report_path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}
