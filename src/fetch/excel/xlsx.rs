//! Reads a tab of an `.xlsx` or `.xlsm` file cell by cell.
//!
//! The parts that calamine keeps in memory (texts, formats) are measured before it reads them. The tab is read an extra
//! time before that, for what calamine does not return: hidden columns and rows, merged areas, areas of formulas.

use std::collections::HashMap;

use calamine::{DataRef, Reader, Xlsx, XlsxCellFormulaMetadataRecord, XlsxError, XlsxFormulaMetadata};
use quick_xml::events::Event;

use super::cell_place::{CellArea, parse_area};
use super::cell_text::{cell_text, is_rounded_cell, max_text_bytes};
use super::error_cells::UnknownErrors;
use super::layout::TabLayout;
use super::package::{MAX_SMALL_PART, read_package};
use super::part_reader::{PartArchive, PartBound, ReadLimit, WorkbookBytes};
use super::read_request::ReadRequest;
use super::row_collector::RowCollector;
use super::tab_choice::choose_tab;
use super::tab_content::TabContent;
use super::workbook_errors::{corrupt_workbook, password_protected, too_large_unpacked, unreadable_workbook};
use super::xml_events::{attribute, for_each_event, is_true};
use crate::domain::source_probe::SourceTab;
use crate::domain::text::counts::group_digits;
use crate::fetch::FetchError;

/// The most bytes of the part with the texts that cells share. They are kept in memory.
pub(super) const MAX_SHARED_TEXT_PART: PartBound = PartBound::Fixed(100_000_000);
/// The most texts that cells share.
pub(super) const MAX_SHARED_TEXTS: u64 = 2_000_000;
/// The most areas of formulas that are kept.
const MAX_FORMULA_AREAS: usize = 10_000;
/// The most bytes of one cell with all its markup.
const MAX_CELL_MARKUP_BYTES: u64 = 8 * 1024 * 1024;

/// Reads the tab that `request` selects.
///
/// # Errors
/// `corrupt_workbook`, `password_protected` or `too_large` when the workbook cannot be read, `no_tab` when it has no
/// such tab, and the errors of [`RowCollector`].
pub(super) fn read_xlsx(
    request: &ReadRequest<'_>,
    mut archive: PartArchive<'_>,
    main_part: &str,
) -> Result<TabContent, FetchError> {
    let limit = request.limit;
    let package = read_package(&mut archive, main_part, &limit)?;
    let chosen = choose_tab(&package.tabs, request)?;
    let SourceTab { name, is_hidden } = package.tabs[chosen].clone();
    measure_shared_texts(&mut archive, &format!("{}sharedStrings.xml", package.folder), &limit)?;
    if let Some(styles) = archive.open_part(&format!("{}styles.xml", package.folder), MAX_SMALL_PART)? {
        for_each_event(styles, &limit, |_, _| Ok(()))?;
    }
    let max = request.max_part();
    let XlsxTabFacts { layout, mut errors, formula_areas } =
        read_facts(&mut archive, &package.paths[chosen], max, &limit)?;
    drop(archive);
    let mut workbook: Xlsx<_> =
        Xlsx::new(WorkbookBytes::new(request.content, limit)).map_err(|error| explain_reader_error(&limit, &error))?;
    let is_1904 = workbook.has_1904_epoch();
    let mut collector = RowCollector::new(request.folder, request.max_bytes, request.options, limit)?;
    let mut cells = workbook.worksheet_cells_reader(&name).map_err(|error| explain_reader_error(&limit, &error))?;
    loop {
        match cells.next_cell_with_formula_metadata() {
            Ok(Some(cell)) => {
                let ((row, column), value) = (cell.pos, &cell.value);
                let is_unsaved = value == &DataRef::Empty || (package.is_uncalculated && is_zero(value));
                if is_unsaved && has_formula(&cell) {
                    collector.add_unsaved_formula(row, column)?;
                    formula_areas.get(&(row, column)).into_iter().for_each(|area| collector.add_unsaved_area(*area));
                    continue;
                }
                collector.add_cell(row, column, max_text_bytes(value), || cell_text(value, is_1904))?;
                if is_rounded_cell(value) {
                    collector.mark_rounded(column);
                }
            }
            Ok(None) => break,
            Err(XlsxError::CellError(word)) => {
                let (row, column) = errors
                    .next_place()
                    .ok_or_else(|| unreadable_workbook(&format!("it has the unknown error “{word}”")))?;
                collector.add_cell(row, column, word.len(), || word)?;
            }
            Err(error) => return Err(explain_reader_error(&limit, &error)),
        }
    }
    Ok(TabContent { collected: collector.finish()?, layout, tab: name, is_hidden })
}

/// Whether there is a formula in a cell.
fn has_formula(cell: &XlsxCellFormulaMetadataRecord<'_>) -> bool {
    match &cell.formula {
        Some(XlsxFormulaMetadata::Normal { formula }) => !formula.trim().is_empty(),
        other => other.is_some(),
    }
}

/// Whether a value is zero, which programs that cannot calculate write as the value of formulas.
fn is_zero(value: &DataRef<'_>) -> bool {
    match value {
        DataRef::Int(number) => *number == 0,
        DataRef::Float(number) => *number == 0.0,
        DataRef::DateTime(moment) => moment.as_f64() == 0.0,
        _ => false,
    }
}

