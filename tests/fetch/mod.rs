//! Fetching, tested with a stub server that injects faults and with files of other projects.

mod corrected_rows;
mod excel;
mod failing_sources;
mod feeds;
mod files;
mod google;
mod google_errors;
mod guards;
mod http_quirks;
mod odd_csv_files;
mod pages;
mod reader;
mod refused_redirects;
mod sheets;
mod timing;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use lockstep::domain::location::SourceLocation;
use lockstep::domain::operation::Mode;
use lockstep::domain::rows::row::TextRow;
use lockstep::domain::source::{Source, SourceId, Validators};
use lockstep::fetch::{
    FetchError, FetchObserver, FetchOutcome, FetchRequest, FetchedContent, KindSettings, SourceKinds,
};

use crate::support::waiting::WAIT_LIMIT;

const SAMPLE: &[u8] = b"id,artist\n1,Miles Davis\n";

/// The settings and limits of fetches without an engine. Fetches from 127.0.0.1 are allowed.
pub(super) struct FetchSetup {
    pub(super) folder: tempfile::TempDir,
    pub(super) settings: KindSettings,
    pub(super) timeout: Duration,
    /// The limit of the whole run.
    pub(super) run: Duration,
}

impl FetchSetup {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut settings = KindSettings::in_data_dir(folder.path(), SAMPLE);
        settings.allow_hosts = "127.0.0.1".parse().expect("a list");
        Self { folder, settings, timeout: WAIT_LIMIT, run: WAIT_LIMIT }
    }

    pub(super) fn allow_hosts(mut self, hosts: &str) -> Self {
        self.settings.allow_hosts = hosts.parse().expect("a list");
        self
    }

    pub(super) fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    pub(super) fn with_run_limit(mut self, limit: Duration) -> Self {
        self.run = limit;
        self
    }

    pub(super) fn source_kinds(&self) -> SourceKinds {
        SourceKinds::built_in(self.settings.clone())
    }

    pub(super) fn fetch(
        &self,
        kind: &str,
        location: &SourceLocation,
        known: Option<&Validators>,
        observer: &dyn FetchObserver,
    ) -> Result<FetchOutcome, FetchError> {
        let nothing = Validators::default();
        let mode = if known.is_some() { Mode::Incremental } else { Mode::Full };
        let validators = known.unwrap_or(&nothing);
        let request =
            FetchRequest { mode, total_timeout: self.run, ..FetchRequest::for_probe(validators, self.timeout) };
        self.source_kinds().get(kind).expect("a kind").fetch(
            &source_of_kind(kind, location.clone()),
            &request,
            observer,
        )
    }

    /// The content of a CSV file at an address.
    pub(super) fn fetch_url(&self, url: &str) -> Result<Box<dyn FetchedContent>, FetchError> {
        self.fetch_content("csv", &SourceLocation::Url(url.to_owned()))
    }

    pub(super) fn fetch_content(
        &self,
        kind: &str,
        location: &SourceLocation,
    ) -> Result<Box<dyn FetchedContent>, FetchError> {
        match self.fetch(kind, location, None, &RecordingObserver::default())? {
            FetchOutcome::Content(content) => Ok(content),
            FetchOutcome::Unchanged(_) => panic!("a full fetch is never unchanged"),
        }
    }

    /// The code and the message of a fetch that must fail.
    pub(super) fn fetch_failure(&self, url: &str) -> (&'static str, String) {
        expect_failure(self.fetch_url(url).map(drop))
    }
}

pub(super) fn source_of_kind(kind: &str, location: SourceLocation) -> Source {
    Source {
        id: SourceId(1),
        slug: "albums".parse().expect("a slug"),
        name: "Albums".to_owned(),
        noun: "album/albums".parse().expect("a noun"),
        kind: kind.to_owned(),
        location,
        key_column: "id".to_owned(),
        schedule: None,
        public: false,
        read_options: lockstep::domain::read_options::ReadOptions::default(),
        stale_after: None,
        paused_at: None,
        page: lockstep::domain::public_page::PublicPage::default(),
    }
}

pub(super) fn expect_failure<T>(result: Result<T, FetchError>) -> (&'static str, String) {
    match result {
        Err(FetchError::Failed { code, message }) => (code, message),
        Err(FetchError::Stopped) => ("stopped", String::new()),
        Ok(_) => panic!("this must fail"),
    }
}

pub(super) fn read_rows(content: &dyn FetchedContent) -> Vec<TextRow> {
    content.rows().expect("rows").map(|row| row.expect("a row")).collect()
}

pub(super) fn read_cells(content: &dyn FetchedContent) -> Vec<Vec<String>> {
    read_rows(content).into_iter().map(|row| row.cells).collect()
}

/// An observer that records what it is given and cancels when `stop` is set.
#[derive(Default)]
pub(super) struct RecordingObserver {
    pub(super) stop: AtomicBool,
    pub(super) bytes: AtomicU64,
    pub(super) waits: Mutex<Vec<(String, DateTime<Utc>)>>,
}

impl FetchObserver for RecordingObserver {
    fn report_received(&self, bytes: u64, _: Option<u64>) {
        self.bytes.store(bytes, Ordering::Relaxed);
    }

    fn report_wait(&self, host: &str, until: DateTime<Utc>) {
        self.waits.lock().expect("waits").push((host.to_owned(), until));
    }

    fn should_stop(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// The most memory this process had in use so far, in kB.
pub(super) fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("the status of this process");
    let line = status.lines().find(|line| line.starts_with("VmHWM")).expect("the line");
    line.split_whitespace().nth(1).expect("a number").parse().expect("a number")
}
