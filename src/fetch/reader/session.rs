//! Requests to a reader server in one run: logged in once, once more when the token is no longer taken, and never
//! beyond what the server still allows.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use serde_json::Value;
use ureq::http::{HeaderMap, HeaderName, StatusCode, header};

use super::super::file_signature::detect_file_type;
use super::super::http::request::OutgoingRequest;
use super::super::http::{FetchResponse, HttpClient, ResponseBody};
use super::account::ReaderAccount;
use super::{answers, quota};
use crate::domain::bounded_json;
use crate::fetch::http::body_file::disk_error;
use crate::fetch::http::cancel_token::{FetchEnd, deadline, with_cancel_token};
use crate::fetch::http::response_status;
use crate::fetch::http::response_status::{BodyProblem, ResponseOrigin};
use crate::fetch::http::web_address::RedirectScope;
use crate::fetch::{FetchError, FetchObserver, FetchRequest};

const APP_ID: HeaderName = HeaderName::from_static("appid");
const APP_KEY: HeaderName = HeaderName::from_static("appkey");

/// How often a run may log in: at its beginning, and when its token is no longer taken.
const LOGINS: u32 = 2;
/// The most bytes of one answer. A hundred long articles have a tenth of it.
const LARGEST: u64 = 64_000_000;

/// A conversation with one server.
pub(super) struct ReaderSession<'a> {
    client: &'a HttpClient,
    pub(super) account: &'a ReaderAccount,
    order: &'a FetchRequest<'a>,
    watch: ProgressForwarder<'a>,
    ends: Instant,
    token: Option<String>,
    logins: u32,
    spent: Option<DateTime<Utc>>,
    /// Until when it asked to be left alone, where that was its last word.
    busy: Option<DateTime<Utc>>,
    /// How many bytes were received.
    pub(super) bytes: u64,
}

impl<'a> ReaderSession<'a> {
    /// A conversation within the time of the order.
    pub(super) fn new(
        client: &'a HttpClient,
        account: &'a ReaderAccount,
        order: &'a FetchRequest<'a>,
        watch: &'a dyn FetchObserver,
    ) -> Self {
        let ends = deadline(order.total_timeout);
        Self {
            client,
            account,
            order,
            watch: ProgressForwarder(watch),
            ends,
            token: None,
            logins: 0,
            spent: None,
            busy: None,
            bytes: 0,
        }
    }

    /// The time that is left for the whole run.
    pub(super) fn left(&self) -> Duration {
        self.ends.saturating_duration_since(Instant::now())
    }

    /// Until when the server is not to be asked: it said so, or the last answer was the last that it gives until then.
    pub(super) fn busy_until(&self) -> Option<DateTime<Utc>> {
        self.busy.max(self.spent)
    }

