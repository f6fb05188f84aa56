//! The kind `csv`: a CSV file at a URL, on this server's disk, uploaded, or inside the binary (the sample).

mod correction;
pub(super) mod decoding_reader;
pub(super) mod delimiter;
mod end_mark;
mod open_record;
mod other_format;
mod raw_positions;
pub(super) mod record;
pub(super) mod record_reader;
mod row_replacement;
pub(super) mod structure_errors;
pub(super) mod table;
pub(super) mod text_survey;
mod written_record;

use std::path::PathBuf;
use std::sync::Arc;

use url::Url;

use super::file_name::file_title;
use super::file_signature::refuse_binary;
use super::http::body_file::BodyFile;
use super::http::request::OutgoingRequest;
use super::http::response_status;
use super::http::web_address::RedirectScope;
use super::http::{FetchResponse, HttpClient};
use super::local_file::LocalFileReader;
use super::location_label::location_label;
use super::sheet_address::{refuse_partial_sheet, refuse_partial_sheet_at};
use super::{FetchError, FetchObserver, FetchOutcome, FetchRequest, SilentObserver, SourceKind};
use crate::domain::location::SourceLocation;
use crate::domain::progress::StageWeights;
use crate::domain::read_options::{ReadOptions, ReadSetting};
use crate::domain::rows::corrected_rows::{CorrectionRefusal, SkippedRows};
use crate::domain::run_text::run_progress::fetching_message;
use crate::domain::source::{Source, Validators};
use crate::domain::source_form_spec::{SourceFormSpec, UploadField};
use correction::FileCorrection;
use table::CsvTable;

const ONE_URL_MESSAGE: &str = "A CSV source has exactly one URL. Add one source for each file.";

/// Mirrors a CSV file.
#[derive(Debug)]
pub(super) struct CsvKind {
    pub(super) client: Arc<HttpClient>,
    pub(super) uploads_dir: PathBuf,
    pub(super) sample: &'static [u8],
}

impl SourceKind for CsvKind {
    fn name(&self) -> &'static str {
        "csv"
    }

    fn label(&self, location: &SourceLocation) -> &'static str {
        match location {
            SourceLocation::Url(_) | SourceLocation::Urls(_) => "CSV by link",
            SourceLocation::File(_) => "CSV file on the server",
            SourceLocation::Upload(_) => "Uploaded CSV",
            SourceLocation::Sample => "Sample catalog",
        }
    }

    fn check_location(&self, location: &SourceLocation) -> Result<(), String> {
        match location {
            SourceLocation::Url(address) => {
                refuse_partial_sheet(&self.client, address).map_err(|error| error.to_string())
            }
            SourceLocation::Urls(_) => Err(ONE_URL_MESSAGE.to_owned()),
            SourceLocation::File(_) | SourceLocation::Upload(_) | SourceLocation::Sample => Ok(()),
        }
    }

    fn form_spec(&self) -> SourceFormSpec {
        SourceFormSpec {
            about: "A table with a header: commas, semicolons or tabs, by link or from this computer",
            label: "Link to the file",
            placeholder: "https://example.org/albums.csv",
            file: Some(UploadField {
                label: "Or a file from this computer",
                accept: ".csv,.tsv,.txt,text/csv,.xlsx,.xlsm,.xlsb,.xls,.ods",
                help: "Commas, semicolons or tabs, in any common encoding. The first row contains the column names. \
                       Excel and OpenDocument files work, too.",
            }),
            ..SourceFormSpec::with_link("CSV file")
        }
    }

    fn read_settings(&self) -> &'static [ReadSetting] {
        &[ReadSetting::Encoding, ReadSetting::HeaderRow, ReadSetting::HeaderMismatch]
    }

    fn stage_weights(&self) -> StageWeights {
        StageWeights { fetching: 10, processing: 80, finalizing: 10 }
    }

    fn fetching_message(&self, source: &Source) -> String {
        let from = location_label(&source.location, "the uploaded file");
        fetching_message(&source.noun, &from)
    }

    fn fetch(
        &self,
        source: &Source,
        fetch_request: &FetchRequest<'_>,
        observer: &dyn FetchObserver,
    ) -> Result<FetchOutcome, FetchError> {
        let table =
            CsvFetch { client: &self.client, options: &source.read_options, rows_above: 0, fetch_request, observer };
        let reader = LocalFileReader {
            client: &self.client,
            uploads_dir: &self.uploads_dir,
            expected: "CSV file",
            fetch_request,
            observer,
        };
        let content = match &source.location {
            SourceLocation::Url(address) => {
                refuse_partial_sheet(&self.client, address)?;
                let check_redirect = |url: &Url| refuse_partial_sheet_at(&self.client, url);
                return table.fetch(OutgoingRequest {
                    check_redirect: &check_redirect,
                    ..OutgoingRequest::table(address, RedirectScope::Anywhere)
                });
            }
            SourceLocation::Urls(_) => {
                return Err(FetchError::failed("bad_address", ONE_URL_MESSAGE));
            }
            SourceLocation::File(path) => reader.copy_file(path)?,
            SourceLocation::Upload(name) => reader.copy_upload(name)?,
            SourceLocation::Sample => reader.copy_content(self.sample, self.sample.len() as u64, "The sample")?,
        };
        table.open(content, None, Validators::default())
    }

    fn accepts_corrected_rows(&self, location: &SourceLocation) -> bool {
        matches!(location, SourceLocation::Upload(_))
    }

    fn correct_rows(
        &self,
        source: &Source,
        skipped: &SkippedRows,
        corrected: &str,
        request: &FetchRequest<'_>,
    ) -> Result<u64, CorrectionRefusal> {
        let reader = LocalFileReader {
            client: &self.client,
            uploads_dir: &self.uploads_dir,
            expected: "CSV file",
            fetch_request: request,
            observer: &SilentObserver,
        };
        FileCorrection { reader, source, skipped }.apply(corrected)
    }
}

