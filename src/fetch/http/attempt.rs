//! Makes one attempt of a fetch: a request and its redirects.

use std::cell::{Cell, RefCell};
use std::io::{self, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use ureq::http::{Method, Response, header};
use url::Url;

use super::body_file::{BodyFile, BodyRejection};
use super::cancel_token::CancelToken;
use super::cookies::CookieJar;
use super::decompress::{BodyCoding, DecompressedBody, body_coding};
use super::fetch_failure::{
    FetchFailure, connection_failure, explain_rejection, name_redirecting_host, redirect_loop, redirected_form_error,
    too_many_redirects,
};
use super::host_lock::HostLock;
use super::redirect_target::resolve_redirect;
use super::request::OutgoingRequest;
use super::response::{FetchResponse, ResponseBody};
use super::response_status;
use super::response_status::{ResponseOrigin, display_host};
use super::settings::HttpSettings;
use super::transport::{ConnectionContext, agent, resolve_with_system};
use super::web_address::basic_auth;
use crate::domain::location::without_secrets;
use crate::domain::log_fields::FETCH_TARGET;
use crate::fetch::{FetchObserver, FetchRequest};

/// How many redirects are followed.
const MAX_REDIRECTS: usize = 8;
/// How many bytes of an error page are read.
const MAX_ERROR_PAGE_BYTES: u64 = 64 * 1024;
/// How many times an address may be requested again without a new cookie. Its response may depend on more than cookies,
/// such as the time.
const MAX_REVISITS: usize = 2;
/// The `Accept` header of browsers. Some servers respond with 406 if it lacks `text/html`.
const BROWSER_ACCEPT: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

enum AttemptStep {
    Redirect {
        to: Url,
        is_permanent: bool,
    },
    /// The first 406: the request is repeated with [`BROWSER_ACCEPT`].
    NotAcceptable,
    Response(FetchResponse),
}

/// A running attempt.
pub(super) struct HttpAttempt<'a> {
    settings: &'a HttpSettings,
    agent: ureq::Agent,
    connection: Arc<ConnectionContext>,
    request: &'a OutgoingRequest<'a>,
    fetch_request: &'a FetchRequest<'a>,
    observer: &'a dyn FetchObserver,
    cookies: &'a RefCell<CookieJar>,
    /// Whether [`BROWSER_ACCEPT`] is sent.
    as_browser: Cell<bool>,
}