/// Turns an error of calamine into a message for people.
fn explain_reader_error(limit: &ReadLimit<'_>, error: &XlsxError) -> FetchError {
    if let Err(ended) = limit.check() {
        return ended;
    }
    match error {
        XlsxError::Password => password_protected(),
        XlsxError::Io(_) | XlsxError::Zip(_) | XlsxError::Xml(_) | XlsxError::XmlEof(_) => corrupt_workbook(),
        other => unreadable_workbook(&other.to_string()),
    }
}

/// Checks that the texts that cells share fit in memory.
fn measure_shared_texts(archive: &mut PartArchive<'_>, path: &str, limit: &ReadLimit<'_>) -> Result<(), FetchError> {
    let Some(part) = archive.open_part(path, MAX_SHARED_TEXT_PART)? else { return Ok(()) };
    let too_many =
        || too_large_unpacked(&format!("It has more than {} different texts.", group_digits(MAX_SHARED_TEXTS)));
    let (mut count, mut text_at) = (0_u64, 0);
    for_each_event(part, limit, |event, at| {
        let Event::Start(start) = event else { return check_cell_length(at - text_at) };
        match start.local_name().as_ref() {
            // calamine allocates memory for as many texts as the part declares.
            "sst" => {
                let claimed = attribute(start, "uniqueCount").and_then(|count| count.parse::<u64>().ok());
                if claimed.is_some_and(|claimed| claimed > MAX_SHARED_TEXTS) {
                    return Err(too_many());
                }
            }
            "si" => {
                count += 1;
                text_at = at;
                if count > MAX_SHARED_TEXTS {
                    return Err(too_many());
                }
            }
            _ => {}
        }
        check_cell_length(at - text_at)
    })
}

/// Refuses a cell with too much markup.
fn check_cell_length(bytes: u64) -> Result<(), FetchError> {
    if bytes <= MAX_CELL_MARKUP_BYTES {
        return Ok(());
    }
    Err(too_large_unpacked(&format!("It has a cell of more than {} MB.", MAX_CELL_MARKUP_BYTES / (1024 * 1024))))
}

/// The facts about a tab that calamine does not return.
#[derive(Default)]
struct XlsxTabFacts {
    layout: TabLayout,
    errors: UnknownErrors,
    /// The areas that one formula fills, by their first cell.
    formula_areas: HashMap<(u32, u32), CellArea>,
}

/// Reads the facts about the tab in this part that calamine does not return.
fn read_facts(
    archive: &mut PartArchive<'_>,
    path: &str,
    max: PartBound,
    limit: &ReadLimit<'_>,
) -> Result<XlsxTabFacts, FetchError> {
    let XlsxTabFacts { mut layout, mut errors, mut formula_areas } = XlsxTabFacts::default();
    let part = archive.open_part(path, max)?.ok_or_else(corrupt_workbook)?;
    let (mut row, mut is_hidden_row, mut in_cells, mut cell_at, mut has_ended) = (0_u64, false, false, 0, false);
    for_each_event(part, limit, |event, at| {
        errors.follow(event);
        match event {
            Event::Start(start) => match start.local_name().as_ref() {
                "col" => {
                    let number = |name: &str| attribute(start, name).and_then(|value| value.parse::<u32>().ok());
                    let is_narrow = attribute(start, "width").and_then(|width| width.parse::<f64>().ok()) == Some(0.0);
                    if (is_narrow || is_true(attribute(start, "hidden").as_deref()))
                        && let (Some(first @ 1..), Some(last @ 1..)) = (number("min"), number("max"))
                    {
                        layout.hide_columns(first - 1, last - 1);
                    }
                }
                "sheetData" => (in_cells, cell_at) = (true, at),
                "row" => {
                    row = attribute(start, "r").and_then(|number| number.parse().ok()).unwrap_or(row + 1);
                    is_hidden_row = is_true(attribute(start, "hidden").as_deref());
                    cell_at = at;
                }
                "c" => cell_at = at,
                // A hidden row without values is not noted.
                "v" | "is" if is_hidden_row => {
                    layout.hide_row(row);
                    is_hidden_row = false;
                }
                "f" if formula_areas.len() < MAX_FORMULA_AREAS => {
                    let fills_area = matches!(attribute(start, "t").as_deref(), Some("array" | "dataTable"));
                    let area = if fills_area { attribute(start, "ref").as_deref().and_then(parse_area) } else { None };
                    formula_areas.extend(area.map(|area| (area.0, area)));
                }
                "mergeCell" => {
                    if let Some((first, last)) = attribute(start, "ref").as_deref().and_then(parse_area) {
                        layout.merge(first, last);
                    }
                }
                _ => {}
            },
            Event::End(end) => match end.local_name().as_ref() {
                "sheetData" => in_cells = false,
                "worksheet" => has_ended = true,
                _ => {}
            },
            _ => {}
        }
        if in_cells { check_cell_length(at - cell_at) } else { Ok(()) }
    })?;
    // Without its end the part was cut off, and rows may be missing.
    if has_ended { Ok(XlsxTabFacts { layout, errors, formula_areas }) } else { Err(corrupt_workbook()) }
}
