//! What Google returns about a sheet and its tabs, and which tab a link selects.

use serde::Deserialize;

use super::google_errors::NO_TAB;
use crate::domain::sheet_link::TabSelector;
use crate::domain::text::shortening::shorten_text;
use crate::fetch::FetchError;

/// `spreadsheets.get` with the requested fields
/// (<https://developers.google.com/workspace/sheets/api/reference/rest/v4/spreadsheets>).
#[derive(Deserialize)]
pub(super) struct SpreadsheetInfo {
    #[serde(default)]
    pub(super) properties: SpreadsheetProperties,
    #[serde(default)]
    pub(super) sheets: Vec<SheetTab>,
}

#[derive(Deserialize, Default)]
pub(super) struct SpreadsheetProperties {
    #[serde(default)]
    pub(super) title: String,
}

#[derive(Deserialize)]
pub(super) struct SheetTab {
    pub(super) properties: TabProperties,
}

/// A tab. Google omits fields with their default value.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
pub(super) struct TabProperties {
    pub(super) sheet_id: u64,
    pub(super) title: String,
    pub(super) index: u64,
    pub(super) hidden: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DriveFile {
    pub(super) modified_time: Option<String>,
}

/// The selected tab.
pub(super) fn choose_tab<'a>(tabs: &'a [TabProperties], tab: &TabSelector) -> Result<&'a TabProperties, FetchError> {
    let found = match tab {
        TabSelector::First => tabs.iter().find(|tab| !tab.hidden).or(tabs.first()),
        TabSelector::Gid(gid) => tabs.iter().find(|tab| tab.sheet_id == *gid),
        TabSelector::Name(name) => tabs.iter().find(|tab| tab.title == *name),
    };
    found.ok_or_else(|| match tab {
        TabSelector::First => FetchError::failed(NO_TAB, "This sheet has no tabs. Check the link."),
        TabSelector::Gid(gid) => no_tab_error(&format!("with the number {gid} (gid={gid})"), tabs),
        TabSelector::Name(name) => no_tab_error(&format!("“{}”", shorten_text(name)), tabs),
    })
}

/// The error for a missing tab, with the names of all tabs.
pub(super) fn no_tab_error(which: &str, tabs: &[TabProperties]) -> FetchError {
    const MAX_LISTED_TABS: usize = 12;
    let hidden = |tab: &TabProperties| if tab.hidden { " (hidden)" } else { "" };
    let name = |tab: &TabProperties| format!("“{}”{}", shorten_text(&tab.title), hidden(tab));
    let names: Vec<String> = tabs.iter().take(MAX_LISTED_TABS).map(name).collect();
    let more = if tabs.len() > MAX_LISTED_TABS {
        format!(" and {} more", tabs.len() - MAX_LISTED_TABS)
    } else {
        String::new()
    };
    let are = if tabs.len() == 1 { "The only tab is" } else { "The tabs are" };
    FetchError::failed(
        NO_TAB,
        format!(
            "This sheet has no tab {which}. {are} {}{more}. Open the tab you want and copy its link from the address bar.",
            names.join(", ")
        ),
    )
}
