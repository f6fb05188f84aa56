//! Links of Google Sheets that are fetched as they are: whether they bring a table, and all that they ask for.

use url::Url;

use super::error::SheetLinkError;
use super::parameters::LinkParameters;

/// Why the link of a sheet must not be fetched as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DirectLinkError {
    /// It brings a page for people, or a file that is no table of text.
    #[error("this is a link to a Google Sheet; choose the type Google Sheet (--kind sheet)")]
    Page,
    /// Google would pass over a part of it.
    #[error(
        "Google ignores “{0}=” in this link and would return more than the link shows; choose the type Google Sheet \
         (--kind sheet) or remove “{0}=” from the link"
    )]
    PassedOver(String),
    /// A part of it stands where it has no effect, or contradicts another.
    #[error(transparent)]
    Link(#[from] SheetLinkError),
}

/// Whether fetching `url`, an address on a host of Google's, brings the table that it asks for. Addresses that are not
/// those of sheets are not judged.
///
/// # Errors
/// [`DirectLinkError`] when it brings no table, or one that a part of the link would have made smaller.
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
        return Err(DirectLinkError::PassedOver(name.to_owned()));
    }
    for name in ["gid", "sheet", "range", "tq", "headers"] {
        parameters.single_value(name, |value| Ok(value.to_owned()))?;
    }
    Ok(())
}

/// Whether `url`, an address on a host of Google's, is that of a sheet or of one of its exports.
#[must_use]
pub fn is_sheet_address(url: &Url) -> bool {
    path_parts(url).iter().any(|part| ["spreadsheets", "spreadsheet"].contains(part))
        || url.host_str() == Some("spreadsheets.google.com")
}

fn path_parts(url: &Url) -> Vec<&str> {
    url.path().split('/').filter(|part| !part.is_empty()).collect()
}

/// The formats that are tables of text.
const TEXT_TABLES: [&str; 4] = ["csv", "tsv", "txt", "tsv-excel"];
