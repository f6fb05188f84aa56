//! The kind of source `pausing`: another kind, whose runs pause while they write rows.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lockstep::domain::columns::column_type::ColumnType;
use lockstep::domain::location::SourceLocation;
use lockstep::domain::progress::StageWeights;
use lockstep::domain::source::{Noun, Source, Validators};
use lockstep::fetch::{
    FetchError, FetchObserver, FetchOutcome, FetchRequest, FetchedContent, RowReader, SourceKind, SourceKinds,
};

use super::pause_point::PausePoint;

/// When a run pauses.
#[derive(Clone)]
pub(crate) struct RowPause {
    /// The run pauses before this row (from 0) of the second pass, which writes.
    pub(crate) row: usize,
    /// Where it pauses.
    pub(crate) pause_point: PausePoint,
}

/// The kind. It does what the kind `inner` does.
pub(crate) struct PausingKind {
    kinds: Arc<SourceKinds>,
    inner: &'static str,
    pause: RowPause,
}

impl PausingKind {
    /// The name of the kind.
    pub(crate) const KIND: &'static str = "pausing";

    /// The kind `inner` of `kinds`, with this pause.
    pub(super) fn new(kinds: Arc<SourceKinds>, inner: &'static str, pause: RowPause) -> Self {
        Self { kinds, inner, pause }
    }

    fn inner(&self) -> &dyn SourceKind {
        self.kinds.get(self.inner).expect("the inner kind")
    }
}

impl SourceKind for PausingKind {
    fn name(&self) -> &'static str {
        Self::KIND
    }

    fn label(&self, location: &SourceLocation) -> &'static str {
        self.inner().label(location)
    }

    fn check_location(&self, location: &SourceLocation) -> Result<(), String> {
        self.inner().check_location(location)
    }

    fn key_column(&self) -> Option<&'static str> {
        self.inner().key_column()
    }

    fn default_noun(&self) -> Noun {
        self.inner().default_noun()
    }

    fn stage_weights(&self) -> StageWeights {
        self.inner().stage_weights()
    }

    fn fetching_message(&self, source: &Source) -> String {
        self.inner().fetching_message(source)
    }

    fn fetch(
        &self,
        source: &Source,
        request: &FetchRequest<'_>,
        observer: &dyn FetchObserver,
    ) -> Result<FetchOutcome, FetchError> {
        Ok(match self.inner().fetch(source, request, observer)? {
            FetchOutcome::Content(content) => FetchOutcome::Content(Box::new(PausingContent {
                content,
                pause: self.pause.clone(),
                passes: AtomicUsize::new(0),
            })),
            unchanged @ FetchOutcome::Unchanged(_) => unchanged,
        })
    }
}

/// The content of the inner kind.
struct PausingContent {
    content: Box<dyn FetchedContent>,
    pause: RowPause,
    passes: AtomicUsize,
}

impl FetchedContent for PausingContent {
    fn columns(&self) -> &[String] {
        self.content.columns()
    }

    fn validators(&self) -> &Validators {
        self.content.validators()
    }

    fn byte_count(&self) -> u64 {
        self.content.byte_count()
    }

    fn line_count(&self) -> u64 {
        self.content.line_count()
    }

    fn is_complete(&self) -> bool {
        self.content.is_complete()
    }

    fn column_type(&self, position: usize) -> Option<ColumnType> {
        self.content.column_type(position)
    }

    fn rows(&self) -> Result<RowReader<'_>, FetchError> {
        let is_second_pass = self.passes.fetch_add(1, Ordering::SeqCst) == 1;
        let rows = self.content.rows()?.enumerate();
        Ok(Box::new(rows.map(move |(at, row)| {
            if is_second_pass && at == self.pause.row {
                self.pause.pause_point.pause();
            }
            row
        })))
    }
}
