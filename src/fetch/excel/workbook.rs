//! Opens a fetched workbook: detects its format by content and reads the rows of its tab.

use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::collected_rows::CollectedRows;
use super::layout::hidden_columns;
use super::ods::{is_spreadsheet, read_ods};
use super::other_file::explain_other_file;
use super::package::main_part;
use super::part_reader::PartArchive;
use super::read_request::ReadRequest;
use super::tab_content::TabContent;
use super::workbook_errors::unreadable_workbook;
use super::xls::read_xls;
use super::xlsb::read_xlsb;
use super::xlsx::read_xlsx;
use crate::domain::columns::column_type::ColumnType;
use crate::domain::source::Validators;
use crate::fetch::http::body_file::disk_error;
use crate::fetch::row_file::{RowFile, RowFileSummary};
use crate::fetch::{FetchError, FetchedContent, RowReader};

/// The rows of a tab, in a temporary file.
#[derive(Debug)]
pub(super) struct WorkbookRows {
    rows: RowFile,
    hidden_columns: Vec<String>,
}

/// Reads the tab that `request` selects and reports what is hidden or merged in it.
///
/// # Errors
/// `not_excel` when the content is not a workbook, `corrupt_workbook`, `password_protected` or `too_large` when the
/// workbook cannot be read, `no_tab` when it has no such tab, and the errors about its header and cells.
pub(super) fn open_workbook(request: &ReadRequest<'_>, validators: Validators) -> Result<WorkbookRows, FetchError> {
    // A malformed file may make calamine panic. Such a panic must fail only this run.
    let read = catch_unwind(AssertUnwindSafe(|| read_tab(request)));
    let content = read.unwrap_or_else(|_| Err(unreadable_workbook("its content is not what its format allows")))?;
    let TabContent { collected: CollectedRows { columns, rows, notes }, layout, tab, is_hidden } = content;
    for note in layout.notes(&tab, is_hidden, &columns).into_iter().chain(notes) {
        request.limit.observer.report_issue(note);
    }
    let hidden_columns = hidden_columns(&layout, &columns);
    let bytes = request.content.bytes;
    let rows = rows.finish(RowFileSummary { columns, types: Vec::new(), validators, bytes, is_complete: true })?;
    Ok(WorkbookRows { rows, hidden_columns })
}

fn read_tab(request: &ReadRequest<'_>) -> Result<TabContent, FetchError> {
    if request.content.bytes == 0 {
        return TabContent::empty(request);
    }
    let mut start = Vec::new();
    request.content.reader(0).take(8).read_to_end(&mut start).map_err(|error| disk_error(&error))?;
    match start[..] {
        [b'P', b'K', 3, 4, ..] => read_archive(request),
        [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1] => read_xls(request),
        _ => Err(explain_other_file(request)),
    }
}

fn read_archive(request: &ReadRequest<'_>) -> Result<TabContent, FetchError> {
    let limit = request.limit;
    let mut archive = PartArchive::open(request.content, limit)?;
    if is_spreadsheet(&mut archive, &limit)? {
        return read_ods(request, archive);
    }
    if !archive.has_part("_rels/.rels") {
        return Err(explain_other_file(request));
    }
    let main = match main_part(&mut archive, &limit) {
        Err(FetchError::Failed { code: "corrupt_workbook", .. }) => return Err(explain_other_file(request)),
        other => other?,
    };
    let (folder, file) = main.rsplit_once('/').unwrap_or(("", &main));
    if folder.ends_with("word") || folder.ends_with("ppt") || !archive.has_part(&main) {
        return Err(explain_other_file(request));
    }
    if file.ends_with(".bin") {
        return read_xlsb(request, archive, &main);
    }
    read_xlsx(request, archive, &main)
}

impl FetchedContent for WorkbookRows {
    fn columns(&self) -> &[String] {
        self.rows.columns()
    }

    fn validators(&self) -> &Validators {
        self.rows.validators()
    }

    fn byte_count(&self) -> u64 {
        self.rows.byte_count()
    }

    fn line_count(&self) -> u64 {
        self.rows.line_count()
    }

    fn is_complete(&self) -> bool {
        self.rows.is_complete()
    }

    fn column_type(&self, position: usize) -> Option<ColumnType> {
        self.rows.column_type(position)
    }

    fn hidden_columns(&self) -> &[String] {
        &self.hidden_columns
    }

    fn rows(&self) -> Result<RowReader<'_>, FetchError> {
        self.rows.rows()
    }
}
