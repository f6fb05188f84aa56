//! Fetches a tab of a Google Sheet that everyone with the link may read, through its CSV export. Google explains errors
//! of the export with web pages.

use std::borrow::Cow;

use ureq::http::{HeaderMap, StatusCode};

use super::google_errors::NO_TAB;
use super::rate_limit::RateLimitWaits;
use crate::domain::cell_range::CellRange;
use crate::domain::issue::Issue;
use crate::domain::read_options::ReadOptions;
use crate::domain::sheet_link::{SheetLink, TabSelector};
use crate::domain::text::shortening::shorten_text;
use crate::fetch::csv::CsvFetch;
use crate::fetch::http::request::OutgoingRequest;
use crate::fetch::http::response_status;
use crate::fetch::http::response_status::{BodyProblem, ResponseOrigin};
use crate::fetch::http::web_address::RedirectScope;
use crate::fetch::http::{FetchResponse, HttpClient};
use crate::fetch::{FetchError, FetchObserver, FetchOutcome, FetchRequest};

/// A tab name that no sheet has.
const ABSENT_TAB_NAME: &str = "no tab is called 0199c0de-7a1b-7c3d-8e5f-2f6a4b8c9d10";

/// The error code of a query that Google rejects.
const BAD_QUERY: &str = "bad_query";

/// The note about a tab that was selected by name. Google's query service then assigns one type to each column and
/// omits cells of other types: <https://support.google.com/docs/answer/3093343>.
const CELLS_LEFT_OUT: &str = "When a tab is selected by name, Google omits cells whose type differs from most of \
                              their column, such as words in a column of numbers. Use the link of the tab, which \
                              ends in gid=…, to get all cells.";

/// Fetches the cells that the link selects.
pub(super) fn fetch_export(
    client: &HttpClient,
    link: &SheetLink,
    options: &ReadOptions,
    fetch_request: &FetchRequest<'_>,
    observer: &dyn FetchObserver,
) -> Result<FetchOutcome, FetchError> {
    refuse_published_tab_name(link)?;
    let link = &*start_at_header(link, options)?;
    let address = |path: &str| {
        client.settings.google_url.join(path).map_err(|error| {
            FetchError::failed(
                "bad_address",
                format!("The URL in LOCKSTEP_GOOGLE_URL cannot be used ({error}). Correct it."),
            )
        })
    };
    let waits = RateLimitWaits::default();
    let check = |status, headers: &HeaderMap, page: &[u8], origin: &ResponseOrigin| {
        check_export_response(&waits, status, headers, page, origin)
    };
    let explained = |error| explain_error(waits.explain_error(error, "Sync less often."), link);
    let tab = address(&link.export_path())?;
    let request =
        OutgoingRequest { check_response: &check, ..OutgoingRequest::table(tab.as_str(), RedirectScope::Google) };
    // The rows of a query result are computed, so they have no row numbers of the tab.
    let range = link.selected_range().filter(|_| !link.is_query());
    let rows_above = range.map_or(0, |range| range.first_row() - 1);
    let table = CsvFetch { client, options, rows_above, fetch_request, observer };
    let fetched = table.fetch(request).map_err(explained)?;
    if let (true, FetchOutcome::Content(_)) = (link.is_by_name(), &fetched) {
        observer.report_issue(Issue::noted(None, None, CELLS_LEFT_OUT.to_owned()));
    }
    if let (TabSelector::Name(name), FetchOutcome::Content(content)) = (link.selected_tab(), &fetched) {
        // If no tab has the name, Google silently returns the first tab
        // (<https://github.com/mit-cml/appinventor-sources/pull/3000>). So the response for a name that does not exist
        // must be a different table.
        let other = address(&link.with_tab_name(ABSENT_TAB_NAME).export_path())?;
        let request =
            OutgoingRequest { check_response: &check, ..OutgoingRequest::table(other.as_str(), RedirectScope::Google) };
        match client.send(&request, fetch_request, observer).map_err(explained) {
            Ok(FetchResponse::Body(first))
                if content.validators().body_hash.as_deref() != Some(&first.content.hash) => {}
            // Google rejected the name that no tab has, so it did not return the first tab for the other name either.
            Err(FetchError::Failed { code: "not_found" | BAD_QUERY, .. }) => {}
            Ok(_) => return Err(ambiguous_tab_error(name)),
            Err(error) => return Err(error),
        }
    }
    Ok(fetched)
}

