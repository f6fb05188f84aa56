//! Reads which tabs an Office Open XML workbook has, and in which part of the archive each is stored.

use std::collections::HashMap;

use quick_xml::events::Event;

use super::part_reader::{PartArchive, PartBound, ReadLimit};
use super::workbook_errors::{corrupt_workbook, unreadable_workbook};
use super::xml_events::{attribute, for_each_event, is_true};
use crate::domain::source_probe::SourceTab;
use crate::fetch::FetchError;

/// The most unpacked bytes of a part that lists tabs, relations or formats. Such a part usually has a few kilobytes.
pub(super) const MAX_SMALL_PART: PartBound = PartBound::Fixed(8 * 1024 * 1024);
/// The most tabs.
const MAX_TABS: usize = 10_000;

/// The tabs with cells, and the part of each.
pub(super) struct WorkbookPackage {
    /// The folder of the workbook's parts with a trailing slash: `xl/`.
    pub(super) folder: String,
    pub(super) tabs: Vec<SourceTab>,
    /// The part of each tab.
    pub(super) paths: Vec<String>,
    /// Whether the file requests that its formulas are calculated when it is opened, because the program that wrote it
    /// cannot calculate.
    pub(super) is_uncalculated: bool,
}

/// Checks that the parts with formats and shared texts have the names that calamine expects. Without them, dates would
/// be read as numbers.
///
/// # Errors
/// `corrupt_workbook` when such a part is missing or has another name.
pub(super) fn require_parts<'r>(
    archive: &PartArchive<'_>,
    folder: &str,
    relations: impl Iterator<Item = &'r PartRelation>,
) -> Result<(), FetchError> {
    for PartRelation { kind, target } in relations {
        let Some(name) = ["styles", "sharedStrings"].into_iter().find(|name| kind.ends_with(&format!("/{name}")))
        else {
            continue;
        };
        let path = target.strip_prefix('/').map_or_else(|| format!("{folder}{target}"), str::to_owned);
        let is_usual =
            path.rsplit_once('.').is_some_and(|(stem, _)| stem.eq_ignore_ascii_case(&format!("{folder}{name}")));
        if !archive.has_part(&path) {
            return Err(corrupt_workbook());
        }
        if !is_usual {
            return Err(unreadable_workbook("one of its parts has an unusual name"));
        }
    }
    Ok(())
}

/// A relation of one part to another.
pub(super) struct PartRelation {
    pub(super) kind: String,
    pub(super) target: String,
}

/// The main part of the document: `xl/workbook.xml`, `word/document.xml`.
///
/// # Errors
/// `corrupt_workbook` when the archive names no main part.
pub(super) fn main_part(archive: &mut PartArchive<'_>, limit: &ReadLimit<'_>) -> Result<String, FetchError> {
    let relations = relations(archive, "_rels/.rels", limit)?;
    let main = relations.into_values().find(|relation| relation.kind.ends_with("/relationships/officeDocument"));
    main.map(|relation| relation.target.trim_start_matches('/').to_owned()).ok_or_else(corrupt_workbook)
}

/// The tabs of the workbook whose main part is `main_part`.
///
/// # Errors
/// `corrupt_workbook` when a part is missing or damaged, `too_large` when it is larger than [`MAX_SMALL_PART`].
pub(super) fn read_package(
    archive: &mut PartArchive<'_>,
    main_part: &str,
    limit: &ReadLimit<'_>,
) -> Result<WorkbookPackage, FetchError> {
    let (folder, file) = main_part.rsplit_once('/').map_or(("", main_part), |(folder, file)| (folder, file));
    let folder = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    let relations = relations(archive, &format!("{folder}_rels/{file}.rels"), limit)?;
    require_parts(archive, &folder, relations.values())?;
    let (mut tabs, mut paths, mut is_uncalculated) = (Vec::new(), Vec::new(), false);
    let part = archive.open_part(main_part, MAX_SMALL_PART)?.ok_or_else(corrupt_workbook)?;
    for_each_event(part, limit, |event, _| {
        let Event::Start(start) = event else { return Ok(()) };
        if start.local_name().as_ref() == "calcPr" {
            is_uncalculated = is_true(attribute(start, "fullCalcOnLoad").as_deref());
        }
        if start.local_name().as_ref() != "sheet" || tabs.len() >= MAX_TABS {
            return Ok(());
        }
        let (Some(name), Some(id)) = (attribute(start, "name"), attribute(start, "id")) else { return Ok(()) };
        // Charts and dialogs have no cells.
        if let Some(relation) = relations.get(&id).filter(|relation| relation.kind.ends_with("/worksheet")) {
            let is_hidden = attribute(start, "state").is_some_and(|state| state != "visible");
            tabs.push(SourceTab { name, is_hidden });
            let target = &relation.target;
            paths.push(target.strip_prefix('/').map_or_else(|| format!("{folder}{target}"), str::to_owned));
        }
        Ok(())
    })?;
    Ok(WorkbookPackage { folder, tabs, paths, is_uncalculated })
}

/// The relations of a part, by their id.
///
/// # Errors
/// `corrupt_workbook` when the part is missing or damaged, `too_large` when it is larger than [`MAX_SMALL_PART`].
pub(super) fn relations(
    archive: &mut PartArchive<'_>,
    part: &str,
    limit: &ReadLimit<'_>,
) -> Result<HashMap<String, PartRelation>, FetchError> {
    let mut relations = HashMap::new();
    let part = archive.open_part(part, MAX_SMALL_PART)?.ok_or_else(corrupt_workbook)?;
    for_each_event(part, limit, |event, _| {
        if let Event::Start(start) = event
            && start.local_name().as_ref() == "Relationship"
            && let (Some(id), Some(kind), Some(target)) =
                (attribute(start, "Id"), attribute(start, "Type"), attribute(start, "Target"))
        {
            relations.insert(id, PartRelation { kind, target });
        }
        Ok(())
    })?;
    Ok(relations)
}
