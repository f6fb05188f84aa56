//! The kind `csv`: a CSV file at an address, on this server's disk, uploaded in the page, or inside the binary.

pub(in crate::fetch) mod decoding;
pub(in crate::fetch) mod delimiter;
mod end_mark;
pub(in crate::fetch) mod faults;
mod other_format;
mod record;
pub(in crate::fetch) mod records;
pub(in crate::fetch) mod table;
pub(in crate::fetch) mod text;

use std::path::PathBuf;
use std::sync::Arc;

use url::Url;

use super::file_name::file_title;
use super::file_signature::refuse_binary;
use super::http::address::{RedirectScope, parse};
use super::http::body_file::BodyFile;
use super::http::request::OutgoingRequest;
use super::http::response_status;
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
use crate::domain::source_form_spec::{FileAsked, WayIn};
use table::CsvTable;

/// What a file on this machine should be.
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
            SourceLocation::Urls(_) => Err("A CSV has one address.".to_owned()),
            SourceLocation::File(_) | SourceLocation::Upload(_) | SourceLocation::Sample => Ok(()),
        }
    }

    fn form_spec(&self) -> WayIn {
        WayIn {
            about: "A table with a header: commas, semicolons or tabs, by link or from this computer",
            label: "Link to the file",
            placeholder: "https://example.org/albums.csv",
            file: Some(FileAsked {
                label: "Or a file from this computer",
                accept: ".csv,.tsv,.txt,text/csv,.xlsx,.xlsm,.xlsb,.xls,.ods",
                help: "Commas, semicolons or tabs, in any common encoding. The first row names the columns. Excel and \
                       OpenDocument files are taken, too.",
            }),
            ..WayIn::link("CSV file")
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
            SourceLocation::Url(address) => {
                parse(address).map_or_else(|_| "its address".to_owned(), |url| response_status::host_of(&url))
            }
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
        order: &FetchRequest<'_>,
        watch: &dyn FetchObserver,
    ) -> Result<FetchOutcome, FetchError> {
        let options = &source.read_options;
        let taken = |content| finish(content, None, Validators::default(), options, 0, order, watch);
        match &source.location {
            SourceLocation::Url(address) => {
                refuse_partial_sheet(&self.client, address)?;
                let check_redirect = |url: &Url| refuse_partial_sheet_at(&self.client, url);
                let request = OutgoingRequest {
                    check_redirect: &check_redirect,
                    ..OutgoingRequest::table(address, RedirectScope::Anywhere)
                };
                table_at(&self.client, request, options, 0, order, watch)
            }
            SourceLocation::Urls(_) => Err(FetchError::failed("bad_address", "A CSV has one address.")),
            SourceLocation::File(path) => taken(local_file::file(&self.client, path, CSV_FILE, order, watch)?),
            SourceLocation::Upload(name) => {
                taken(local_file::upload(&self.client, &self.uploads_dir, name, CSV_FILE, order, watch)?)
            }
            SourceLocation::Sample => {
                let (sample, named) = (self.sample, ("The sample", CSV_FILE));
                taken(local_file::copy(&self.client, sample, sample.len() as u64, named, order, watch)?)
            }
        }
    }
}

/// Fetches the table that `request` asks for, to be read with `options`. Its rows are numbered from the one after
/// `rows_above`.
pub(in crate::fetch) fn table_at(
    client: &HttpClient,
    request: OutgoingRequest<'_>,
    options: &ReadOptions,
    rows_above: u64,
    order: &FetchRequest<'_>,
    watch: &dyn FetchObserver,
) -> Result<FetchOutcome, FetchError> {
    let request = request.newer_than(order.validators, order.mode);
    let FetchResponse::Body(body) = client.send(&request, order, watch)? else {
        return Ok(FetchOutcome::Unchanged(None));
    };
    if let Some(title) = file_title(&body.headers, client.settings.is_google(&body.url)) {
        watch.report_title(&title);
    }
    let (said, charset) = (body.validators(), response_status::charset(&body.headers));
    finish(body.content, charset.as_deref(), said, options, rows_above, order, watch)
}

fn finish(
    mut content: BodyFile,
    charset: Option<&str>,
    said: Validators,
    options: &ReadOptions,
    rows_above: u64,
    order: &FetchRequest<'_>,
    watch: &dyn FetchObserver,
) -> Result<FetchOutcome, FetchError> {
    let same = order.mode == Mode::Incremental && order.validators.body_hash.as_deref() == Some(&content.hash);
    let validators = Validators { body_hash: Some(content.hash.clone()), ..said };
    if same {
        return Ok(FetchOutcome::Unchanged(Some(validators)));
    }
    refuse_binary(&content, "not_csv", "a CSV file")?;
    end_mark::pass_over(&mut content, watch)?;
    Ok(FetchOutcome::Content(Box::new(CsvTable::open(content, charset, validators, options, rows_above, watch)?)))
}
