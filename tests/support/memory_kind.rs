//! The kind of source `memory`: rows that a test sets, and faults at chosen moments.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lockstep::domain::item::content_digest;
use lockstep::domain::location::SourceLocation;
use lockstep::domain::operation::Mode;
use lockstep::domain::progress::StageWeights;
use lockstep::domain::rows::row::TextRow;
use lockstep::domain::source::{Source, Validators};
use lockstep::fetch::{FetchError, FetchObserver, FetchOutcome, FetchRequest, FetchedContent, RowReader, SourceKind};

use super::pause_point::PausePoint;

/// A fault that a test injects.
#[derive(Clone)]
pub(crate) enum MemoryFault {
    /// The fetch waits at the pause point and does not react to a cancel.
    Wait(PausePoint),
    /// The fetch hangs until the run is cancelled.
    Hang,
    /// The fetch panics.
    Panic,
    /// The fetch fails.
    Break,
    /// The fetch fails with this code.
    FailWith(&'static str),
}

/// When a fault happens.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum FaultMoment {
    /// While fetching.
    Fetch,
    /// Before this row (from 0) of the first pass, which writes nothing.
    Survey(usize),
    /// Before this row (from 0) of the second pass, which writes.
    Apply(usize),
}

/// The rows and the faults of a source.
#[derive(Clone, Default)]
pub(crate) struct MemoryTable {
    columns: Vec<String>,
    rows: Arc<Vec<Vec<String>>>,
    faults: HashMap<FaultMoment, MemoryFault>,
}

impl MemoryTable {
    pub(crate) fn new<R: AsRef<[&'static str]>>(columns: &[&str], rows: &[R]) -> Self {
        let owned = |cells: &[&str]| cells.iter().map(|&cell| cell.to_owned()).collect();
        let rows = rows.iter().map(|row| owned(row.as_ref())).collect();
        Self { columns: owned(columns), rows: Arc::new(rows), faults: HashMap::new() }
    }

    /// Generated rows.
    pub(crate) fn from_rows(columns: &[&str], rows: Vec<Vec<String>>) -> Self {
        let columns = columns.iter().map(|&name| name.to_owned()).collect();
        Self { columns, rows: Arc::new(rows), faults: HashMap::new() }
    }

    /// Albums `1` to `count`, each with a title of this wording.
    pub(crate) fn albums(count: usize, wording: &str) -> Self {
        Self::numbered_albums(1..=count, wording)
    }

    /// Albums with these numbers, each with a title of this wording.
    pub(crate) fn numbered_albums(numbers: impl Iterator<Item = usize>, wording: &str) -> Self {
        let rows = numbers.map(|n| vec![n.to_string(), format!("{wording} {n}")]).collect();
        Self { columns: vec!["id".into(), "title".into()], rows: Arc::new(rows), faults: HashMap::new() }
    }

    /// With a fault at a moment.
    pub(crate) fn with_fault(mut self, moment: FaultMoment, fault: MemoryFault) -> Self {
        self.faults.insert(moment, fault);
        self
    }

    fn apply_fault(&self, moment: FaultMoment, observer: Option<&dyn FetchObserver>) -> Result<(), FetchError> {
        match self.faults.get(&moment) {
            None => Ok(()),
            Some(MemoryFault::Wait(pause_point)) => {
                pause_point.pause();
                Ok(())
            }
            Some(MemoryFault::Hang) => {
                while !observer.is_some_and(FetchObserver::should_stop) {
                    std::thread::sleep(Duration::from_millis(10));
                }
                Err(FetchError::Stopped)
            }
            Some(MemoryFault::Panic) => panic!("a fault that a test set"),
            Some(MemoryFault::FailWith(code)) => Err(FetchError::failed(code, "The source is away.")),
            Some(MemoryFault::Break) => Err(FetchError::failed("broken", "The source broke off.")),
        }
    }
}

/// The kind, with the table of each source.
#[derive(Clone, Default)]
pub(crate) struct MemoryKind(Arc<Mutex<HashMap<String, MemoryTable>>>);

impl MemoryKind {
    /// The name of the kind.
    pub(crate) const KIND: &'static str = "memory";

    /// Sets the table of the source at `place`.
    pub(crate) fn set_table(&self, place: &str, table: MemoryTable) {
        self.0.lock().expect("the tables").insert(place.to_owned(), table);
    }
}

impl SourceKind for MemoryKind {
    fn name(&self) -> &'static str {
        Self::KIND
    }

    fn label(&self, _: &SourceLocation) -> &'static str {
        "Memory"
    }

    fn check_location(&self, _: &SourceLocation) -> Result<(), String> {
        Ok(())
    }

    fn stage_weights(&self) -> StageWeights {
        StageWeights { fetching: 10, processing: 80, finalizing: 10 }
    }

    fn fetching_message(&self, source: &Source) -> String {
        format!("Fetching {} from memory…", source.noun.many)
    }

    fn fetch(
        &self,
        source: &Source,
        request: &FetchRequest<'_>,
        observer: &dyn FetchObserver,
    ) -> Result<FetchOutcome, FetchError> {
        let SourceLocation::Url(place) = &source.location else {
            panic!("memory has places, not {:?}", source.location)
        };
        let table = self.0.lock().expect("the tables").get(place).cloned();
        let table = table.ok_or_else(|| FetchError::failed("not_found", "There is no such table."))?;
        observer.report_received(40, Some(100));
        table.apply_fault(FaultMoment::Fetch, Some(observer))?;
        observer.report_received(100, Some(100));
        let version = content_digest(&format!("{:?}{:?}", table.columns, table.rows));
        let validators = Validators { etag: Some(format!("{version:?}")), ..Validators::default() };
        if request.mode == Mode::Incremental && *request.validators == validators {
            return Ok(FetchOutcome::Unchanged(None));
        }
        Ok(FetchOutcome::Content(Box::new(MemoryContent { table, validators, readings: Mutex::new(0) })))
    }
}

/// Fetched content.
struct MemoryContent {
    table: MemoryTable,
    validators: Validators,
    readings: Mutex<u32>,
}

impl FetchedContent for MemoryContent {
    fn columns(&self) -> &[String] {
        &self.table.columns
    }

    fn validators(&self) -> &Validators {
        &self.validators
    }

    fn byte_count(&self) -> u64 {
        100
    }

    fn line_count(&self) -> u64 {
        self.table.rows.len() as u64 + 1
    }

    fn rows(&self) -> Result<RowReader<'_>, FetchError> {
        let reading = {
            let mut readings = self.readings.lock().expect("the readings");
            *readings += 1;
            *readings
        };
        let width = self.table.columns.len();
        Ok(Box::new(self.table.rows.iter().enumerate().map(move |(at, cells)| {
            let moment = if reading == 1 { FaultMoment::Survey(at) } else { FaultMoment::Apply(at) };
            self.table.apply_fault(moment, None)?;
            let mut cells = cells.clone();
            let surplus = cells.len() > width;
            cells.resize(width, String::new());
            Ok(TextRow { number: at as u64 + 2, cells, surplus, ..TextRow::default() })
        })))
    }
}
