//! Requests one feed and interprets the response.

use std::io::Read;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::Mutex;
use ureq::http::{HeaderMap, StatusCode};
use url::Url;

use super::link_base::without_secrets;
use super::pacing;
use crate::domain::source::Validators;
use crate::domain::text::measures;
use crate::fetch::feeds::messages;
use crate::fetch::feeds::parse::{begins_as_feed, find_feed_links};
use crate::fetch::http::body_file::{BodyFile, disk_error};
use crate::fetch::http::request::OutgoingRequest;
use crate::fetch::http::response_status;
use crate::fetch::http::response_status::{BodyProblem, ResponseOrigin};
use crate::fetch::http::web_address::RedirectScope;
use crate::fetch::http::{FetchResponse, HttpClient, ResponseBody};
use crate::fetch::{FetchError, FetchObserver, FetchRequest};

/// The timeout for one feed. It is short because a run has many feeds.
pub(super) const FEED_TIMEOUT: Duration = Duration::from_secs(30);
/// The size limit of one feed. A feed is in memory while it is parsed.
pub(in crate::fetch) const MAX_FEED_BYTES: u64 = 20_000_000;

/// The longest wait that a run makes for a `Retry-After`.
const MAX_SHORT_WAIT: TimeDelta = TimeDelta::seconds(10);
/// How many such waits a run makes for one feed.
const MAX_SHORT_WAITS: u32 = 2;

/// The `Accept` header of requests for feeds.
const ACCEPTED_MEDIA_TYPES: &str = "application/atom+xml, application/rss+xml, application/feed+json, text/x-opml, \
                      application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.5";

/// The response to a request for a feed.
#[derive(Debug)]
pub(super) enum FeedResponse {
    /// The feed has not changed. Holds the validators for the next request.
    Unchanged(Validators),
    /// A new version.
    New(FeedBody),
    /// A web page, with the addresses of the feeds it links to.
    WebPage(Vec<Url>),
    /// A request to wait (429 or 503 with `Retry-After`).
    RateLimited {
        /// The server that requested the wait, after all redirects, with its port unless it is the default port.
        host: String,
        /// When the feed may be requested again.
        until: DateTime<Utc>,
    },
}

/// The body of a feed or list.
#[derive(Debug)]
pub(in crate::fetch) struct FeedBody {
    content: BodyFile,
    /// The charset that the server declared.
    pub(super) charset: Option<String>,
    /// The address after all redirects.
    pub(super) url: Url,
    /// Whether all redirects to it were permanent.
    pub(super) moved_permanently: bool,
    /// The validators for the next request.
    pub(super) validators: Validators,
}

impl FeedBody {
    /// The content of a local file. Relative links in it are resolved against `url`.
    pub(in crate::fetch) fn from_file(content: BodyFile, url: Url) -> Self {
        let validators = Validators { body_hash: Some(content.hash.clone()), ..Validators::default() };
        Self { content, charset: None, url, moved_permanently: false, validators }
    }

    /// The SHA-256 of the body.
    pub(super) fn hash(&self) -> &str {
        &self.content.hash
    }

    /// Reads the body into memory.
    ///
    /// # Errors
    /// `disk` when the temporary file cannot be read.
    pub(super) fn read_bytes(&self) -> Result<Vec<u8>, FetchError> {
        let mut bytes = Vec::with_capacity(usize::try_from(self.content.bytes).unwrap_or_default());
        self.content.reader(0).read_to_end(&mut bytes).map_err(|error| disk_error(&error))?;
        Ok(bytes)
    }
}

/// Requests the feed at `address`. `known` are the validators of its last version.
///
/// # Errors
/// The error of the request, with messages about feeds: `timeout`, `not_found`, `gone`, `too_large`, …
pub(super) fn request_feed(
    client: &HttpClient,
    address: &str,
    known: Option<&Validators>,
    request: &FetchRequest<'_>,
    observer: &dyn FetchObserver,
) -> Result<FeedResponse, FetchError> {
    let findings = Mutex::new(ResponseFindings::default());
    let check = |status: StatusCode, headers: &HeaderMap, start: &[u8], origin: &ResponseOrigin| {
        findings.lock().check_response(status, headers, start, origin)
    };
    let no_validators = Validators::default();
    let outgoing = OutgoingRequest {
        accept: ACCEPTED_MEDIA_TYPES,
        check_response: &check,
        ..OutgoingRequest::table(address, RedirectScope::Anywhere)
    };
    let response =
        client.send(&outgoing.with_validators(known.unwrap_or(&no_validators), request.mode), request, observer);
    let now = Utc::now();
    match response {
        Ok(FetchResponse::NotModified(headers)) => {
            let known = known.cloned().unwrap_or_default();
            Ok(FeedResponse::Unchanged(Validators { fresh_until: pacing::fresh_until(&headers, now), ..known }))
        }
        Ok(FetchResponse::Body(body)) => {
            let is_same = known.is_some_and(|known| request.is_unchanged(known, &body.content.hash));
            let body = to_feed_body(body, now);
            Ok(if is_same { FeedResponse::Unchanged(body.validators) } else { FeedResponse::New(body) })
        }
        Err(error) => {
            let ResponseFindings { wait_until, linked_feeds, host, .. } = findings.into_inner();
            match (wait_until, &error) {
                (Some(until), FetchError::Failed { code: "rate_limited", .. }) if until > now => {
                    Ok(FeedResponse::RateLimited { host, until })
                }
                (_, FetchError::Failed { code: "html_page", .. }) => Ok(FeedResponse::WebPage(linked_feeds)),
                _ => Err(explain_for_feeds(error, address, request, client.settings.max_bytes)),
            }
        }
    }
}

