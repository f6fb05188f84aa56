//! Refuses links to Google Sheets for the kinds that fetch an address unchanged. The kind `sheet` reads such links.

use url::Url;

use super::FetchError;
use super::http::HttpClient;
use super::http::web_address::parse_web_address;
use crate::domain::sheet_link::{DirectLinkError, check_direct_link, is_sheet_address};
use crate::domain::text::measures::format_error;

/// Refuses a link to a Google Sheet that returns a web page, or more cells than it shows.
///
/// # Errors
/// `sheet_link` for such a link, `bad_address` for a text that is not a URL.
pub(super) fn refuse_partial_sheet(client: &HttpClient, address: &str) -> Result<(), FetchError> {
    refuse_partial_sheet_at(client, &parse_web_address(address)?)
}

/// As [`refuse_partial_sheet`], for the target of a redirect.
///
/// # Errors
/// `sheet_link` for such a link.
pub(super) fn refuse_partial_sheet_at(client: &HttpClient, url: &Url) -> Result<(), FetchError> {
    match check_direct_link(url) {
        Err(error) if client.settings.is_google(url) => Err(sheet_link_error(&error)),
        _ => Ok(()),
    }
}

/// Refuses every link to a Google Sheet: Google exports a workbook with all tabs and all cells, whatever part of the
/// sheet the link shows.
///
/// # Errors
/// As [`refuse_partial_sheet`].
pub(super) fn refuse_sheet(client: &HttpClient, address: &str) -> Result<(), FetchError> {
    refuse_sheet_at(client, &parse_web_address(address)?)
}

/// As [`refuse_sheet`], for the target of a redirect.
///
/// # Errors
/// `sheet_link` for such a link.
pub(super) fn refuse_sheet_at(client: &HttpClient, url: &Url) -> Result<(), FetchError> {
    if client.settings.is_google(url) && is_sheet_address(url) {
        Err(sheet_link_error(&DirectLinkError::Page))
    } else {
        Ok(())
    }
}

fn sheet_link_error(error: &DirectLinkError) -> FetchError {
    FetchError::failed("sheet_link", format_error(error))
}