/// The fetch of one table: how to read it, and within which limits.
pub(super) struct CsvFetch<'a> {
    pub(super) client: &'a HttpClient,
    pub(super) options: &'a ReadOptions,
    /// How many rows of the tab are above the table. Row numbers begin after them.
    pub(super) rows_above: u64,
    pub(super) fetch_request: &'a FetchRequest<'a>,
    pub(super) observer: &'a dyn FetchObserver,
}

impl CsvFetch<'_> {
    /// Fetches the table that `request` describes.
    ///
    /// # Errors
    /// The error of the request, or of content that is not a table ([`CsvTable::open`]).
    pub(super) fn fetch(&self, request: OutgoingRequest<'_>) -> Result<FetchOutcome, FetchError> {
        let Self { client, fetch_request, observer, .. } = self;
        let request = request.with_validators(fetch_request.validators, fetch_request.mode);
        let FetchResponse::Body(body) = client.send(&request, fetch_request, *observer)? else {
            return Ok(FetchOutcome::Unchanged(None));
        };
        if let Some(title) = file_title(&body.headers, client.settings.is_google(&body.url)) {
            observer.report_title(&title);
        }
        let (validators, charset) = (body.validators(), response_status::declared_charset(&body.headers));
        self.open(body.content, charset.as_deref(), validators)
    }

    /// Opens fetched content as a table, unless it is unchanged. `validators` are those of its response.
    fn open(
        &self,
        mut content: BodyFile,
        charset: Option<&str>,
        validators: Validators,
    ) -> Result<FetchOutcome, FetchError> {
        let Self { options, rows_above, fetch_request, observer, .. } = *self;
        let validators = Validators { body_hash: Some(content.hash.clone()), ..validators };
        if fetch_request.is_unchanged(fetch_request.validators, &content.hash) {
            return Ok(FetchOutcome::Unchanged(Some(validators)));
        }
        refuse_binary(&content, "not_csv", "a CSV file")?;
        end_mark::remove_end_marks(&mut content, observer)?;
        let table = CsvTable::open(content, charset, validators, options, rows_above, observer)?;
        Ok(FetchOutcome::Content(Box::new(table)))
    }
}