/// The link to fetch. Google always takes the first row of a tab that is selected by name as its header, and would omit
/// column names above numbers in a later row. So the range of such a link is changed to begin at the row that is set as
/// the header row.
///
/// # Errors
/// `no_header` when the range cannot begin at that row.
fn start_at_header<'a>(link: &'a SheetLink, options: &ReadOptions) -> Result<Cow<'a, SheetLink>, FetchError> {
    let first_row = link.selected_range().map_or(1, CellRange::first_row);
    let (Some(row), TabSelector::Name(name), true) = (options.header_row, link.selected_tab(), link.is_by_name())
    else {
        return Ok(Cow::Borrowed(link));
    };
    let refused =
        |why: String| FetchError::failed("no_header", format!("Row {row} is set as the header row, but {why}"));
    match link.selected_range() {
        _ if row <= first_row => Ok(Cow::Borrowed(link)),
        Some(range) => match range.from_row(row) {
            Some(below) => Ok(Cow::Owned(link.with_range(below))),
            None => Err(refused(format!("the link's range {range} ends above it. Choose a row in the range."))),
        },
        None => Err(refused(format!(
            "without a service account Google always takes the first row of a tab that is selected by name (“{}”) as \
             the header. Use the link of the tab, which ends in gid=…, instead of the name, or add a range to the \
             link, such as range=A{row}:D200.",
            shorten_text(name)
        ))),
    }
}

/// Refuses a tab name for a published sheet: Google does not support tab names there.
///
/// # Errors
/// [`NO_TAB`], with how to get the link of the tab.
pub(super) fn refuse_published_tab_name(link: &SheetLink) -> Result<(), FetchError> {
    match link.selected_tab() {
        TabSelector::Name(name) if link.is_published() => Err(FetchError::failed(
            NO_TAB,
            format!(
                "The tabs of a published sheet cannot be selected by name (“{}”). In Google Sheets choose File → \
                 Share → Publish to web, choose the tab instead of “Entire document”, and use that link, which \
                 contains gid=….",
                shorten_text(name)
            ),
        )),
        _ => Ok(()),
    }
}

/// The error for a response that may be the first tab instead of the named one.
fn ambiguous_tab_error(name: &str) -> FetchError {
    FetchError::failed(
        NO_TAB,
        format!(
            "Could not verify that this sheet has a tab “{}”: without a service account, Google sends the first tab if \
             there is none of that name. Open the tab you want and copy its link, which ends in gid=…, from the \
             address bar.",
            shorten_text(name)
        ),
    )
}

/// Checks the response to an export. Google explains an error with a web page, so its text is searched.
fn check_export_response(
    waits: &RateLimitWaits,
    status: StatusCode,
    headers: &HeaderMap,
    start: &[u8],
    origin: &ResponseOrigin,
) -> Result<(), BodyProblem> {
    waits.check(status, headers)?;
    let page = String::from_utf8_lossy(start).to_lowercase();
    // "Sorry, the owner hasn't given you permission to download this file. Only the owner and editors can download this
    // file.", also under the title "Google Drive: Access Denied", which the page that asks for access has as well. The
    // setting: <https://support.google.com/docs/answer/2494893>.
    let asks_for_access = ["need access", "need permission", "request access"].iter().any(|words| page.contains(words));
    if page.contains("permission to download") || page.contains("access denied") && !asks_for_access {
        return Err(BodyProblem::Final(FetchError::failed(
            "downloads_disabled",
            "Downloads are disabled by the owner of this sheet. The owner can allow them: Share → the cog → \
             “Viewers and commenters can see the option to download, print, and copy”. Then try again.",
        )));
    }
    response_status::check_response(status, headers, start, origin)
}

/// Replaces the messages that do not fit this form of link.
fn explain_error(error: FetchError, link: &SheetLink) -> FetchError {
    let FetchError::Failed { code, message } = error else { return error };
    match code {
        // Publishing is independent of sharing: it has its own link and its own switch.
        "sign_in_page" | "not_found" if link.is_published() => FetchError::failed(
            code,
            "This published link does not lead to a public sheet: it is no longer published, or only within an \
             organisation. In Google Sheets choose File → Share → Publish to web, or use the sheet's own link from \
             the address bar.",
        ),
        // A service account does not help: the Sheets API does not support queries.
        "sign_in_page" if link.is_query() => FetchError::failed(
            code,
            "The sheet is not public, and Google runs the query of this link (tq=) on public sheets only. In Google \
             Sheets choose Share → Anyone with the link → Viewer. Or put the query into a separate tab, as =QUERY(…), \
             and use the link of that tab.",
        ),
        "not_found" if link.is_query() && message.contains("(400)") => FetchError::failed(
            BAD_QUERY,
            "Google rejected the query of this link (400). Open the link in a private window to see what is wrong \
             with its tq=, headers=, range= or tab, and correct it.",
        ),
        _ => FetchError::Failed { code, message },
    }
}
