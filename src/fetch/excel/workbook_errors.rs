//! The errors about workbooks that cannot be read.

use super::cell_place::column_letters;
use crate::domain::text::counts::group_digits;
use crate::domain::text::shortening::shorten_text;
use crate::fetch::FetchError;
use crate::fetch::file_signature::REMOVE_PASSWORD;

/// The most tabs that a message lists.
const MAX_LISTED_TABS: usize = 12;

/// The error for a damaged or incomplete file.
pub(super) fn corrupt_workbook() -> FetchError {
    FetchError::failed(
        "corrupt_workbook",
        "This workbook is damaged or incomplete. Nothing was imported. Open it in Excel or LibreOffice, save it again, \
         and sync again.",
    )
}

/// The error for a workbook with content that the reader does not support. `why` helps to find the cause.
pub(super) fn unreadable_workbook(why: &str) -> FetchError {
    FetchError::failed(
        "corrupt_workbook",
        format!(
            "This workbook could not be read ({}). Nothing was imported. Open it in Excel or LibreOffice, save it \
             again, and sync again.",
            shorten_text(why)
        ),
    )
}

/// The error for a file with a password.
pub(super) fn password_protected() -> FetchError {
    FetchError::failed(
        "password_protected",
        format!("This workbook is protected with a password, which Lockstep cannot open. {REMOVE_PASSWORD}"),
    )
}

/// The error for a workbook that exceeds a fixed limit.
pub(super) fn too_large_unpacked(what: &str) -> FetchError {
    FetchError::failed(
        "too_large",
        format!(
            "This workbook is too large to be read. {what} Delete the tabs, rows and columns that are not needed, \
             or save the tab as CSV."
        ),
    )
}

/// The error for a workbook that exceeds LOCKSTEP_MAX_BYTES.
pub(super) fn over_max_bytes(what: &str) -> FetchError {
    FetchError::failed(
        "too_large",
        format!(
            "This workbook is too large to be read. {what} Delete the tabs, rows and columns that are not needed, \
             save the tab as CSV, or raise LOCKSTEP_MAX_BYTES."
        ),
    )
}

/// The error for a row that is set as the header row and is empty or missing.
pub(super) fn no_header_error(row: Option<u64>) -> FetchError {
    let row = group_digits(row.unwrap_or(1));
    FetchError::failed(
        "no_header",
        format!(
            "Row {row} is set as the header row but is empty. Choose the row that contains the column names \
             (--header-row)."
        ),
    )
}

/// The error for a column whose name is a formula without a saved value.
pub(super) fn unsaved_header_error(row: u64, position: usize) -> FetchError {
    let letters = column_letters(u32::try_from(position).unwrap_or(u32::MAX));
    FetchError::failed(
        "unsaved_formula",
        format!(
            "Row {}, column {letters}: the name of this column is a formula without a saved value. Open the file in \
             Excel or LibreOffice, save it once, and sync again. If another row contains the column names, set it as \
             the header row (--header-row).",
            group_digits(row)
        ),
    )
}

/// The error for a missing tab. `tabs` are the names, and whether each is hidden.
pub(super) fn no_tab_error(name: &str, tabs: &[(String, bool)]) -> FetchError {
    let hidden = |hidden: bool| if hidden { " (hidden)" } else { "" };
    let listed = tabs.iter().take(MAX_LISTED_TABS).map(|(name, is)| format!("“{}”{}", shorten_text(name), hidden(*is)));
    let mut listed = listed.collect::<Vec<_>>().join(", ");
    if tabs.len() > MAX_LISTED_TABS {
        listed.push_str(&format!(" and {} more", tabs.len() - MAX_LISTED_TABS));
    }
    let are = if tabs.len() == 1 { "The only tab is" } else { "The tabs are" };
    FetchError::failed(
        "no_tab",
        format!(
            "This workbook has no tab “{}”. {are} {listed}. Change the tab of the source (--tab).",
            shorten_text(name)
        ),
    )
}

/// The error for a workbook without a tab with cells.
pub(super) fn no_tabs_error() -> FetchError {
    FetchError::failed(
        "no_tab",
        "This workbook has no tab with cells, so there is nothing to read. Choose another file.",
    )
}
