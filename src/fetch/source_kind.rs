//! The interface that every kind of source implements.

use super::{FetchError, FetchObserver, FetchOutcome, FetchRequest};
use crate::domain::cell_range::CellPlace;
use crate::domain::location::SourceLocation;
use crate::domain::progress::StageWeights;
use crate::domain::read_options::ReadSetting;
use crate::domain::rows::corrected_rows::{CorrectionRefusal, SkippedRows};
use crate::domain::source::{Noun, Source};
use crate::domain::source_form_spec::SourceFormSpec;

/// A kind of source, such as a CSV file or a Google Sheet.
///
/// Two methods do the work: [`check_location`](Self::check_location) validates what an admin entered, without network
/// access, and [`fetch`](Self::fetch) downloads the content. The other methods describe the kind to forms, messages and
/// the sync; those with a default are needed only if a kind differs from a plain table.
///
/// The life of a fetch:
///
/// 1. The sync calls [`fetch`](Self::fetch) with a [`FetchRequest`].
/// 2. The kind reports progress to the [`FetchObserver`], and checks at least every 500 ms whether to stop.
/// 3. It returns [`FetchedContent`](super::FetchedContent), whose rows are in a temporary file.
/// 4. The sync reads the rows, more than once if it has to, and drops the content at the end of the run.
pub trait SourceKind: Send + Sync {
    /// The name of the kind in the database and on the command line, such as `csv`.
    fn name(&self) -> &'static str;

    /// A label for people of a source at `location`, such as "Google Sheet" or "CSV by link".
    fn label(&self, location: &SourceLocation) -> &'static str;

    /// Checks that a source of this kind can be at `location`. Makes no network requests.
    ///
    /// # Errors
    /// A message for people: what is wrong with the location and what it should be.
    fn check_location(&self, location: &SourceLocation) -> Result<(), String>;

    /// The fields and labels of the form that adds a source of this kind.
    fn form_spec(&self) -> SourceFormSpec {
        SourceFormSpec::with_link(self.label(&SourceLocation::Url(String::new())))
    }

    /// Whether `link`, judged by its form alone, can only be a source of this kind. Whether the link can be used is
    /// decided by [`SourceKind::check_location`].
    fn recognizes_link(&self, _link: &str) -> bool {
        false
    }

    /// The notice for an admin who adds a file of this kind as a source of kind `kind`, which then becomes a source of
    /// this kind. `None` if this kind does not replace `kind`.
    fn replacement_notice(&self, _kind: &str) -> Option<&'static str> {
        None
    }

    /// The column that identifies entries, for kinds that define it. `None` if the admin has to name one.
    fn key_column(&self) -> Option<&'static str> {
        None
    }

    /// The settings of [`ReadOptions`](crate::domain::read_options::ReadOptions) that apply to this kind.
    fn read_settings(&self) -> &'static [ReadSetting] {
        &[]
    }

    /// Why the text encoding of this kind cannot be set, as the last clause of a message. Empty if it can be set.
    fn fixed_encoding_reason(&self) -> &'static str {
        ""
    }

    /// Whether sources of this kind may have hidden columns
    /// ([`FetchedContent::hidden_columns`](super::FetchedContent::hidden_columns)).
    fn can_hide_columns(&self) -> bool {
        false
    }

    /// The link to a cell of a source, for kinds that show their cells on web pages. `None` if there is no such page,
    /// or it is unknown.
    fn cell_link(&self, _source: &Source, _place: CellPlace) -> Option<String> {
        None
    }

    /// Whether rows of a source at `location` can be replaced with [`SourceKind::correct_rows`].
    fn accepts_corrected_rows(&self, _location: &SourceLocation) -> bool {
        false
    }

    /// Replaces skipped rows in the content of `source` by the corrected ones in the upload `corrected`. Everything
    /// else stays as it is. Returns how many rows differ.
    ///
    /// # Errors
    /// [`CorrectionRefusal`] when the rows do not fit, or the content is not what the run read. Nothing is changed
    /// then.
    fn correct_rows(
        &self,
        _source: &Source,
        _skipped: &SkippedRows,
        _corrected: &str,
        _request: &FetchRequest<'_>,
    ) -> Result<u64, CorrectionRefusal> {
        Err(CorrectionRefusal::new("not_uploaded", "Only the rows of an uploaded file can be corrected here."))
    }

    /// The noun for entries if the admin sets none.
    fn default_noun(&self) -> Noun {
        Noun::default()
    }

    /// The share of each stage in the progress of a run, in percent.
    fn stage_weights(&self) -> StageWeights;

    /// The message of the fetching stage, such as "Fetching albums from Google Sheets…".
    fn fetching_message(&self, source: &Source) -> String;

    /// Downloads the content of `source` into a temporary file.
    ///
    /// In [`Mode::Incremental`](crate::domain::operation::Mode::Incremental) the validators of the last fully applied
    /// run are sent, and the result is [`FetchOutcome::Unchanged`] if the content is the same.
    ///
    /// # Errors
    /// [`FetchError::Stopped`] after [`FetchObserver::should_stop`] returned `true`. [`FetchError::Failed`] when the
    /// content cannot be fetched completely or is not what the kind reads; its message explains why and what to do.
    fn fetch(
        &self,
        source: &Source,
        request: &FetchRequest<'_>,
        observer: &dyn FetchObserver,
    ) -> Result<FetchOutcome, FetchError>;
}
