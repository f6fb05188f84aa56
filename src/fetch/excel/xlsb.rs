//! Reads a tab of an `.xlsb` file cell by cell.
//!
//! The records of each part are measured before calamine reads them. They are also read here for what calamine does not
//! return: hidden columns and rows, merged areas, and the cells in [`super::xlsb_cells`].

use calamine::{DataRef, Reader, Xlsb, XlsbError};

use super::cell_text::{cell_text, is_rounded_cell, max_text_bytes, serial_text};
use super::layout::TabLayout;
use super::package::{MAX_SMALL_PART, PartRelation, relations, require_parts};
use super::part_reader::{PartArchive, ReadLimit, WorkbookBytes};
use super::read_request::ReadRequest;
use super::row_collector::RowCollector;
use super::tab_choice::choose_tab;
use super::tab_content::TabContent;
use super::workbook_errors::{corrupt_workbook, password_protected, too_large_unpacked, unreadable_workbook};
use super::xlsb_cells::{CellContext, CellFollower, SHORT_SHARED_TEXT, is_filled_cell};
use super::xlsb_records::{NumberKind, RecordScanner, read_formats, text_at, u16_at, u32_at};
use super::xlsx::{MAX_SHARED_TEXT_PART, MAX_SHARED_TEXTS};
use crate::domain::source_probe::SourceTab;
use crate::domain::text::counts::group_digits;
use crate::fetch::FetchError;

/// The folder in which calamine expects all parts.
const PARTS_FOLDER: &str = "xl/";

/// Reads the tab that `request` selects.
///
/// # Errors
/// `corrupt_workbook`, `password_protected` or `too_large` when the workbook cannot be read, `no_tab` when it has no
/// such tab, and the errors of [`RowCollector`].
pub(super) fn read_xlsb(
    request: &ReadRequest<'_>,
    mut archive: PartArchive<'_>,
    main_part: &str,
) -> Result<TabContent, FetchError> {
    let limit = request.limit;
    if main_part != "xl/workbook.bin" {
        return Err(unreadable_workbook("its main part has an unusual name"));
    }
    let (tabs, paths) = list_tabs(&mut archive, main_part, &limit)?;
    let chosen = choose_tab(&tabs, request)?;
    let SourceTab { name, is_hidden } = tabs[chosen].clone();
    measure_shared_texts(&mut archive)?;
    let formats = match archive.open_part("xl/styles.bin", MAX_SMALL_PART)? {
        Some(part) => read_formats(RecordScanner::new(part))?,
        None => Vec::new(),
    };
    let max = request.max_part();
    let path = &paths[chosen];
    let part = archive.open_part(path, max)?.ok_or_else(corrupt_workbook)?;
    let (layout, has_short_texts) = read_layout(RecordScanner::new(part))?;
    let shared_texts = if has_short_texts { read_shared_texts(&mut archive)? } else { Vec::new() };
    let mut workbook: Xlsb<_> =
        Xlsb::new(WorkbookBytes::new(request.content, limit)).map_err(|error| explain_reader_error(&limit, &error))?;
    let is_1904 = workbook.has_1904_epoch();
    let mut collector = RowCollector::new(request.folder, request.max_bytes, request.options, limit)?;
    let part = archive.open_part(path, max)?.ok_or_else(corrupt_workbook)?;
    let context = CellContext { formats: &formats, shared_texts: &shared_texts, is_1904 };
    let mut follower = CellFollower::new(RecordScanner::new(part), context);
    let mut cells = workbook.worksheet_cells_reader(&name).map_err(|error| explain_reader_error(&limit, &error))?;
    while let Some(cell) = cells.next_cell().map_err(|error| explain_reader_error(&limit, &error))? {
        let ((row, column), value) = (cell.get_position(), cell.get_value());
        let kind = follower.follow_to(Some(column), &mut collector)?;
        collector.add_cell(row, column, max_text_bytes(value), || match (value, kind) {
            #[expect(clippy::cast_precision_loss, reason = "such a number has 30 bits")]
            (DataRef::Int(number), NumberKind::Date | NumberKind::Duration) => {
                serial_text(*number as f64, kind == NumberKind::Duration, is_1904)
            }
            _ => cell_text(value, is_1904),
        })?;
        if is_rounded_cell(value) {
            collector.mark_rounded(column);
        }
    }
    follower.follow_to(None, &mut collector)?;
    Ok(TabContent { collected: collector.finish()?, layout, tab: name, is_hidden })
}

