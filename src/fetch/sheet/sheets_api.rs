//! Fetches a tab of a Google Sheet through the Sheets API, with a service account that the sheet is shared with.

use std::io::Read;
use std::sync::Once;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde_json::Value;
use ureq::http::{HeaderMap, StatusCode, header};
use url::Url;

use super::google_errors;
use super::google_errors::{API_DISABLED, GoogleService, NO_TAB, TOKEN_REFUSED};
use super::rate_limit::RateLimitWaits;
use super::reading_rules::ReadingRules;
use super::service_account_client::ServiceAccountClient;
use super::spreadsheet_info::{DriveFile, SpreadsheetInfo, TabProperties, choose_tab, no_tab_error};
use super::values_reader::{explain_json_error, no_values_error, read_values};
use crate::domain::cell_range::CellRange;
use crate::domain::operation::Mode;
use crate::domain::sheet_link::SheetLink;
use crate::domain::source::Validators;
use crate::domain::source_probe::{SourceTab, SourceTabs};
use crate::domain::text::shortening::shorten_text;
use crate::fetch::http::cancel_token::deadline;
use crate::fetch::http::request::OutgoingRequest;
use crate::fetch::http::response_status;
use crate::fetch::http::response_status::{BodyProblem, ResponseOrigin};
use crate::fetch::http::web_address::RedirectScope;
use crate::fetch::http::{FetchResponse, HttpClient, ResponseBody, is_google_host};
use crate::fetch::{FetchError, FetchObserver, FetchOutcome, FetchRequest};

/// The time limit of the request for the modification time. A sync also works without that time.
const DRIVE_TIMEOUT: Duration = Duration::from_secs(10);
/// The most bytes of a response other than the values.
const MAX_METADATA_BYTES: u64 = 4 * 1024 * 1024;
/// The most bytes of an error in a response with status 200.
const MAX_ERROR_BYTES: u64 = 64 * 1024;

/// A running fetch through the Sheets API.
pub(super) struct SheetsApiFetch<'a> {
    pub(super) client: &'a HttpClient,
    pub(super) account: &'a ServiceAccountClient,
    pub(super) fetch_request: &'a FetchRequest<'a>,
    pub(super) observer: &'a dyn FetchObserver,
}

