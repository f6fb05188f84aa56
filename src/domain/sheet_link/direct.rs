//! Checks links to Google Sheets that are fetched unchanged: the response must be a table, and contain no more than the
//! link shows.

use url::Url;

use super::error::SheetLinkError;
use super::parameters::LinkParameters;

/// Why a link to a sheet must not be fetched unchanged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DirectLinkError {
    /// The response is a web page, or a file other than a text table.
    #[error("this is a link to a Google Sheet; choose the type Google Sheet (--kind sheet)")]
    Page,
    /// Google ignores this parameter of the link.
    #[error(
        "Google ignores “{0}=” in this link and would return more than the link shows; choose the type Google Sheet \
         (--kind sheet) or remove “{0}=” from the link"
    )]
    IgnoredParameter(String),
    /// A parameter of the link has no effect, or contradicts another one.
    #[error(transparent)]
    Link(#[from] SheetLinkError),
}

/// Checks whether fetching `url`, a URL on a host of Google, returns the table that it selects. URLs of other services
/// are accepted.
///
/// # Errors
/// [`DirectLinkError::Page`] when the response is not a text table, [`DirectLinkError::IgnoredParameter`] when it would
/// contain more than the link shows, and [`DirectLinkError::Link`] when parameters of the link contradict each other.
pub fn check_direct_link(url: &Url) -> Result<(), DirectLinkError> {
    if !is_sheet_address(url) {
        return Ok(());
    }
    let parts = path_parts(url);
    let parameters = LinkParameters::parse(url)?;
    let formats: Vec<String> = parameters.requested_formats().collect();
    let is_table = !formats.is_empty() && formats.iter().all(|format| TEXT_TABLES.contains(&format.as_str()));
    let obeyed: &[&str] = match parts.last().copied() {
        _ if !is_table => return Err(DirectLinkError::Page),
        Some("export") => &["gid", "range", "format", "exportformat", "headers"],
        Some("tq") => &["gid", "sheet", "range", "tq", "tqx", "headers"],
        Some("pub" | "ccc") => &["gid", "range", "output", "headers"],
        _ => return Err(DirectLinkError::Page),
    };
    if let Some(name) = parameters.first_unsupported(obeyed) {
        return Err(DirectLinkError::IgnoredParameter(name.to_owned()));
    }
    for name in ["gid", "sheet", "range", "tq", "headers"] {
        parameters.single_value(name, |value| Ok(value.to_owned()))?;
    }
    Ok(())
}

/// Returns whether `url`, a URL on a host of Google, belongs to a sheet or to one of its exports.
#[must_use]
pub fn is_sheet_address(url: &Url) -> bool {
    path_parts(url).iter().any(|part| ["spreadsheets", "spreadsheet"].contains(part))
        || url.host_str() == Some("spreadsheets.google.com")
}

fn path_parts(url: &Url) -> Vec<&str> {
    url.path().split('/').filter(|part| !part.is_empty()).collect()
}

/// Formats that are text tables.
const TEXT_TABLES: [&str; 4] = ["csv", "tsv", "txt", "tsv-excel"];
