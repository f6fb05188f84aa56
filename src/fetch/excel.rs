//! The kind `excel`: a workbook of Excel or OpenDocument at an address, on this server's disk, or uploaded in the page.

mod cell_notes;
mod cell_place;
mod cell_text;
mod error_cells;
mod failure;
mod layout;
mod ods;
mod ods_cell;
mod package;
mod part_reader;
mod row_collector;
mod row_draft;
mod tab;
mod workbook;
mod xls;
mod xls_container;
mod xls_records;
mod xls_stream;
mod xls_texts;
mod xlsb;
mod xlsb_cells;
mod xlsb_records;
mod xlsx;
mod xml_events;
mod xml_token;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use calamine::DataRef;
use url::Url;

use super::http::address::{RedirectScope, parse};
use super::http::body_file::BodyFile;
use super::http::cancel_token::deadline;
use super::http::request::OutgoingRequest;
use super::http::response_status;
use super::http::{FetchResponse, HttpClient};
use super::local_file;
use super::local_file::ExpectedFile;
use super::row_file::RowWriter;
use super::sheet_address::{refuse_sheet, refuse_sheet_at};
use super::{FetchError, FetchObserver, FetchOutcome, FetchRequest, SourceKind};
use crate::domain::location::SourceLocation;
use crate::domain::operation::Mode;
use crate::domain::progress::StageWeights;
use crate::domain::read_options::{ReadOptions, ReadSetting};
use crate::domain::source::{Source, Validators};
use crate::domain::source_form_spec::{FileAsked, WayIn};
use layout::TabLayout;
use part_reader::{PartBound, ReadLimit};
use row_collector::CollectedRows;
use workbook::open_workbook;

/// What a file on this machine should be.
const WORKBOOK_FILE: ExpectedFile = ExpectedFile("workbook (Excel or OpenDocument)");

/// How much larger a tab may be unpacked than the same cells as CSV: the markup around each cell.
const MARKUP_FACTOR: u64 = 8;

/// Mirrors a tab of a workbook.
#[derive(Debug)]
pub(in crate::fetch) struct ExcelKind {
    pub(in crate::fetch) client: Arc<HttpClient>,
    pub(in crate::fetch) uploads_dir: PathBuf,
}

/// What is to be read of a workbook, and within which bounds.
struct ReadRequest<'a> {
    content: &'a BodyFile,
    options: &'a ReadOptions,
    /// Where temporary files go.
    folder: &'a Path,
    /// The most bytes that the rows may have.
    max_bytes: u64,
    limit: ReadLimit<'a>,
}

impl ReadRequest<'_> {
    /// The most bytes of the part with the cells, unpacked.
    fn max_part(&self) -> PartBound {
        PartBound::OfMaxBytes(self.max_bytes.saturating_mul(MARKUP_FACTOR))
    }
}

/// The rows of a tab, and what is to be noted about it.
struct TabContent {
    collected: CollectedRows,
    layout: TabLayout,
    tab: String,
    is_hidden: bool,
}

impl TabContent {
    /// That of a file without a single byte.
    fn empty(request: &ReadRequest<'_>) -> Result<Self, FetchError> {
        let rows = RowWriter::new(request.folder)?;
        let collected = CollectedRows { columns: Vec::new(), rows, notes: Vec::new() };
        Ok(Self { collected, layout: TabLayout::default(), tab: String::new(), is_hidden: false })
    }
}