/// What the responses to one request reported, over all its retries and redirects.
#[derive(Default)]
struct ResponseFindings {
    /// The host of the last response.
    host: String,
    /// How many times a server asked for a wait.
    requested_waits: u32,
    /// The end of the last requested wait.
    wait_until: Option<DateTime<Utc>>,
    /// The feeds that a web page links to.
    linked_feeds: Vec<Url>,
}

impl ResponseFindings {
    fn check_response(
        &mut self,
        status: StatusCode,
        headers: &HeaderMap,
        start: &[u8],
        origin: &ResponseOrigin,
    ) -> Result<(), BodyProblem> {
        self.host.clone_from(&origin.host);
        let now = Utc::now();
        match (status.as_u16(), response_status::parse_retry_after(headers, now)) {
            (429 | 503, Some(until)) => {
                self.requested_waits += 1;
                self.wait_until = Some(pacing::cap_rate_limit(until, now));
                if until - now > MAX_SHORT_WAIT || self.requested_waits > MAX_SHORT_WAITS {
                    return Err(BodyProblem::Final(response_status::busy_error(&origin.host, until)));
                }
                Err(BodyProblem::Busy { host: origin.host.clone(), until })
            }
            (404, _) => Err(final_failure(
                "not_found",
                format!("Not found (404) at {}. Look for the feed's new URL on its website.", origin.host),
            )),
            (410, _) => Err(final_failure(
                "gone",
                format!(
                    "The feed was removed permanently (410) from {}. Remove it from this source, or enter its new URL.",
                    origin.host
                ),
            )),
            // An immediate retry would only prolong the rate limit.
            (429, None) => Err(final_failure(
                "rate_limited",
                format!("Rate-limited by {} (429). Lockstep retries later.", origin.host),
            )),
            (200 | 203, _) if response_status::declares_html(headers) && begins_as_feed(start) => Ok(()),
            (200 | 203, _) if response_status::declares_html(headers) => {
                self.linked_feeds = find_feed_links(start, &without_secrets(&origin.url));
                Err(BodyProblem::Final(response_status::web_page_error(origin)))
            }
            _ => response_status::check_response(status, headers, start, origin),
        }
    }
}

fn to_feed_body(body: ResponseBody, now: DateTime<Utc>) -> FeedBody {
    let validators = Validators {
        body_hash: Some(body.content.hash.clone()),
        fresh_until: pacing::fresh_until(&body.headers, now),
        ..body.validators()
    };
    let charset = response_status::declared_charset(&body.headers);
    FeedBody { content: body.content, charset, url: body.url, moved_permanently: body.is_moved, validators }
}

fn final_failure(code: &'static str, message: String) -> BodyProblem {
    BodyProblem::Final(FetchError::failed(code, message))
}

/// Replaces the messages of errors that do not fit feeds.
fn explain_for_feeds(error: FetchError, address: &str, request: &FetchRequest<'_>, max_bytes: u64) -> FetchError {
    let FetchError::Failed { code, message } = error else { return error };
    let address = messages::address_label(address);
    let message = match code {
        "timeout" => {
            format!(
                "{address} did not send the file within {}. Lockstep retries later.",
                measures::format_limit(request.timeout)
            )
        }
        // If the operator set a lower limit, its own message applies.
        "too_large" if max_bytes == MAX_FEED_BYTES => {
            let megabytes = MAX_FEED_BYTES / 1_000_000;
            format!(
                "{address} is larger than {megabytes} MB, the limit for one feed. Look for a shorter feed on its website."
            )
        }
        _ => message,
    };
    FetchError::Failed { code, message }
}
