//! Reads a tab of an OpenDocument workbook cell by cell.
//!
//! calamine is not used here: it keeps all tabs in memory with repeated cells written out, reads an error (`#REF!`) as
//! an empty cell, and drops line breaks inside cells.

use std::collections::HashSet;
use std::io::Read;

use quick_xml::events::{BytesStart, Event};

use super::layout::TabLayout;
use super::ods_cell::OpenCell;
use super::package::MAX_SMALL_PART;
use super::part_reader::{PartArchive, PartBound, PartReader, ReadLimit};
use super::read_request::ReadRequest;
use super::row_collector::RowCollector;
use super::tab_choice::choose_tab;
use super::tab_content::TabContent;
use super::workbook_errors::{corrupt_workbook, password_protected};
use super::xml_events::{attribute, for_each_event, push_text, qualified_attribute};
use crate::domain::source_probe::SourceTab;
use crate::fetch::FetchError;
use crate::fetch::csv::record::MAX_CELL_BYTES;

/// The part with all tabs.
const CONTENT_PART: &str = "content.xml";
/// The media type of this format, which files of it declare in their first part.
const MIME_TYPE: &[u8] = b"application/vnd.oasis.opendocument.spreadsheet";
/// The upper limit of any repetition: of rows, of columns, or of spaces in a cell.
const MAX_REPEAT: u32 = 1_048_577;

/// Whether the archive declares that it is an OpenDocument workbook.
pub(super) fn is_spreadsheet(archive: &mut PartArchive<'_>, limit: &ReadLimit<'_>) -> Result<bool, FetchError> {
    let Some(part) = archive.open_part("mimetype", MAX_SMALL_PART)? else { return Ok(false) };
    let mut kind = Vec::new();
    part.take(200).read_to_end(&mut kind).map_err(|error| PartReader::explain_io_error(limit, &error))?;
    Ok(kind.starts_with(MIME_TYPE))
}

/// Reads the tab that `request` selects.
///
/// # Errors
/// `password_protected`, `corrupt_workbook` or `too_large` for such a workbook, `no_tab` when it has no such tab, and
/// the errors of [`RowCollector`].
pub(super) fn read_ods(request: &ReadRequest<'_>, mut archive: PartArchive<'_>) -> Result<TabContent, FetchError> {
    let limit = request.limit;
    refuse_encrypted(&mut archive, &limit)?;
    let max = request.max_part();
    let tabs = list_tabs(&mut archive, max, &limit)?;
    let chosen = choose_tab(&tabs, request)?;
    let SourceTab { name, is_hidden } = tabs[chosen].clone();
    let collector = RowCollector::new(request.folder, request.max_bytes, request.options, limit)?;
    let mut reader = TabReader::new(chosen, collector);
    let part = archive.open_part(CONTENT_PART, max)?.ok_or_else(corrupt_workbook)?;
    for_each_event(part, &limit, |event, _| reader.take(event))?;
    let TabReader { collector, layout, .. } = reader;
    Ok(TabContent { collected: collector.finish()?, layout, tab: name, is_hidden })
}

fn refuse_encrypted(archive: &mut PartArchive<'_>, limit: &ReadLimit<'_>) -> Result<(), FetchError> {
    let mut is_encrypted = archive.has_part("encrypted-package");
    if let Some(manifest) = archive.open_part("META-INF/manifest.xml", MAX_SMALL_PART)? {
        for_each_event(manifest, limit, |event, _| {
            if let Event::Start(start) = event {
                is_encrypted |= start.local_name().as_ref() == "encryption-data";
            }
            Ok(())
        })?;
    }
    if is_encrypted { Err(password_protected()) } else { Ok(()) }
}