impl SheetsApiFetch<'_> {
    /// Fetches the values that `link` selects from the spreadsheet `id`.
    ///
    /// # Errors
    /// `not_shared`, `api_disabled`, `not_found`, `no_tab` and the other errors of [`google_errors`], those of the
    /// sign-in, and those of reading the values.
    pub(super) fn fetch(&self, id: &str, link: &SheetLink, rules: ReadingRules) -> Result<FetchOutcome, FetchError> {
        let ends = deadline(self.fetch_request.total_timeout);
        // Requested first: a change during the fetch then has a later time, so the next sync fetches it.
        let modified = self.fetch_modified_time(id, ends)?;
        let known = self.fetch_request.validators;
        if self.fetch_request.mode == Mode::Incremental && modified.is_some() && modified == known.modified {
            return Ok(FetchOutcome::Unchanged(None));
        }
        let tabs = self.fetch_tabs(id, ends)?;
        let chosen = choose_tab(&tabs, link.selected_tab());
        self.report_tabs(&tabs, chosen.as_ref().ok().copied());
        let TabProperties { title, sheet_id, .. } = chosen?;
        let values = self.fetch_values(id, title, link.selected_range(), ends).map_err(|error| match error {
            // The tab was renamed or removed after the tabs were listed.
            FetchError::Failed { code: NO_TAB, .. } => no_tab_error(&format!("“{}”", shorten_text(title)), &tabs),
            other => other,
        })?;
        let validators = Validators { body_hash: Some(values.content.hash.clone()), modified, ..Validators::default() };
        if self.fetch_request.is_unchanged(known, &values.content.hash) {
            return Ok(FetchOutcome::Unchanged(Some(validators)));
        }
        let table = read_values(&values.content, rules, &self.client.settings.work_dir, validators, self.observer)?;
        Ok(FetchOutcome::Content(Box::new(table.with_tab_number(*sheet_id))))
    }

    /// When the file was last modified. `None` for a probe, and if Drive does not return it, for example because its
    /// API is not enabled.
    fn fetch_modified_time(&self, id: &str, ends: Instant) -> Result<Option<String>, FetchError> {
        if self.fetch_request.sync_id.is_none() {
            return Ok(None);
        }
        let path = format!("/drive/v3/files/{id}?fields=modifiedTime&supportsAllDrives=true");
        let response =
            self.send(GoogleService::Drive, &path, ends.min(deadline(DRIVE_TIMEOUT)), &QuietObserver(self.observer));
        match response.and_then(|body| read_json::<DriveFile>(&body)) {
            Ok(file) => Ok(file.modified_time.filter(|time| !time.is_empty() && time.len() < 100)),
            Err(FetchError::Stopped) => Err(FetchError::Stopped),
            Err(FetchError::Failed { code: TOKEN_REFUSED, message }) => Err(FetchError::failed(TOKEN_REFUSED, message)),
            Err(FetchError::Failed { code, message }) => {
                log_missing_modified_time(code, &message);
                Ok(None)
            }
        }
    }

    fn report_tabs(&self, tabs: &[TabProperties], chosen: Option<&TabProperties>) {
        let listed = tabs.iter().map(|tab| SourceTab { name: tab.title.clone(), is_hidden: tab.hidden }).collect();
        let chosen = chosen.and_then(|chosen| tabs.iter().position(|tab| tab.sheet_id == chosen.sheet_id));
        self.observer.report_tabs(SourceTabs { tabs: listed, chosen });
    }

    /// The tabs in the order of the sheet. Also reports the title of the sheet.
    fn fetch_tabs(&self, id: &str, ends: Instant) -> Result<Vec<TabProperties>, FetchError> {
        let fields = "properties.title,sheets.properties(sheetId,title,index,hidden)";
        let path = format!("/v4/spreadsheets/{id}?fields={fields}");
        let sheet: SpreadsheetInfo =
            read_json(&self.send(GoogleService::Sheets, &path, ends, &QuietObserver(self.observer))?)?;
        if !sheet.properties.title.is_empty() {
            self.observer.report_title(&sheet.properties.title);
        }
        let mut tabs: Vec<TabProperties> = sheet.sheets.into_iter().map(|sheet| sheet.properties).collect();
        tabs.sort_by_key(|tab| tab.index);
        // Every spreadsheet has at least one tab.
        if tabs.is_empty() { Err(no_values_error()) } else { Ok(tabs) }
    }

    /// The values of the tab or of `range` in it, as the sheet shows them.
    fn fetch_values(
        &self,
        id: &str,
        title: &str,
        range: Option<&CellRange>,
        ends: Instant,
    ) -> Result<ResponseBody, FetchError> {
        // In A1 notation a name alone is the whole tab, and a quote in a name is doubled.
        let tab = format!("'{}'", title.replace('\'', "''"));
        let range = range.map_or_else(|| tab.clone(), |range| format!("{tab}!{range}"));
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("ranges", &range)
            .append_pair("majorDimension", "ROWS")
            .append_pair("valueRenderOption", "FORMATTED_VALUE")
            .finish();
        self.send(GoogleService::Sheets, &format!("/v4/spreadsheets/{id}/values:batchGet?{query}"), ends, self.observer)
    }

    /// Sends a request with a token, and repeats it with a new token if that is rejected.
    fn send(
        &self,
        service: GoogleService,
        path: &str,
        ends: Instant,
        observer: &dyn FetchObserver,
    ) -> Result<ResponseBody, FetchError> {
        let url = self.build_url(service, path)?;
        let fetch_request =
            || FetchRequest { total_timeout: ends.saturating_duration_since(Instant::now()), ..*self.fetch_request };
        let mut refused: Option<String> = None;
        loop {
            let token =
                self.account.get_token(self.client, &fetch_request(), &QuietObserver(observer), refused.as_deref())?;
            let waits = RateLimitWaits::default();
            let check = |status, headers: &HeaderMap, start: &[u8], origin: &ResponseOrigin| {
                google_errors::check_api_response(
                    service,
                    self.account.email(),
                    &waits,
                    (status, headers, start, origin),
                )
            };
            let request = OutgoingRequest {
                check_response: &check,
                ..OutgoingRequest::json(url.as_str(), RedirectScope::Google)
            }
            .with(header::AUTHORIZATION, format!("Bearer {token}"));
            match self.client.send(&request, &fetch_request(), observer) {
                Ok(FetchResponse::Body(body)) => match find_error_in_body(service, self.account.email(), &body) {
                    None => return Ok(body),
                    Some(FetchError::Failed { code: TOKEN_REFUSED, .. }) if refused.is_none() => refused = Some(token),
                    Some(error) => return Err(google_errors::explain_error(error, &waits)),
                },
                Ok(FetchResponse::NotModified(_)) => {
                    return Err(FetchError::failed(
                        "bad_status",
                        "Google returned no content (304 Not Modified). Try again later.",
                    ));
                }
                Err(FetchError::Failed { code: TOKEN_REFUSED, .. }) if refused.is_none() => refused = Some(token),
                Err(error) => return Err(google_errors::explain_error(error, &waits)),
            }
        }
    }

    /// The address of `path` at Google, or at the host that replaces it.
    fn build_url(&self, service: GoogleService, path: &str) -> Result<Url, FetchError> {
        let base = &self.client.settings.google_url;
        let url = if is_google_host(base) {
            Url::parse(service.base_url()).and_then(|base| base.join(path))
        } else {
            base.join(path)
        };
        let mut url = url.map_err(|error| {
            FetchError::failed(
                "bad_address",
                format!("The URL in LOCKSTEP_GOOGLE_URL cannot be used ({error}). Correct it."),
            )
        })?;
        // The token is the only authorization. Both calls fail only for addresses that cannot carry credentials.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        Ok(url)
    }
}

