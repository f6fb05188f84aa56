//! Chooses the tab of a workbook that is read.

use super::read_request::ReadRequest;
use super::workbook_errors::{no_tab_error, no_tabs_error};
use crate::domain::source_probe::{SourceTab, SourceTabs};
use crate::fetch::FetchError;

/// The position of the tab that the options name. If they name none, that of the first visible tab, or of the first tab
/// if all are hidden. Reports all tabs.
///
/// White space around names is ignored unless two tabs differ only in it.
///
/// # Errors
/// `no_tab`, with the names of all tabs.
pub(super) fn choose_tab(tabs: &[SourceTab], request: &ReadRequest<'_>) -> Result<usize, FetchError> {
    if tabs.is_empty() {
        return Err(no_tabs_error());
    }
    let wanted = request.options.tab.as_deref();
    let chosen = match wanted {
        None => Some(tabs.iter().position(|tab| !tab.is_hidden).unwrap_or(0)),
        Some(wanted) => {
            let exact = tabs.iter().position(|tab| tab.name == wanted);
            exact.or_else(|| tabs.iter().position(|tab| tab.name.trim() == wanted.trim()))
        }
    };
    request.limit.observer.report_tabs(SourceTabs { tabs: tabs.to_vec(), chosen });
    chosen.ok_or_else(|| {
        let listed: Vec<(String, bool)> = tabs.iter().map(|tab| (tab.name.clone(), tab.is_hidden)).collect();
        no_tab_error(wanted.unwrap_or_default(), &listed)
    })
}
