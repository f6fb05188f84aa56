//! Makes the requests of one run to a reader server: logs in once, and again when the token expires, and stays within
//! the quota of the server.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use serde_json::Value;
use ureq::http::{HeaderMap, HeaderName, StatusCode, header};

use super::super::file_signature::detect_file_type;
use super::super::http::request::OutgoingRequest;
use super::super::http::web_address::RedirectScope;
use super::super::http::{FetchResponse, HttpClient, ResponseBody};
use super::account::ReaderAccount;
use super::{quota, responses};
use crate::domain::bounded_json;
use crate::domain::text::counts::group_digits;
use crate::fetch::http::body_file::disk_error;
use crate::fetch::http::cancel_token::{FetchEnd, deadline, with_cancel_token};
use crate::fetch::http::response_status;
use crate::fetch::http::response_status::{BodyProblem, ResponseOrigin};
use crate::fetch::{FetchError, FetchObserver, FetchRequest};

const APP_ID_HEADER: HeaderName = HeaderName::from_static("appid");
const APP_KEY_HEADER: HeaderName = HeaderName::from_static("appkey");

/// How many times a run may log in: at its beginning, and when its token expires.
const MAX_LOGINS: u32 = 2;
/// The largest response in bytes. A hundred long articles need a tenth of that.
const MAX_RESPONSE_BYTES: u64 = 64_000_000;

/// The requests of one run to one server.
pub(super) struct ReaderSession<'a> {
    client: &'a HttpClient,
    pub(super) account: &'a ReaderAccount,
    request: &'a FetchRequest<'a>,
    observer: ProgressForwarder<'a>,
    deadline: Instant,
    token: Option<String>,
    logins: u32,
    /// Until when the quota is used up.
    quota_exhausted_until: Option<DateTime<Utc>>,
    /// The end of the wait that the last response asked for.
    rate_limited_until: Option<DateTime<Utc>>,
    /// How many bytes were received in this run.
    pub(super) bytes: u64,
}

impl<'a> ReaderSession<'a> {
    /// A session within the time limit of the request.
    pub(super) fn new(
        client: &'a HttpClient,
        account: &'a ReaderAccount,
        request: &'a FetchRequest<'a>,
        observer: &'a dyn FetchObserver,
    ) -> Self {
        let deadline = deadline(request.total_timeout);
        Self {
            client,
            account,
            request,
            observer: ProgressForwarder(observer),
            deadline,
            token: None,
            logins: 0,
            quota_exhausted_until: None,
            rate_limited_until: None,
            bytes: 0,
        }
    }

    /// The time left for the whole run.
    pub(super) fn time_left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Until when no request is allowed, because the server asked for a wait or its quota is used up.
    pub(super) fn blocked_until(&self) -> Option<DateTime<Utc>> {
        self.rate_limited_until.max(self.quota_exhausted_until)
    }

