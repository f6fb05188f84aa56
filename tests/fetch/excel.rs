//! Workbooks of every format: cells as plain text, tabs, headers, and what is hidden.

mod bounds;
mod broken;
mod formats;
mod signatures;
mod unread_values;
mod xlsb;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use lockstep::domain::issue::Issue;
use lockstep::domain::location::SourceLocation;
use lockstep::domain::read_options::ReadOptions;
use lockstep::domain::source::{Source, Validators};
use lockstep::fetch::{FetchError, FetchObserver, FetchOutcome, FetchRequest, FetchedContent};

use super::{FetchSetup, source_of_kind};

/// Records issues, and cancels after a number of checks.
pub(super) struct WorkbookObserver {
    issues: Mutex<Vec<Issue>>,
    questions: AtomicU64,
    stops_after: u64,
}

impl WorkbookObserver {
    pub(super) fn stopping_after(questions: u64) -> Self {
        Self { issues: Mutex::default(), questions: AtomicU64::new(0), stops_after: questions }
    }

    fn issue_reasons(&self) -> Vec<String> {
        self.issues.lock().expect("issues").iter().map(|issue| issue.reason.clone()).collect()
    }
}

impl FetchObserver for WorkbookObserver {
    fn report_received(&self, _: u64, _: Option<u64>) {}

    fn report_wait(&self, _: &str, _: DateTime<Utc>) {}

    fn report_issue(&self, issue: Issue) {
        self.issues.lock().expect("issues").push(issue);
    }

    fn should_stop(&self) -> bool {
        self.questions.fetch_add(1, Ordering::Relaxed) >= self.stops_after
    }
}

/// What was read, and what was noted.
pub(super) struct WorkbookReading {
    pub(super) content: Box<dyn FetchedContent>,
    pub(super) issue_reasons: Vec<String>,
}

impl WorkbookReading {
    pub(super) fn list_cells(&self) -> Vec<Vec<String>> {
        super::read_cells(&*self.content)
    }

    pub(super) fn row_numbers(&self) -> Vec<u64> {
        super::read_rows(&*self.content).iter().map(|row| row.number).collect()
    }
}

/// Reads a workbook with these options.
pub(super) fn read_with(
    setup: &FetchSetup,
    location: &SourceLocation,
    options: ReadOptions,
) -> Result<WorkbookReading, FetchError> {
    let observer = WorkbookObserver::stopping_after(u64::MAX);
    let nothing = Validators::default();
    let source = Source { read_options: options, ..source_of_kind("excel", location.clone()) };
    let request = FetchRequest { total_timeout: setup.run, ..FetchRequest::for_probe(&nothing, setup.timeout) };
    match setup.source_kinds().get("excel").expect("the kind").fetch(&source, &request, &observer)? {
        FetchOutcome::Content(content) => Ok(WorkbookReading { content, issue_reasons: observer.issue_reasons() }),
        FetchOutcome::Unchanged(_) => panic!("a full fetch is never unchanged"),
    }
}

pub(super) fn read_workbook(setup: &FetchSetup, location: &SourceLocation) -> Result<WorkbookReading, FetchError> {
    read_with(setup, location, ReadOptions::default())
}

/// Writes a workbook to a file and reads it.
pub(super) fn read_bytes(setup: &FetchSetup, bytes: &[u8]) -> Result<WorkbookReading, FetchError> {
    let path = setup.folder.path().join("a.workbook");
    std::fs::write(&path, bytes).expect("written");
    read_workbook(setup, &SourceLocation::File(path))
}

/// A setup whose fetches may take as long as a slow machine needs.
pub(super) fn patient_setup() -> FetchSetup {
    FetchSetup::new().with_timeout(Duration::from_secs(1800)).with_run_limit(Duration::from_secs(1800))
}

pub(super) fn select_tab(name: &str) -> ReadOptions {
    ReadOptions { tab: Some(name.to_owned()), ..ReadOptions::default() }
}

fn archive_of(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let parts: Vec<(&str, Vec<u8>)> = parts.iter().map(|(name, content)| (*name, content.to_vec())).collect();
    crate::support::workbook_builder::zip_archive(&parts)
}

/// Runs `read`; returns its result, and by how many kB it raised the peak memory of this process.
pub(super) fn memory_growth<T>(read: impl FnOnce() -> T) -> (T, u64) {
    // The first fetch allocates what all fetches share.
    let small =
        crate::support::workbook_builder::XlsxBuilder::of_rows(&crate::support::workbook_builder::text_row(1, &["id"]));
    drop(read_bytes(&patient_setup(), &small.bytes()));
    // Resets the peak memory (proc(5), clear_refs).
    std::fs::write("/proc/self/clear_refs", "5").expect("Linux takes it");
    let before = super::peak_memory();
    let result = read();
    (result, super::peak_memory().saturating_sub(before))
}
