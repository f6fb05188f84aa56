//! The kind `csv`: a CSV file at an address, on this server's disk, uploaded in the page, or inside the binary.

pub(in crate::fetch) mod decoding_reader;
pub(in crate::fetch) mod delimiter;
mod end_mark;
mod other_format;
mod record;
pub(in crate::fetch) mod record_reader;
pub(in crate::fetch) mod structure_errors;
pub(in crate::fetch) mod table;
pub(in crate::fetch) mod text_survey;

use std::path::PathBuf;
use std::sync::Arc;

use url::Url;

use super::file_name::file_title;
use super::file_signature::refuse_binary;
use super::http::body_file::BodyFile;
use super::http::request::OutgoingRequest;
use super::http::response_status;
use super::http::web_address::{RedirectScope, parse_web_address};
use super::http::{FetchResponse, HttpClient};
use super::local_file;
use super::local_file::ExpectedFile;
use super::sheet_address::{refuse_partial_sheet, refuse_partial_sheet_at};
use super::{FetchError, FetchObserver, FetchOutcome, FetchRequest, SourceKind};
use crate::domain::location::SourceLocation;
use crate::domain::operation::Mode;
use crate::domain::progress::StageWeights;
use crate::domain::read_options::{ReadOptions, ReadSetting};
use crate::domain::source::{Source, Validators};
use crate::domain::source_form_spec::{SourceFormSpec, UploadField};
use table::CsvTable;

/// What a file of this kind should be, for messages.
const CSV_FILE: ExpectedFile = ExpectedFile("CSV file");

/// Mirrors a CSV file.
#[derive(Debug)]
pub(in crate::fetch) struct CsvKind {
    pub(in crate::fetch) client: Arc<HttpClient>,
    pub(in crate::fetch) uploads_dir: PathBuf,
    pub(in crate::fetch) sample: &'static [u8],
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
            SourceLocation::Urls(_) => Err("A CSV source has one address.".to_owned()),
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
                help: "Commas, semicolons or tabs, in any common encoding. The first row names the columns. Excel and \
                       OpenDocument files are taken, too.",
            }),
            ..SourceFormSpec::link("CSV file")
        }
    }

    fn read_settings(&self) -> &'static [ReadSetting] {
        &[ReadSetting::Encoding, ReadSetting::HeaderRow, ReadSetting::HeaderMismatch]
    }

    fn stage_weights(&self) -> StageWeights {
        StageWeights { fetching: 10, processing: 80, finalizing: 10 }
    }

    fn fetching_message(&self, source: &Source) -> String {
        let from = match &source.location {
            SourceLocation::Url(address) => parse_web_address(address)
                .map_or_else(|_| "its address".to_owned(), |url| response_status::display_host(&url)),
            SourceLocation::Urls(_) => "its addresses".to_owned(),
            SourceLocation::File(path) => path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
            SourceLocation::Upload(_) => "the uploaded file".to_owned(),
            SourceLocation::Sample => "the sample".to_owned(),
        };
        format!("Fetching {} from {from}…", source.noun.many)
    }

    fn fetch(
        &self,
        source: &Source,
        fetch_request: &FetchRequest<'_>,
        observer: &dyn FetchObserver,
    ) -> Result<FetchOutcome, FetchError> {
        let options = &source.read_options;
        let open_content =
            |content| open_table(content, None, Validators::default(), options, 0, fetch_request, observer);
        match &source.location {
            SourceLocation::Url(address) => {
                refuse_partial_sheet(&self.client, address)?;
                let check_redirect = |url: &Url| refuse_partial_sheet_at(&self.client, url);
                let request = OutgoingRequest {
                    check_redirect: &check_redirect,
                    ..OutgoingRequest::table(address, RedirectScope::Anywhere)
                };
                fetch_table(&self.client, request, options, 0, fetch_request, observer)
            }
            SourceLocation::Urls(_) => Err(FetchError::failed("bad_address", "A CSV source has one address.")),
            SourceLocation::File(path) => {
                open_content(local_file::read_file(&self.client, path, CSV_FILE, fetch_request, observer)?)
            }
            SourceLocation::Upload(name) => open_content(local_file::read_upload(
                &self.client,
                &self.uploads_dir,
                name,
                CSV_FILE,
                fetch_request,
                observer,
            )?),
            SourceLocation::Sample => {
                let (sample, named) = (self.sample, ("The sample", CSV_FILE));
                open_content(local_file::copy_content(
                    &self.client,
                    sample,
                    sample.len() as u64,
                    named,
                    fetch_request,
                    observer,
                )?)
            }
        }
    }
}

/// Fetches the table that `request` describes, to be read with `options`. Row numbers begin after `rows_above`.
pub(in crate::fetch) fn fetch_table(
    client: &HttpClient,
    request: OutgoingRequest<'_>,
    options: &ReadOptions,
    rows_above: u64,
    fetch_request: &FetchRequest<'_>,
    observer: &dyn FetchObserver,
) -> Result<FetchOutcome, FetchError> {
    let request = request.with_validators(fetch_request.validators, fetch_request.mode);
    let FetchResponse::Body(body) = client.send(&request, fetch_request, observer)? else {
        return Ok(FetchOutcome::Unchanged(None));
    };
    if let Some(title) = file_title(&body.headers, client.settings.is_google(&body.url)) {
        observer.report_title(&title);
    }
    let (response_validators, charset) = (body.validators(), response_status::declared_charset(&body.headers));
    open_table(body.content, charset.as_deref(), response_validators, options, rows_above, fetch_request, observer)
}

fn open_table(
    mut content: BodyFile,
    charset: Option<&str>,
    response_validators: Validators,
    options: &ReadOptions,
    rows_above: u64,
    fetch_request: &FetchRequest<'_>,
    observer: &dyn FetchObserver,
) -> Result<FetchOutcome, FetchError> {
    let same =
        fetch_request.mode == Mode::Incremental && fetch_request.validators.body_hash.as_deref() == Some(&content.hash);
    let validators = Validators { body_hash: Some(content.hash.clone()), ..response_validators };
    if same {
        return Ok(FetchOutcome::Unchanged(Some(validators)));
    }
    refuse_binary(&content, "not_csv", "a CSV file")?;
    end_mark::remove_end_marks(&mut content, observer)?;
    Ok(FetchOutcome::Content(Box::new(CsvTable::open(content, charset, validators, options, rows_above, observer)?)))
}
