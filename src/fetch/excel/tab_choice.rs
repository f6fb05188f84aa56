//! Chooses the tab of a workbook that is read.

use super::workbook_errors::{no_tab_error, no_tabs_error};
use crate::fetch::FetchError;

/// A tab with cells.
#[derive(Clone, Debug)]
pub(super) struct WorkbookTab {
    /// The name as written.
    pub(super) name: String,
    /// Whether it is hidden.
    pub(super) is_hidden: bool,
}

/// The position of the tab with the name `wanted`. Without a name, that of the first visible tab, or of the first tab
/// if all are hidden.
///
/// White space around names is ignored unless two tabs differ only in it.
///
/// # Errors
/// `no_tab`, with the names of all tabs.
pub(super) fn choose_tab(tabs: &[WorkbookTab], wanted: Option<&str>) -> Result<usize, FetchError> {
    if tabs.is_empty() {
        return Err(no_tabs_error());
    }
    let Some(wanted) = wanted else { return Ok(tabs.iter().position(|tab| !tab.is_hidden).unwrap_or(0)) };
    let exact = tabs.iter().position(|tab| tab.name == wanted);
    exact.or_else(|| tabs.iter().position(|tab| tab.name.trim() == wanted.trim())).ok_or_else(|| {
        let listed: Vec<(String, bool)> = tabs.iter().map(|tab| (tab.name.clone(), tab.is_hidden)).collect();
        no_tab_error(wanted, &listed)
    })
}