    /// The folder for temporary files.
    pub(super) fn work_dir(&self) -> &'a std::path::Path {
        &self.client.settings.work_dir
    }

    /// Requests JSON from `path`.
    ///
    /// # Errors
    /// The error of the request or its response, `bad_answer` when that is not JSON, `too_large` when it is too big.
    pub(super) fn get(&mut self, path: &str, query: &[(&str, &str)]) -> Result<Value, FetchError> {
        let query = [&[("output", "json")], query].concat();
        self.request_json(&self.account.address(path, &query), None)
    }

    /// Posts a form to `path` and returns the JSON of the response.
    ///
    /// # Errors
    /// As [`ReaderSession::get`].
    pub(super) fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Result<Value, FetchError> {
        self.request_json(&self.account.address(path, &[("output", "json")]), Some(form))
    }

    fn request_json(&mut self, address: &str, form: Option<&[(&str, &str)]>) -> Result<Value, FetchError> {
        let account = self.account;
        loop {
            let token = self.get_token()?;
            let mut request = OutgoingRequest::json(address, RedirectScope::Anywhere)
                .with(header::AUTHORIZATION, format!("GoogleLogin auth={token}"));
            // Miniflux ignores the header of a posted form and reads the token from the form. Other servers ignore that
            // field.
            request.form = form.map(|form| encode_form(form.iter().copied().chain([("T", token.as_str())])));
            let check = |status: StatusCode, headers: &HeaderMap, start: &[u8], origin: &ResponseOrigin| {
                responses::check_api_response(account, status, headers, start, origin)
            };
            match self.send(OutgoingRequest { check_response: &check, ..request }) {
                Err(FetchError::Failed { code: "unauthorized", .. }) if self.logins < MAX_LOGINS => self.token = None,
                response => return self.parse_json(&response?),
            }
        }
    }

    /// The token of this run. Logs in if there is none.
    fn get_token(&mut self) -> Result<String, FetchError> {
        if let Some(token) = &self.token {
            return Ok(token.clone());
        }
        self.logins += 1;
        let account = self.account;
        let check = |status: StatusCode, headers: &HeaderMap, start: &[u8], origin: &ResponseOrigin| {
            responses::check_login_response(account, status, headers, start, origin)
        };
        let address = account.address("/accounts/ClientLogin", &[]);
        let form = [("Email", account.name.as_str()), ("Passwd", &account.password), ("service", "reader")];
        let request = OutgoingRequest {
            accept: "text/plain, */*;q=0.5",
            form: Some(encode_form(form)),
            check_response: &check,
            ..OutgoingRequest::json(&address, RedirectScope::Anywhere)
        };
        let body = self.send(request)?;
        let mut text = String::new();
        let mut start = std::io::Read::take(body.content.reader(0), 64 * 1024);
        let read = std::io::Read::read_to_string(&mut start, &mut text);
        let token = read.ok().and_then(|_| find_token(&text));
        if token.is_none() && text.contains("BadAuthentication") {
            return Err(responses::credentials_rejected(account, 200));
        }
        self.token = token;
        self.token.clone().ok_or_else(|| responses::no_reader_here(account, "something other than a login response"))
    }

    /// Sends one request, after waiting for the quota.
    fn send(&mut self, mut request: OutgoingRequest<'_>) -> Result<ResponseBody, FetchError> {
        self.wait_for_quota()?;
        if let Some((id, key)) = &self.account.app {
            request = request.with(APP_ID_HEADER, id).with(APP_KEY_HEADER, key);
        }
        let fetch_request = FetchRequest { total_timeout: self.time_left(), ..*self.request };
        let (check_response, rate_limit) = (request.check_response, Mutex::new(None));
        let check = |status: StatusCode, headers: &HeaderMap, start: &[u8], origin: &ResponseOrigin| {
            let checked = check_response(status, headers, start, origin);
            *rate_limit.lock() = if let Err(BodyProblem::Busy { until, .. }) = &checked { Some(*until) } else { None };
            checked
        };
        let response =
            self.client.send(&OutgoingRequest { check_response: &check, ..request }, &fetch_request, &self.observer);
        self.rate_limited_until = rate_limit.into_inner();
        match response {
            Ok(FetchResponse::Body(body)) => {
                if let Some(signature) = detect_file_type(&body.content).map_err(|error| disk_error(&error))? {
                    return Err(responses::no_reader_here(self.account, signature.name));
                }
                self.quota_exhausted_until = quota::exhausted_until(&body.headers, Utc::now());
                self.bytes += body.content.bytes;
                Ok(body)
            }
            Ok(FetchResponse::NotModified(_)) => Err(responses::no_reader_here(self.account, "status 304")),
            Err(FetchError::Failed { code: "html_page", .. }) => {
                Err(responses::no_reader_here(self.account, "a web page"))
            }
            Err(error) => Err(error),
        }
    }

    /// Waits until the quota is reset.
    ///
    /// # Errors
    /// `rate_limited` when that is after the end of the run.
    fn wait_for_quota(&mut self) -> Result<(), FetchError> {
        let Some(until) = self.quota_exhausted_until else { return Ok(()) };
        let wait = (until - Utc::now()).to_std().unwrap_or_default();
        if wait >= self.time_left() {
            return Err(response_status::busy_error(&self.account.host(), until));
        }
        self.observer.report_wait(&self.account.host(), until);
        with_cancel_token(&self.observer, self.time_left(), self.time_left(), |cancel| cancel.sleep(wait)).map_err(
            |ended| match ended {
                FetchEnd::Stopped => FetchError::Stopped,
                FetchEnd::TimedOut => response_status::busy_error(&self.account.host(), until),
            },
        )
    }

    fn parse_json(&self, body: &ResponseBody) -> Result<Value, FetchError> {
        let host = self.account.host();
        if body.content.bytes > MAX_RESPONSE_BYTES {
            let megabytes = MAX_RESPONSE_BYTES / 1_000_000;
            let message =
                format!("A response of {host} is larger than {megabytes} MB and was discarded. Try again later.");
            return Err(FetchError::failed("too_large", message));
        }
        bounded_json::from_reader(std::io::BufReader::new(body.content.reader(0))).map_err(|error| {
            if error.is_data() {
                let message = format!(
                    "A response of {host} has more than {} values and was discarded. Try again later.",
                    group_digits(bounded_json::MAX_VALUES as u64)
                );
                return FetchError::failed("too_large", message);
            }
            let message = format!(
                "A response of {host} is not valid JSON (line {}, column {}) and was discarded. Try again later.",
                error.line(),
                error.column()
            );
            FetchError::failed("bad_answer", message)
        })
    }
}

/// The body of a form.
fn encode_form<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// The token in the response to a login: a line `Auth=…`, or the member `Auth` of a JSON object.
fn find_token(text: &str) -> Option<String> {
    let line = || text.lines().find_map(|line| line.trim().strip_prefix("Auth=").map(str::to_owned));
    let member = || Some(serde_json::from_str::<Value>(text).ok()?.get("Auth")?.as_str()?.to_owned());
    let token = line().or_else(member)?.trim().to_owned();
    // The token becomes part of a header.
    (!token.is_empty() && token.bytes().all(|b| b.is_ascii_graphic())).then_some(token)
}

/// Forwards waits and stops, but not the bytes of a single response, because they are not the progress of the run.
struct ProgressForwarder<'a>(&'a dyn FetchObserver);

impl FetchObserver for ProgressForwarder<'_> {
    fn report_received(&self, _: u64, _: Option<u64>) {}

    fn report_wait(&self, host: &str, until: DateTime<Utc>) {
        self.0.report_wait(host, until);
    }

    fn should_stop(&self) -> bool {
        self.0.should_stop()
    }
}

#[cfg(test)]
mod tests {
    use super::find_token;

    #[test]
    fn the_token_is_found_in_lines_or_json() {
        assert_eq!(find_token("SID=null\nLSID=null\nAuth=me/abc\n").as_deref(), Some("me/abc"));
        assert_eq!(find_token("SID=x\r\nAuth=y\r\n").as_deref(), Some("y"));
        assert_eq!(find_token(r#"{"SID":"x","LSID":"x","Auth":"me/abc"}"#).as_deref(), Some("me/abc"));
        for none in ["", "Auth=", "Error=BadAuthentication", "[]", "Auth=a b", "OK"] {
            assert_eq!(find_token(none), None, "{none}");
        }
    }
}