/// All tabs. A tab is hidden by its style.
fn list_tabs(
    archive: &mut PartArchive<'_>,
    max: PartBound,
    limit: &ReadLimit<'_>,
) -> Result<Vec<SourceTab>, FetchError> {
    let (mut tabs, mut hidden_styles, mut style) = (Vec::new(), HashSet::new(), None);
    let (mut depth, mut has_ended) = (0_u32, false);
    let part = archive.open_part(CONTENT_PART, max)?.ok_or_else(corrupt_workbook)?;
    for_each_event(part, limit, |event, _| {
        match event {
            Event::Start(start) => match start.name().as_ref() {
                "style:style" => style = attribute(start, "name"),
                "style:table-properties" if attribute(start, "display").as_deref() == Some("false") => {
                    hidden_styles.extend(style.take());
                }
                "table:table" => {
                    if depth == 0 {
                        let is_hidden =
                            attribute(start, "style-name").is_some_and(|style| hidden_styles.contains(&style));
                        tabs.push(SourceTab { name: attribute(start, "name").unwrap_or_default(), is_hidden });
                    }
                    depth += 1;
                }
                _ => {}
            },
            Event::End(end) => match end.name().as_ref() {
                "table:table" => depth = depth.saturating_sub(1),
                "office:document-content" => has_ended = true,
                _ => {}
            },
            _ => {}
        }
        Ok(())
    })?;
    // Without its end the part was cut off, and rows may be missing.
    if has_ended { Ok(tabs) } else { Err(corrupt_workbook()) }
}

/// Reads one tab from the events of the whole content.
struct TabReader<'a> {
    chosen: usize,
    /// How many tabs have begun.
    begun: usize,
    /// How many tables are open. A cell may contain a table.
    depth: u32,
    collector: RowCollector<'a>,
    layout: TabLayout,
    /// How many columns were declared so far.
    declared_columns: u32,
    row: u32,
    row_repeat: u32,
    is_hidden_row: bool,
    column: u32,
    /// Whether the current row has values.
    has_values: bool,
    cell: Option<OpenCell>,
    /// How many comments and drawings are open. Their text does not belong to the cell.
    aside_depth: u32,
}

impl<'a> TabReader<'a> {
    fn new(chosen: usize, collector: RowCollector<'a>) -> Self {
        Self {
            chosen,
            begun: 0,
            depth: 0,
            collector,
            layout: TabLayout::default(),
            declared_columns: 0,
            row: 0,
            row_repeat: 1,
            is_hidden_row: false,
            column: 0,
            has_values: false,
            cell: None,
            aside_depth: 0,
        }
    }

    fn take(&mut self, event: &Event<'_>) -> Result<(), FetchError> {
        match event {
            Event::Start(start) => self.open(start),
            Event::End(end) => self.close(end.name().as_ref()),
            Event::Text(_) | Event::CData(_) | Event::GeneralRef(_) => self.text(event),
            _ => Ok(()),
        }
    }

    fn is_active(&self) -> bool {
        self.depth == 1 && self.begun == self.chosen + 1
    }

    fn open(&mut self, start: &BytesStart<'_>) -> Result<(), FetchError> {
        let name = start.name();
        let name = name.as_ref();
        if name == "table:table" {
            self.begun += usize::from(self.depth == 0);
            self.depth += 1;
            return Ok(());
        }
        if !self.is_active() {
            return Ok(());
        }
        if name.starts_with("draw:") || name == "office:annotation" {
            self.aside_depth += 1;
        }
        let repeat = |name: &str| {
            let times = qualified_attribute(start, name).and_then(|times| times.parse::<u64>().ok()).unwrap_or(1);
            u32::try_from(times).unwrap_or(MAX_REPEAT).min(MAX_REPEAT)
        };
        let is_hidden = || qualified_attribute(start, "table:visibility").is_some_and(|value| value != "visible");
        match name {
            "table:table-column" => {
                let end = self.declared_columns.saturating_add(repeat("table:number-columns-repeated"));
                if is_hidden() && end > 0 {
                    self.layout.hide_columns(self.declared_columns, end - 1);
                }
                self.declared_columns = end;
            }
            "table:table-row" => {
                self.row_repeat = repeat("table:number-rows-repeated");
                self.is_hidden_row = is_hidden();
                (self.column, self.has_values) = (0, false);
            }
            "table:table-cell" | "table:covered-table-cell" if self.aside_depth == 0 => {
                let (rows, columns) = (repeat("table:number-rows-spanned"), repeat("table:number-columns-spanned"));
                if rows > 1 || columns > 1 {
                    let last = (self.row.saturating_add(rows - 1), self.column.saturating_add(columns - 1));
                    self.layout.merge((self.row, self.column), last);
                }
                self.cell = Some(OpenCell {
                    repeat: repeat("table:number-columns-repeated"),
                    is_covered: name == "table:covered-table-cell",
                    ..OpenCell::of(start)
                });
            }
            _ => return self.open_in_cell(name, || repeat("text:c")),
        }
        Ok(())
    }