impl<'a> HttpAttempt<'a> {
    /// An attempt with its own connections and the cookies of earlier attempts.
    pub(super) fn new(
        settings: &'a HttpSettings,
        request: &'a OutgoingRequest<'a>,
        fetch_request: &'a FetchRequest<'a>,
        (observer, cancel): (&'a dyn FetchObserver, &Arc<CancelToken>),
        cookies: &'a RefCell<CookieJar>,
    ) -> Self {
        // A compressed body may not be larger than its content may be; headers need some room.
        let max_received_bytes = settings.max_bytes.saturating_add(256 * 1024);
        let allow = settings.allow.clone();
        let cancel = Arc::clone(cancel);
        let connection = Arc::new(ConnectionContext {
            cancel,
            allow,
            max_received_bytes,
            received_bytes: AtomicU64::new(0),
            resolve_host: resolve_with_system,
        });
        let as_browser = Cell::new(false);
        Self { settings, agent: agent(&connection), connection, request, fetch_request, observer, cookies, as_browser }
    }

    /// Requests `url` and follows redirects.
    pub(super) fn follow(&self, mut url: Url) -> Result<FetchResponse, FetchFailure> {
        let first = url.origin();
        let (mut is_moved, mut from) = (false, None);
        let mut visited: Vec<(Url, u64)> = Vec::new();
        let mut hop = 0;
        while hop <= MAX_REDIRECTS {
            let visit = (url.clone(), self.cookies.borrow().changes());
            let step = self.request_url(&url, url.origin() == first);
            match step.map_err(|failure| name_redirecting_host(failure, from.as_deref(), &url))? {
                AttemptStep::Response(FetchResponse::Body(body)) => {
                    return Ok(FetchResponse::Body(ResponseBody { is_moved, ..body }));
                }
                AttemptStep::Response(response) => return Ok(response),
                AttemptStep::NotAcceptable => self.as_browser.set(true),
                AttemptStep::Redirect { to, is_permanent } => {
                    visited.push(visit);
                    let next = (&to, self.cookies.borrow().changes());
                    if visited.iter().filter(|(url, changes)| (url, *changes) == next).count() > MAX_REVISITS {
                        return Err(redirect_loop(&url, &to));
                    }
                    is_moved = is_permanent && (is_moved || hop == 0);
                    from = Some(display_host(&url));
                    url = to;
                    hop += 1;
                }
            }
        }
        Err(too_many_redirects(&url, MAX_REDIRECTS))
    }

    /// Makes one request, while it holds the lock of the host, and logs it.
    fn request_url(&self, url: &Url, is_first_host: bool) -> Result<AttemptStep, FetchFailure> {
        let origin =
            ResponseOrigin { host: display_host(url), url: url.clone(), is_google: self.settings.is_google(url) };
        let _lock = HostLock::take(url, &self.connection.cancel)?;
        let started = Instant::now();
        let mut status = None;
        let result = self.exchange(url, is_first_host, &origin, &mut status);
        self.log_request(url, &origin.host, status, &result, started.elapsed());
        result
    }

    /// Logs a request to the log and to `fetch.jsonl`. A failure is explained once, by the run at its end.
    fn log_request(
        &self,
        url: &Url,
        host: &str,
        status: Option<u16>,
        result: &Result<AttemptStep, FetchFailure>,
        took: Duration,
    ) {
        let address = without_secrets(url.as_str());
        // The part after the host.
        let path = address.splitn(4, '/').nth(3).map_or_else(|| "/".to_owned(), |path| format!("/{path}"));
        let bytes = match result {
            Ok(AttemptStep::Response(FetchResponse::Body(body))) => Some(body.content.bytes),
            _ => None,
        };
        let code = result.as_ref().err().map(FetchFailure::code);
        let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let message = match (status, bytes, code) {
            (Some(status), Some(bytes), _) => format!("fetched {address}: status {status}, {bytes} bytes, {ms} ms"),
            (Some(status), _, None) => format!("fetched {address}: status {status}, {ms} ms"),
            (Some(status), _, Some(code)) => format!("fetching {address} failed: {code}, status {status}, {ms} ms"),
            (None, ..) => format!("fetching {address} failed: {}, {ms} ms", code.unwrap_or_default()),
        };
        log::info!(
            target: FETCH_TARGET,
            event = if code.is_some() { "failed" } else { "fetched" },
            syncId = self.fetch_request.sync_id.map(|id| id.to_string()).as_deref(), host, path = path.as_str(), status, bytes, ms,
            code;
            "{message}"
        );
    }

    /// Sends the request and reads the response. `is_first_host` says whether `url` is on the host of the first
    /// request. `received_status` is set to the status of the response.
    fn exchange(
        &self,
        url: &Url,
        is_first_host: bool,
        origin: &ResponseOrigin,
        received_status: &mut Option<u16>,
    ) -> Result<AttemptStep, FetchFailure> {
        let response = self.send(url, is_first_host).map_err(|error| self.explain_no_response(error, origin))?;
        let (head, body) = response.into_parts();
        let status = head.status.as_u16();
        *received_status = Some(status);
        self.cookies.borrow_mut().keep(url, &head.headers);
        if status == 406 && !self.as_browser.get() {
            return Ok(AttemptStep::NotAcceptable);
        }
        if matches!(status, 301 | 302 | 303 | 307 | 308) {
            // Many servers do not escape UTF-8 letters in addresses. Parsing the address escapes them.
            let to = head.headers.get(header::LOCATION).map(|to| String::from_utf8_lossy(to.as_bytes()));
            let to = to.unwrap_or_default();
            let to = resolve_redirect(self.request, self.settings, url, &to, origin)?;
            if self.request.form.is_some() {
                return Err(redirected_form_error(origin, &to));
            }
            return Ok(AttemptStep::Redirect { to, is_permanent: matches!(status, 301 | 308) });
        }
        if status == 304 && self.request.validators.is_some() {
            return Ok(AttemptStep::Response(FetchResponse::NotModified(head.headers)));
        }
        let total = body.content_length();
        let coding = body_coding(&head.headers, origin);
        let mut reader = self
            .decompress(body.into_reader(), coding.as_ref().copied().unwrap_or(BodyCoding::ByContent))
            .map_err(|error| self.explain_body_failure(BodyRejection::Broken(error), origin))?;
        let mut start = Vec::new();
        if !head.status.is_success() || response_status::declares_html(&head.headers) {
            // The page explains more than the status. If it ends early, the part that was received is used.
            let _ = reader.by_ref().take(MAX_ERROR_PAGE_BYTES).read_to_end(&mut start);
        }
        (self.request.check_response)(head.status, &head.headers, &start, origin)?;
        coding?;
        let total = total.filter(|_| !reader.was_compressed);
        // If the rule accepts a declared web page, the bytes already read belong to the body.
        let reader = Cursor::new(start).chain(reader);
        let content = BodyFile::take(
            reader,
            &self.settings.work_dir,
            self.settings.max_bytes,
            total,
            &self.connection.cancel,
            self.observer,
        )
        .map_err(|rejection| self.explain_body_failure(rejection, origin))?;
        Ok(AttemptStep::Response(FetchResponse::Body(ResponseBody {
            content,
            headers: head.headers,
            url: url.clone(),
            is_moved: false,
        })))
    }

    /// Decompresses `body` while it is read.
    fn decompress<'b>(&'b self, body: impl Read + 'b, coding: BodyCoding) -> io::Result<DecompressedBody<'b>> {
        let (limit, cancel) = (self.settings.max_bytes, &*self.connection.cancel);
        let body = DecompressedBody::gzip(body, limit, cancel)?;
        if coding == BodyCoding::Deflate { body.deflate(limit, cancel) } else { Ok(body) }
    }

    fn send(&self, url: &Url, is_first_host: bool) -> Result<Response<ureq::Body>, ureq::Error> {
        let mut bare = url.clone();
        // Both fail only for addresses that cannot carry credentials.
        let _ = bare.set_username("");
        let _ = bare.set_password(None);
        bare.set_fragment(None);
        let OutgoingRequest { accept, headers, form, .. } = self.request;
        let accept = if self.as_browser.get() { BROWSER_ACCEPT } else { accept };
        let mut head = ureq::http::Request::builder().uri(bare.as_str()).header(header::ACCEPT, accept);
        head = head.header(header::ACCEPT_ENCODING, "gzip");
        if let Some(cookies) = self.cookies.borrow().header_for(url) {
            head = head.header(header::COOKIE, cookies);
        }
        if let Some(secret) = basic_auth(url) {
            head = head.header(header::AUTHORIZATION, secret);
        }
        for (name, value) in headers.iter().filter(|_| is_first_host) {
            head = head.header(name, value);
        }
        for (name, value) in self.request.conditional_headers() {
            head = head.header(name, value);
        }
        match form {
            None => self.agent.run(head.method(Method::GET).body(())?),
            Some(form) => {
                let head = head.method(Method::POST).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
                self.agent.run(head.body(form.as_str())?)
            }
        }
    }

    /// Explains why there is no response.
    fn explain_no_response(&self, error: ureq::Error, origin: &ResponseOrigin) -> FetchFailure {
        if let Err(ended) = self.connection.cancel.check() {
            return ended.into();
        }
        connection_failure(error, &origin.host)
    }

    /// Explains why a body was not accepted.
    fn explain_body_failure(&self, rejection: BodyRejection, origin: &ResponseOrigin) -> FetchFailure {
        // After a cancel, or beyond the limit of received bytes, reading fails for that reason.
        let rejection = match (rejection, self.connection.cancel.check()) {
            (BodyRejection::Damaged(_) | BodyRejection::Broken(_), Err(ended)) => BodyRejection::Ended(ended),
            (BodyRejection::Damaged(_) | BodyRejection::Broken(_), Ok(())) if self.connection.is_over_limit() => {
                BodyRejection::TooLarge
            }
            (rejection, _) => rejection,
        };
        explain_rejection(rejection, origin, self.settings.max_bytes)
    }
}

#[cfg(test)]
mod tests;
