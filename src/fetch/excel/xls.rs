//! Reads a tab of an `.xls` file (Excel 97 to 2003).
//!
//! calamine keeps such a workbook in memory: the whole stream, and every tab as a rectangle from its first to its last
//! cell. So the stream is extracted from its container, measured, and given to calamine in a new container. In it only
//! the requested tab has content, and formulas and names are left out, which calamine would evaluate.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};

use calamine::{Data, Reader, SheetType, SheetVisible, Xls, XlsError};
use cfb::{CompoundFile, Version};

use super::cell_text::{is_rounded, owned_cell_text};
use super::other_file::explain_other_file;
use super::part_reader::{ReadLimit, WorkbookBytes};
use super::read_request::ReadRequest;
use super::row_collector::RowCollector;
use super::tab_choice::choose_tab;
use super::tab_content::TabContent;
use super::workbook_errors::{corrupt_workbook, password_protected, too_large_unpacked, unreadable_workbook};
use super::xls_container::PaddedBytes;
use super::xls_measurement::OddCell;
use super::xls_stream::XlsStream;
use crate::domain::source_probe::SourceTab;
use crate::fetch::FetchError;
use crate::fetch::http::body_file::{create_temporary_file, disk_error};

/// The largest file. It is read into memory.
pub(super) const MAX_XLS_BYTES: u64 = 32 * 1024 * 1024;

/// Reads the tab that `request` selects.
///
/// # Errors
/// `not_excel`, `password_protected`, `corrupt_workbook` or `too_large` for such a file, `no_tab` when it has no such
/// tab, and the errors of [`RowCollector`].
pub(super) fn read_xls(request: &ReadRequest<'_>) -> Result<TabContent, FetchError> {
    let limit = request.limit;
    if request.content.bytes > MAX_XLS_BYTES {
        let max = MAX_XLS_BYTES / (1024 * 1024);
        return Err(too_large_unpacked(&format!(
            "A file in the old format .xls may have at most {max} MB; save it as .xlsx."
        )));
    }
    let mut stream = XlsStream::new(workbook_stream(request)?)?;
    // Opened without tabs first, to read their names.
    let names = open_stream(request, stream.with_tab(None)?)?;
    let listed = names.sheets_metadata();
    let with_cells = |position: &usize| listed[*position].typ == SheetType::WorkSheet;
    let positions: Vec<usize> = (0..listed.len()).filter(with_cells).collect();
    let tab = |position: &usize| SourceTab {
        name: listed[*position].name.clone(),
        is_hidden: listed[*position].visible != SheetVisible::Visible,
    };
    let tabs: Vec<SourceTab> = positions.iter().map(tab).collect();
    let chosen = choose_tab(&tabs, request)?;
    let SourceTab { name, is_hidden } = tabs[chosen].clone();
    let facts = stream.measure(positions[chosen], request.max_bytes)?;
    drop(names);
    let mut workbook = open_stream(request, stream.with_tab(Some(positions[chosen]))?)?;
    let is_1904 = workbook.has_1904_epoch();
    let range = workbook.worksheet_range(&name).map_err(|error| explain_reader_error(&limit, &error))?;
    drop(workbook);
    let mut collector = RowCollector::new(request.folder, request.max_bytes, request.options, limit)?;
    let (first_row, first_column) = range.start().unwrap_or_default();
    let mut odd_cells = facts.odd_cells.into_iter().peekable();
    let take_odd = |collector: &mut RowCollector<'_>, (row, column, why)| match why {
        OddCell::UnsavedFormula => collector.add_unsaved_formula(u32::from(row), u32::from(column)),
        OddCell::Repeated => collector.add_repeated_cell(u32::from(row), u32::from(column)),
    };
    for (row, column, value) in range.used_cells() {
        let (row, column) = (checked_position(row)? + first_row, checked_position(column)? + first_column);
        while let Some(odd) = odd_cells.next_if(|odd| (u32::from(odd.0), u32::from(odd.1)) <= (row, column)) {
            take_odd(&mut collector, odd)?;
        }
        let text = owned_cell_text(value, is_1904);
        // The text of a formula without a saved value is empty.
        collector.add_cell(row, column, text.len(), || text)?;
        if matches!(value, Data::Float(number) if is_rounded(*number)) {
            collector.mark_rounded(column);
        }
    }
    odd_cells.try_for_each(|odd| take_odd(&mut collector, odd))?;
    Ok(TabContent { collected: collector.finish()?, layout: facts.layout, tab: name, is_hidden })
}

fn checked_position(relative: usize) -> Result<u32, FetchError> {
    u32::try_from(relative).map_err(|_| corrupt_workbook())
}

/// Reads the stream of the workbook from its container.
fn workbook_stream(request: &ReadRequest<'_>) -> Result<Vec<u8>, FetchError> {
    let limit = request.limit;
    let end = |error: FetchError| limit.check().err().unwrap_or(error);
    match CompoundFile::open(WorkbookBytes::new(request.content, limit)) {
        Ok(file) => read_stream(file, request, end),
        Err(_) => {
            let padded = PaddedBytes::new(request.content, limit).ok_or_else(|| end(corrupt_workbook()))?;
            read_stream(CompoundFile::open(padded).map_err(|_| end(corrupt_workbook()))?, request, end)
        }
    }
}

fn read_stream<R: Read + Seek>(
    mut file: CompoundFile<R>,
    request: &ReadRequest<'_>,
    end: impl Fn(FetchError) -> FetchError,
) -> Result<Vec<u8>, FetchError> {
    if file.is_stream("/EncryptedPackage") {
        return Err(password_protected());
    }
    let Some(name) = ["/Workbook", "/Book"].into_iter().find(|name| file.is_stream(name)) else {
        return Err(explain_other_file(request));
    };
    let stream = file.open_stream(name).map_err(|_| end(corrupt_workbook()))?;
    let (length, mut bytes) = (stream.len(), Vec::new());
    stream.take(MAX_XLS_BYTES).read_to_end(&mut bytes).map_err(|_| end(corrupt_workbook()))?;
    if bytes.len() as u64 == length { Ok(bytes) } else { Err(corrupt_workbook()) }
}

/// Opens `stream` with calamine, in a new container.
fn open_stream(request: &ReadRequest<'_>, stream: &[u8]) -> Result<Xls<File>, FetchError> {
    let limit = request.limit;
    limit.check()?;
    let file = create_temporary_file(request.folder).map_err(|error| disk_error(&error))?;
    let write = |file: File| {
        // calamine reads a container of version 4 as empty if all its streams are large.
        let mut container = CompoundFile::create_with_version(Version::V3, file)?;
        container.create_stream("/Workbook")?.write_all(stream)?;
        container.flush()?;
        let mut file = container.into_inner();
        file.seek(SeekFrom::Start(0))?;
        Ok(file)
    };
    let file = write(file).map_err(|error| disk_error(&error))?;
    Xls::new(file).map_err(|error| explain_reader_error(&limit, &error))
}

/// Turns an error of calamine into a message for people.
fn explain_reader_error(limit: &ReadLimit<'_>, error: &XlsError) -> FetchError {
    if let Err(ended) = limit.check() {
        return ended;
    }
    match error {
        XlsError::Password => password_protected(),
        XlsError::Io(_) | XlsError::Cfb(_) | XlsError::EoStream(_) => corrupt_workbook(),
        other => unreadable_workbook(&other.to_string()),
    }
}