    /// Where temporary files go.
    pub(super) fn work_dir(&self) -> &'a std::path::Path {
        &self.client.settings.work_dir
    }

    /// Gets JSON from `path`.
    pub(super) fn get(&mut self, path: &str, query: &[(&str, &str)]) -> Result<Value, FetchError> {
        let query = [&[("output", "json")], query].concat();
        self.ask(&self.account.address(path, &query), None)
    }

    /// Posts a form to `path`, which answers JSON.
    pub(super) fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Result<Value, FetchError> {
        self.ask(&self.account.address(path, &[("output", "json")]), Some(form))
    }

    fn ask(&mut self, address: &str, form: Option<&[(&str, &str)]>) -> Result<Value, FetchError> {
        let account = self.account;
        loop {
            let token = self.token()?;
            let mut request = OutgoingRequest::json(address, RedirectScope::Anywhere)
                .with(header::AUTHORIZATION, format!("GoogleLogin auth={token}"));
            // Miniflux takes no header with a form but wants the token in it; the others pass over it.
            request.form = form.map(|form| encoded(form.iter().copied().chain([("T", token.as_str())])));
            let judge = |status: StatusCode, headers: &HeaderMap, start: &[u8], place: &ResponseOrigin| {
                answers::api(account, status, headers, start, place)
            };
            match self.send(OutgoingRequest { check_response: &judge, ..request }) {
                Err(FetchError::Failed { code: "unauthorized", .. }) if self.logins < LOGINS => self.token = None,
                answer => return self.json(&answer?),
            }
        }
    }

    /// The token of this run.
    fn token(&mut self) -> Result<String, FetchError> {
        if let Some(token) = &self.token {
            return Ok(token.clone());
        }
        self.logins += 1;
        let account = self.account;
        let judge = |status: StatusCode, headers: &HeaderMap, start: &[u8], place: &ResponseOrigin| {
            answers::login(account, status, headers, start, place)
        };
        let address = account.address("/accounts/ClientLogin", &[]);
        let form = [("Email", account.name.as_str()), ("Passwd", &account.password), ("service", "reader")];
        let request = OutgoingRequest {
            accept: "text/plain, */*;q=0.5",
            form: Some(encoded(form)),
            check_response: &judge,
            ..OutgoingRequest::json(&address, RedirectScope::Anywhere)
        };
        let body = self.send(request)?;
        let mut text = String::new();
        let mut start = std::io::Read::take(body.content.reader(0), 64 * 1024);
        let read = std::io::Read::read_to_string(&mut start, &mut text);
        let token = read.ok().and_then(|_| token_in(&text));
        if token.is_none() && text.contains("BadAuthentication") {
            return Err(answers::refused(account, 200));
        }
        self.token = token;
        self.token.clone().ok_or_else(|| answers::not_here(account, "something that is no answer to a login"))
    }

    /// One request, after what has to be waited for.
    fn send(&mut self, mut request: OutgoingRequest<'_>) -> Result<ResponseBody, FetchError> {
        self.rest()?;
        if let Some((id, key)) = &self.account.app {
            request = request.with(APP_ID, id).with(APP_KEY, key);
        }
        let order = FetchRequest { total_timeout: self.left(), ..*self.order };
        let (inner, busy) = (request.check_response, Mutex::new(None));
        let judge = |status: StatusCode, headers: &HeaderMap, start: &[u8], place: &ResponseOrigin| {
            let judged = inner(status, headers, start, place);
            *busy.lock() = if let Err(BodyProblem::Busy { until, .. }) = &judged { Some(*until) } else { None };
            judged
        };
        let answer = self.client.send(&OutgoingRequest { check_response: &judge, ..request }, &order, &self.watch);
        self.busy = busy.into_inner();
        match answer {
            Ok(FetchResponse::Body(body)) => {
                if let Some(signature) = detect_file_type(&body.content).map_err(|error| disk_error(&error))? {
                    return Err(answers::not_here(self.account, signature.name));
                }
                self.spent = quota::spent(&body.headers, Utc::now());
                self.bytes += body.content.bytes;
                Ok(body)
            }
            Ok(FetchResponse::NotModified(_)) => Err(answers::not_here(self.account, "status 304")),
            Err(FetchError::Failed { code: "html_page", .. }) => Err(answers::not_here(self.account, "a web page")),
            Err(error) => Err(error),
        }
    }

    /// Waits until the server may be asked again, if that is soon enough.
    fn rest(&mut self) -> Result<(), FetchError> {
        let Some(until) = self.spent else { return Ok(()) };
        let wait = (until - Utc::now()).to_std().unwrap_or_default();
        if wait >= self.left() {
            return Err(response_status::busy_error(&self.account.host(), until));
        }
        self.watch.report_wait(&self.account.host(), until);
        with_cancel_token(&self.watch, self.left(), self.left(), |halt| halt.sleep(wait)).map_err(|ended| match ended {
            FetchEnd::Stopped => FetchError::Stopped,
            FetchEnd::TimedOut => response_status::busy_error(&self.account.host(), until),
        })
    }

    fn json(&self, body: &ResponseBody) -> Result<Value, FetchError> {
        let host = self.account.host();
        if body.content.bytes > LARGEST {
            let most = LARGEST / 1_000_000;
            let message = format!("{host} sent more than {most} MB in one answer. Nothing of it was taken.");
            return Err(FetchError::failed("too_large", message));
        }
        bounded_json::from_reader(std::io::BufReader::new(body.content.reader(0))).map_err(|error| {
            if error.is_data() {
                let message = format!(
                    "{host} sent more than {} values in one answer. Nothing of it was taken.",
                    bounded_json::MAX_VALUES
                );
                return FetchError::failed("too_large", message);
            }
            let message = format!(
                "{host} sent something that is not whole JSON (line {}, column {}). Nothing of it was used; try again.",
                error.line(),
                error.column()
            );
            FetchError::failed("bad_answer", message)
        })
    }
}

/// A form's text.
fn encoded<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// The token that a login was answered with: a line `Auth=…`, or the member `Auth` of an object.
fn token_in(text: &str) -> Option<String> {
    let line = || text.lines().find_map(|line| line.trim().strip_prefix("Auth=").map(str::to_owned));
    let member = || Some(serde_json::from_str::<Value>(text).ok()?.get("Auth")?.as_str()?.to_owned());
    let token = line().or_else(member)?.trim().to_owned();
    // It goes into a header.
    (!token.is_empty() && token.bytes().all(|b| b.is_ascii_graphic())).then_some(token)
}

/// Hears what the requests of a conversation tell, and passes on what concerns all of it: the bytes of one answer among
/// many say nothing of how far a run is.
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
    use super::token_in;

    #[test]
    fn the_token_is_taken_from_lines_or_json() {
        assert_eq!(token_in("SID=null\nLSID=null\nAuth=me/abc\n").as_deref(), Some("me/abc"));
        assert_eq!(token_in("SID=x\r\nAuth=y\r\n").as_deref(), Some("y"));
        assert_eq!(token_in(r#"{"SID":"x","LSID":"x","Auth":"me/abc"}"#).as_deref(), Some("me/abc"));
        for none in ["", "Auth=", "Error=BadAuthentication", "[]", "Auth=a b", "OK"] {
            assert_eq!(token_in(none), None, "{none}");
        }
    }
}
