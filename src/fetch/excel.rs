//! The kind `excel`: an Excel or OpenDocument workbook at a URL, on this server's disk, or uploaded.

mod cell_notes;
mod cell_place;
mod cell_text;
mod collected_rows;
mod error_cells;
mod layout;
mod ods;
mod ods_cell;
mod other_file;
mod package;
mod part_reader;
mod read_request;
mod row_collector;
mod row_draft;
mod tab_choice;
mod tab_content;
mod workbook;
mod workbook_errors;
mod xls;
mod xls_container;
mod xls_measurement;
mod xls_records;
mod xls_stream;
mod xls_texts;
mod xlsb;
mod xlsb_cells;
mod xlsb_records;
mod xlsx;
mod xml_events;
mod xml_token;

use std::path::PathBuf;
use std::sync::Arc;

use url::Url;

use super::http::cancel_token::deadline;
use super::http::request::OutgoingRequest;
use super::http::web_address::RedirectScope;
use super::http::{FetchResponse, HttpClient};
use super::local_file::LocalFileReader;
use super::location_label::location_label;
use super::sheet_address::{refuse_sheet, refuse_sheet_at};
use super::{FetchError, FetchObserver, FetchOutcome, FetchRequest, SourceKind};
use crate::domain::location::SourceLocation;
use crate::domain::progress::StageWeights;
use crate::domain::read_options::ReadSetting;
use crate::domain::run_text::run_progress::fetching_message;
use crate::domain::source::{Source, Validators};
use crate::domain::source_form_spec::{SourceFormSpec, UploadField};
use part_reader::ReadLimit;
use read_request::ReadRequest;
use workbook::open_workbook;

const ONE_URL_MESSAGE: &str = "An Excel source has exactly one URL. Add one source for each file.";

/// Mirrors a tab of a workbook.
#[derive(Debug)]
pub(super) struct ExcelKind {
    pub(super) client: Arc<HttpClient>,
    pub(super) uploads_dir: PathBuf,
}

impl SourceKind for ExcelKind {
    fn name(&self) -> &'static str {
        "excel"
    }

    fn label(&self, location: &SourceLocation) -> &'static str {
        match location {
            SourceLocation::Url(_) | SourceLocation::Urls(_) => "Excel by link",
            SourceLocation::File(_) => "Excel file on the server",
            SourceLocation::Upload(_) | SourceLocation::Sample => "Uploaded Excel file",
        }
    }

    fn check_location(&self, location: &SourceLocation) -> Result<(), String> {
        match location {
            SourceLocation::Url(address) => refuse_sheet(&self.client, address).map_err(|error| error.to_string()),
            SourceLocation::Urls(_) => Err(ONE_URL_MESSAGE.to_owned()),
            SourceLocation::Sample => Err("The sample is a CSV file.".to_owned()),
            SourceLocation::File(_) | SourceLocation::Upload(_) => Ok(()),
        }
    }

    fn form_spec(&self) -> SourceFormSpec {
        SourceFormSpec {
            about: "A tab of an Excel or OpenDocument workbook (.xlsx, .xlsb, .xls, .ods), by link or from this \
                    computer",
            label: "Link to the file",
            placeholder: "https://example.org/albums.xlsx",
            file: Some(UploadField {
                label: "Or a file from this computer",
                accept: ".xlsx,.xlsm,.xlsb,.xls,.ods",
                help: "Excel or OpenDocument. The first row of the tab contains the column names.",
            }),
            ..SourceFormSpec::with_link("Excel file")
        }
    }

    fn read_settings(&self) -> &'static [ReadSetting] {
        &[ReadSetting::Tab, ReadSetting::HeaderRow, ReadSetting::HeaderMismatch]
    }

    fn replacement_notice(&self, kind: &str) -> Option<&'static str> {
        (kind == "csv").then_some("This is an Excel or OpenDocument file, so the type Excel is used.")
    }

    fn fixed_encoding_reason(&self) -> &'static str {
        "workbooks declare their own text encoding"
    }

    fn can_hide_columns(&self) -> bool {
        true
    }

    fn stage_weights(&self) -> StageWeights {
        StageWeights { fetching: 10, processing: 80, finalizing: 10 }
    }

    fn fetching_message(&self, source: &Source) -> String {
        let from = location_label(&source.location, "the uploaded workbook");
        fetching_message(&source.noun, &from)
    }

    fn fetch(
        &self,
        source: &Source,
        fetch_request: &FetchRequest<'_>,
        observer: &dyn FetchObserver,
    ) -> Result<FetchOutcome, FetchError> {
        let limit = ReadLimit { observer, ends: deadline(fetch_request.total_timeout) };
        let reader = LocalFileReader {
            client: &self.client,
            uploads_dir: &self.uploads_dir,
            expected: "workbook (Excel or OpenDocument)",
            fetch_request,
            observer,
        };
        let (content, validators) = match &source.location {
            SourceLocation::Url(address) => {
                refuse_sheet(&self.client, address)?;
                let check_redirect = |url: &Url| refuse_sheet_at(&self.client, url);
                let request = OutgoingRequest {
                    accept: "*/*",
                    check_redirect: &check_redirect,
                    ..OutgoingRequest::table(address, RedirectScope::Anywhere)
                };
                let request = request.with_validators(fetch_request.validators, fetch_request.mode);
                let FetchResponse::Body(body) = self.client.send(&request, fetch_request, observer)? else {
                    return Ok(FetchOutcome::Unchanged(None));
                };
                let validators = body.validators();
                (body.content, validators)
            }
            SourceLocation::File(path) => (reader.copy_file(path)?, Validators::default()),
            SourceLocation::Upload(name) => (reader.copy_upload(name)?, Validators::default()),
            SourceLocation::Urls(_) | SourceLocation::Sample => {
                return Err(FetchError::failed("bad_address", ONE_URL_MESSAGE));
            }
        };
        let validators = Validators { body_hash: Some(content.hash.clone()), ..validators };
        if fetch_request.is_unchanged(fetch_request.validators, &content.hash) {
            return Ok(FetchOutcome::Unchanged(Some(validators)));
        }
        let request = ReadRequest {
            content: &content,
            options: &source.read_options,
            folder: &self.client.settings.work_dir,
            max_bytes: self.client.settings.max_bytes,
            limit,
        };
        Ok(FetchOutcome::Content(Box::new(open_workbook(&request, validators)?)))
    }
}