/// Logs once per process that syncs fetch sheets completely, because their modification times are unknown.
fn log_missing_modified_time(code: &str, message: &str) {
    static LOGGED: Once = Once::new();
    let reason = if code == API_DISABLED { message } else { "Google Drive did not return them." };
    LOGGED.call_once(|| {
        log::info!("the modification times of sheets are unknown, so every sync fetches them completely. {reason}");
    });
}

/// The error in the body of a response with status 200, if there is one.
fn find_error_in_body(service: GoogleService, account: &str, body: &ResponseBody) -> Option<FetchError> {
    if body.content.bytes > MAX_ERROR_BYTES {
        return None;
    }
    let json: Value = serde_json::from_reader(std::io::BufReader::new(body.content.reader(0))).ok()?;
    let code = u16::try_from(json.get("error")?.get("code")?.as_u64()?).ok()?;
    let status = StatusCode::from_u16(code).ok().filter(|status| status.as_u16() >= 400)?;
    let origin = ResponseOrigin { host: "Google".to_owned(), url: body.url.clone(), is_google: true };
    let message = json.to_string();
    match google_errors::check_api_response(
        service,
        account,
        &RateLimitWaits::default(),
        (status, &body.headers, message.as_bytes(), &origin),
    ) {
        Ok(()) => None,
        Err(BodyProblem::Final(error) | BodyProblem::Transient(error)) => Some(error),
        Err(BodyProblem::Busy { host, until }) => Some(response_status::busy_error(&host, until)),
    }
}

/// Parses a small JSON response.
fn read_json<T: DeserializeOwned>(body: &ResponseBody) -> Result<T, FetchError> {
    if body.content.bytes > MAX_METADATA_BYTES {
        let max = MAX_METADATA_BYTES / (1024 * 1024);
        return Err(FetchError::failed(
            "too_large",
            format!(
                "Google's list of the tabs of this sheet is larger than {max} MiB. Nothing was changed. Try again \
                 later, or copy the tab you want to a new sheet."
            ),
        ));
    }
    serde_json::from_reader(std::io::BufReader::new(body.content.reader(0).take(MAX_METADATA_BYTES)))
        .map_err(|error| explain_json_error(&error))
}

/// Forwards everything but received bytes. It serves the small requests before the values, which are not part of the
/// progress.
struct QuietObserver<'a>(&'a dyn FetchObserver);

impl FetchObserver for QuietObserver<'_> {
    fn report_received(&self, _: u64, _: Option<u64>) {
        // Clears a reported wait.
        self.0.report_received(0, None);
    }

    fn report_wait(&self, host: &str, until: DateTime<Utc>) {
        self.0.report_wait(host, until);
    }

    fn should_stop(&self) -> bool {
        self.0.should_stop()
    }
}