/// Turns an error of calamine into a message for people.
fn explain_reader_error(limit: &ReadLimit<'_>, error: &XlsbError) -> FetchError {
    if let Err(ended) = limit.check() {
        return ended;
    }
    match error {
        XlsbError::Password => password_protected(),
        XlsbError::Io(_) | XlsbError::Zip(_) | XlsbError::Xml(_) => corrupt_workbook(),
        other => unreadable_workbook(&other.to_string()),
    }
}

/// The tabs with cells, and the part of each.
fn list_tabs(
    archive: &mut PartArchive<'_>,
    main_part: &str,
    limit: &ReadLimit<'_>,
) -> Result<(Vec<SourceTab>, Vec<String>), FetchError> {
    const TAB: u16 = 0x9C;
    let relations = relations(archive, "xl/_rels/workbook.bin.rels", limit)?;
    require_parts(archive, PARTS_FOLDER, relations.values())?;
    let part = archive.open_part(main_part, MAX_SMALL_PART)?.ok_or_else(corrupt_workbook)?;
    let mut records = RecordScanner::new(part);
    let (mut tabs, mut paths) = (Vec::new(), Vec::new());
    while let Some((kind, record)) = records.next()? {
        // A tab without a relation belongs to another workbook.
        if kind != TAB || u32_at(record, 8)? == u32::MAX {
            continue;
        }
        let (id, end) = text_at(record, 8)?;
        let (name, _) = text_at(record, end)?;
        if let Some(PartRelation { target, .. }) = relations.get(&id).filter(|found| found.kind.ends_with("/worksheet"))
        {
            tabs.push(SourceTab { name, is_hidden: u32_at(record, 0)? != 0 });
            paths.push(format!("{PARTS_FOLDER}{target}"));
        }
    }
    Ok((tabs, paths))
}

const SHARED_TEXT: u16 = 0x13;

fn measure_shared_texts(archive: &mut PartArchive<'_>) -> Result<(), FetchError> {
    let Some(part) = archive.open_part("xl/sharedStrings.bin", MAX_SHARED_TEXT_PART)? else { return Ok(()) };
    let (mut records, mut count) = (RecordScanner::new(part), 0);
    while let Some((kind, _)) = records.next()? {
        count += u64::from(kind == SHARED_TEXT);
        if count > MAX_SHARED_TEXTS {
            return Err(too_large_unpacked(&format!(
                "It has more than {} different texts.",
                group_digits(MAX_SHARED_TEXTS)
            )));
        }
    }
    Ok(())
}

/// The texts that cells share. They must have been measured before.
fn read_shared_texts(archive: &mut PartArchive<'_>) -> Result<Vec<String>, FetchError> {
    let Some(part) = archive.open_part("xl/sharedStrings.bin", MAX_SHARED_TEXT_PART)? else { return Ok(Vec::new()) };
    let (mut records, mut texts) = (RecordScanner::new(part), Vec::new());
    while let Some((kind, record)) = records.next()? {
        if kind == SHARED_TEXT {
            texts.push(text_at(record, 1)?.0);
        }
    }
    Ok(texts)
}

/// Reads what is hidden or merged, and whether cells in the short form have shared texts, from the records `BrtRowHdr`,
/// `BrtColInfo` and `BrtMergeCell` of [MS-XLSB].
fn read_layout(mut records: RecordScanner<'_, '_>) -> Result<(TabLayout, bool), FetchError> {
    const ROW: u16 = 0x00;
    const COLUMNS: u16 = 0x3C;
    const MERGED: u16 = 0xB0;
    const END: u16 = 0x82;
    let (mut layout, mut hidden_row, mut has_ended) = (TabLayout::default(), None, false);
    let mut has_short_texts = false;
    while let Some((kind, record)) = records.next()? {
        has_short_texts |= kind == SHORT_SHARED_TEXT;
        match kind {
            ROW => {
                let is_hidden = record.get(11).is_some_and(|flags| flags & 0x10 != 0);
                hidden_row = if is_hidden { Some(u64::from(u32_at(record, 0)?) + 1) } else { None };
            }
            kind if is_filled_cell(kind) => {
                if let Some(row) = hidden_row.take() {
                    layout.hide_row(row);
                }
            }
            COLUMNS if u16_at(record, 16)? & 1 != 0 => layout.hide_columns(u32_at(record, 0)?, u32_at(record, 4)?),
            MERGED => {
                let (first, last) =
                    ((u32_at(record, 0)?, u32_at(record, 8)?), (u32_at(record, 4)?, u32_at(record, 12)?));
                layout.merge(first, last);
            }
            END => has_ended = true,
            _ => {}
        }
    }
    // Without its end the part was cut off, and rows may be missing.
    if has_ended { Ok((layout, has_short_texts)) } else { Err(corrupt_workbook()) }
}