    fn open_in_cell(&mut self, name: &str, spaces: impl FnOnce() -> u32) -> Result<(), FetchError> {
        let Some(cell) = self.cell.as_mut().filter(|_| self.aside_depth == 0) else { return Ok(()) };
        match name {
            "text:p" | "text:h" => {
                if cell.paragraphs > 0 {
                    cell.text.push('\n');
                }
                cell.paragraphs += 1;
                cell.is_in_paragraph = true;
            }
            "text:s" => cell.text.extend(std::iter::repeat_n(' ', spaces() as usize)),
            "text:tab" => cell.text.push('\t'),
            "text:line-break" => cell.text.push('\n'),
            _ => {}
        }
        self.check_length()
    }

    fn text(&mut self, event: &Event<'_>) -> Result<(), FetchError> {
        let is_ignored = self.aside_depth > 0 || !self.is_active();
        let Some(cell) = self.cell.as_mut().filter(|cell| cell.is_in_paragraph && !is_ignored) else { return Ok(()) };
        push_text(event, &mut cell.text);
        self.check_length()
    }

    /// Passes a cell that is too long to the collector before the cell ends, because it may be endless. The collector
    /// refuses it with its place.
    fn check_length(&mut self) -> Result<(), FetchError> {
        match &self.cell {
            Some(cell) if cell.text.len() > MAX_CELL_BYTES => {
                self.collector.add_cell(self.row, self.column, cell.text.len(), String::new)
            }
            _ => Ok(()),
        }
    }

    fn close(&mut self, name: &str) -> Result<(), FetchError> {
        if name == "table:table" {
            self.depth = self.depth.saturating_sub(1);
            return Ok(());
        }
        if !self.is_active() {
            return Ok(());
        }
        if name.starts_with("draw:") || name == "office:annotation" {
            self.aside_depth = self.aside_depth.saturating_sub(1);
            return Ok(());
        }
        match name {
            "text:p" | "text:h" if self.aside_depth == 0 => {
                if let Some(cell) = &mut self.cell {
                    cell.is_in_paragraph = false;
                }
                Ok(())
            }
            "table:table-cell" | "table:covered-table-cell" if self.aside_depth == 0 => self.close_cell(),
            "table:table-row" => self.close_row(),
            _ => Ok(()),
        }
    }

    fn close_cell(&mut self) -> Result<(), FetchError> {
        let Some(cell) = self.cell.take() else { return Ok(()) };
        let columns = self.column..self.column.saturating_add(cell.repeat);
        self.column = columns.end;
        // Cells that a merged area covers are not visible.
        if cell.is_covered {
            return Ok(());
        }
        if cell.is_unsaved_formula() {
            self.has_values = true;
            return columns.into_iter().try_for_each(|column| self.collector.add_unsaved_formula(self.row, column));
        }
        let is_rounded = cell.is_rounded_number();
        let text = cell.finish();
        if !text.is_empty() {
            self.has_values = true;
            for column in columns {
                self.collector.add_cell(self.row, column, text.len(), || text.clone())?;
                if is_rounded {
                    self.collector.mark_rounded(column);
                }
            }
        }
        Ok(())
    }

    fn close_row(&mut self) -> Result<(), FetchError> {
        if self.has_values {
            if self.is_hidden_row {
                for position in 0..self.row_repeat {
                    self.layout.hide_row(u64::from(self.row) + u64::from(position) + 1);
                }
            }
            self.collector.repeat_row(self.row_repeat.saturating_sub(1))?;
        }
        self.row = self.row.saturating_add(self.row_repeat);
        Ok(())
    }
}