/// How many bytes the text of a cell has at most.
fn data_length(value: &DataRef<'_>) -> usize {
    match value {
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.len(),
        DataRef::SharedString(text) => text.len(),
        DataRef::Empty => 0,
        DataRef::Int(_) | DataRef::Float(_) | DataRef::Bool(_) | DataRef::DateTime(_) | DataRef::Error(_) => 32,
    }
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

    fn accepts(&self, location: &SourceLocation) -> Result<(), String> {
        match location {
            SourceLocation::Url(address) => refuse_sheet(&self.client, address).map_err(|error| error.to_string()),
            SourceLocation::Urls(_) => Err("A workbook has one address.".to_owned()),
            SourceLocation::Sample => Err("The sample is a CSV file.".to_owned()),
            SourceLocation::File(_) | SourceLocation::Upload(_) => Ok(()),
        }
    }

    fn way_in(&self) -> WayIn {
        WayIn {
            about: "A tab of an Excel or OpenDocument workbook (.xlsx, .xlsb, .xls, .ods), by link or from this computer",
            label: "Link to the file",
            placeholder: "https://example.org/albums.xlsx",
            file: Some(FileAsked {
                label: "Or a file from this computer",
                accept: ".xlsx,.xlsm,.xlsb,.xls,.ods",
                help: "Excel or OpenDocument. The first row of the tab names the columns.",
            }),
            ..WayIn::link("Excel file")
        }
    }

    fn read_settings(&self) -> &'static [ReadSetting] {
        &[ReadSetting::Tab, ReadSetting::HeaderRow, ReadSetting::HeaderMismatch]
    }

    fn stands_in_for(&self, kind: &str) -> Option<&'static str> {
        (kind == "csv").then_some("This is an Excel or OpenDocument file; it is read as kind Excel.")
    }

    fn fixed_encoding(&self) -> &'static str {
        "a workbook says itself how its text is encoded"
    }

    fn can_hide_columns(&self) -> bool {
        true
    }

    fn weights(&self) -> StageWeights {
        StageWeights { fetching: 10, processing: 80, finalizing: 10 }
    }

    fn fetching_message(&self, source: &Source) -> String {
        let from = match &source.location {
            SourceLocation::Url(address) => {
                parse(address).map_or_else(|_| "its address".to_owned(), |url| response_status::host_of(&url))
            }
            SourceLocation::File(path) => path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
            SourceLocation::Urls(_) | SourceLocation::Upload(_) | SourceLocation::Sample => {
                "the uploaded workbook".to_owned()
            }
        };
        format!("Fetching {} from {from}…", source.noun.many)
    }

    fn fetch(
        &self,
        source: &Source,
        order: &FetchRequest<'_>,
        watch: &dyn FetchObserver,
    ) -> Result<FetchOutcome, FetchError> {
        let limit = ReadLimit { watch, ends: deadline(order.within) };
        let (content, validators) = match &source.location {
            SourceLocation::Url(address) => {
                refuse_sheet(&self.client, address)?;
                let check_redirect = |url: &Url| refuse_sheet_at(&self.client, url);
                let request = OutgoingRequest {
                    accept: "*/*",
                    check_redirect: &check_redirect,
                    ..OutgoingRequest::table(address, RedirectScope::Anywhere)
                };
                let request = request.newer_than(order.validators, order.mode);
                let FetchResponse::Body(body) = self.client.ask(&request, order, watch)? else {
                    return Ok(FetchOutcome::Unchanged(None));
                };
                let validators = body.validators();
                (body.content, validators)
            }
            SourceLocation::File(path) => {
                (local_file::file(&self.client, path, WORKBOOK_FILE, order, watch)?, Validators::default())
            }
            SourceLocation::Upload(name) => {
                let content = local_file::upload(&self.client, &self.uploads_dir, name, WORKBOOK_FILE, order, watch)?;
                (content, Validators::default())
            }
            SourceLocation::Urls(_) | SourceLocation::Sample => {
                return Err(FetchError::failed("bad_address", "A workbook has one address."));
            }
        };
        let validators = Validators { body_hash: Some(content.hash.clone()), ..validators };
        if order.mode == Mode::Incremental && order.validators.body_hash == validators.body_hash {
            return Ok(FetchOutcome::Unchanged(Some(validators)));
        }
        let request = ReadRequest {
            content: &content,
            options: &source.read_options,
            folder: &self.client.work_dir,
            max_bytes: self.client.max_bytes,
            limit,
        };
        Ok(FetchOutcome::Content(Box::new(open_workbook(&request, validators)?)))
    }
}
