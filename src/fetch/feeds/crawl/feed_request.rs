//! One address is asked: what its answer means for a feed.

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

/// The longest one feed may take; a run has many.
pub(super) const FEED_TIME: Duration = Duration::from_secs(30);
/// The largest one feed may be, in bytes: it is in memory while it is read.
pub(in crate::fetch) const FEED_BYTES: u64 = 20_000_000;

/// A server that asks to wait no longer than this is waited for, so often.
const SHORT_WAIT: TimeDelta = TimeDelta::seconds(10);
const SHORT_WAITS: u32 = 2;

const ACCEPT: &str = "application/atom+xml, application/rss+xml, application/feed+json, text/x-opml, \
                      application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.5";

/// What an address answered.
#[derive(Debug)]
pub(super) enum FeedResponse {
    /// What is known is the newest; so are these validators.
    Same(Validators),
    /// Something new.
    New(ArrivedBody),
    /// A web page, which names these feeds.
    Page(Vec<Url>),
    /// To be left alone until then.
    Busy {
        /// The server that asked for it, with its port where that is not the usual one: the last of all redirects.
        host: String,
        /// Until when.
        until: DateTime<Utc>,
    },
}

/// What arrived.
#[derive(Debug)]
pub(in crate::fetch) struct ArrivedBody {
    content: BodyFile,
    /// The charset that the server named.
    pub(super) charset: Option<String>,
    /// Where it was found in the end.
    pub(super) url: Url,
    /// Whether it is there for good.
    pub(super) moved: bool,
    /// What to send along the next time.
    pub(super) validators: Validators,
}

impl ArrivedBody {
    /// A file of this machine.
    pub(in crate::fetch) fn from_file(content: BodyFile, url: Url) -> Self {
        let validators = Validators { body_hash: Some(content.hash.clone()), ..Validators::default() };
        Self { content, charset: None, url, moved: false, validators }
    }

    /// SHA-256 of the body.
    pub(super) fn hash(&self) -> &str {
        &self.content.hash
    }

    /// The body.
    pub(super) fn read(&self) -> Result<Vec<u8>, FetchError> {
        let mut bytes = Vec::with_capacity(usize::try_from(self.content.bytes).unwrap_or_default());
        self.content.reader(0).read_to_end(&mut bytes).map_err(|error| disk_error(&error))?;
        Ok(bytes)
    }
}

/// Asks `address`, of whose version `known` is known.
pub(super) fn ask(
    client: &HttpClient,
    address: &str,
    known: Option<&Validators>,
    order: &FetchRequest<'_>,
    watch: &dyn FetchObserver,
) -> Result<FeedResponse, FetchError> {
    // How often it asked to wait, and until when the last time.
    let asked_to_wait = Mutex::new((0, None));
    let named = Mutex::new(Vec::new());
    let judge = |status: StatusCode, headers: &HeaderMap, start: &[u8], place: &ResponseOrigin| {
        let now = Utc::now();
        match (status.as_u16(), response_status::parse_retry_after(headers, now)) {
            (429 | 503, Some(until)) => {
                let mut waits = asked_to_wait.lock();
                *waits = (waits.0 + 1, Some(pacing::leave_alone(until, now)));
                if until - now > SHORT_WAIT || waits.0 > SHORT_WAITS {
                    return Err(BodyProblem::Final(response_status::busy_error(&place.host, until)));
                }
                Err(BodyProblem::Busy { host: place.host.clone(), until })
            }
            (404, _) => Err(trouble(
                "not_found",
                format!(
                    "{} has nothing at this address (404). Look on its website for the feed's new one.",
                    place.host
                ),
            )),
            (410, _) => Err(trouble(
                "gone",
                format!(
                    "{} says that the feed was removed for good (410). Remove it from this source, or give its new \
                     address.",
                    place.host
                ),
            )),
            // To ask again at once is what it complains of.
            (429, None) => Err(trouble(
                "rate_limited",
                format!("{} was asked too often (429). It is asked again later.", place.host),
            )),
            (200 | 203, _) if response_status::declares_html(headers) && begins_as_feed(start) => Ok(()),
            (200 | 203, _) if response_status::declares_html(headers) => {
                *named.lock() = find_feed_links(start, &without_secrets(&place.url));
                Err(BodyProblem::Final(response_status::web_page_error(place)))
            }
            _ => response_status::check_response(status, headers, start, place),
        }
    };
    // Whose word the last answer was.
    let asked = Mutex::new(String::new());
    let judge = |status: StatusCode, headers: &HeaderMap, start: &[u8], place: &ResponseOrigin| {
        asked.lock().clone_from(&place.host);
        judge(status, headers, start, place)
    };
    let nothing = Validators::default();
    let request = OutgoingRequest {
        accept: ACCEPT,
        check_response: &judge,
        ..OutgoingRequest::table(address, RedirectScope::Anywhere)
    };
    let answer = client.send(&request.with_validators(known.unwrap_or(&nothing), order.mode), order, watch);
    let now = Utc::now();
    match answer {
        Ok(FetchResponse::NotModified(headers)) => {
            let known = known.cloned().unwrap_or_default();
            Ok(FeedResponse::Same(Validators { fresh_until: pacing::fresh_until(&headers, now), ..known }))
        }
        Ok(FetchResponse::Body(body)) => {
            let same = known.is_some_and(|known| order.is_same(known, &body.content.hash));
            let arrived = arrived(body, now);
            Ok(if same { FeedResponse::Same(arrived.validators) } else { FeedResponse::New(arrived) })
        }
        Err(error) => match (asked_to_wait.into_inner().1, &error) {
            (Some(until), FetchError::Failed { code: "rate_limited", .. }) if until > now => {
                Ok(FeedResponse::Busy { host: asked.into_inner(), until })
            }
            (_, FetchError::Failed { code: "html_page", .. }) => Ok(FeedResponse::Page(named.into_inner())),
            _ => Err(in_words_for_feeds(error, address, order, client.settings.max_bytes)),
        },
    }
}

fn arrived(body: ResponseBody, now: DateTime<Utc>) -> ArrivedBody {
    let validators = Validators {
        body_hash: Some(body.content.hash.clone()),
        fresh_until: pacing::fresh_until(&body.headers, now),
        ..body.validators()
    };
    let charset = response_status::declared_charset(&body.headers);
    ArrivedBody { content: body.content, charset, url: body.url, moved: body.is_moved, validators }
}

fn trouble(code: &'static str, message: String) -> BodyProblem {
    BodyProblem::Final(FetchError::failed(code, message))
}

/// Says what tables would be told otherwise.
fn in_words_for_feeds(error: FetchError, address: &str, order: &FetchRequest<'_>, most_bytes: u64) -> FetchError {
    let FetchError::Failed { code, message } = error else { return error };
    let place = messages::place(address);
    let message = match code {
        "timeout" => {
            format!(
                "{place} did not send the file within {}. It is requested again later.",
                measures::limit(order.timeout)
            )
        }
        // Where less is taken of anything, that is what it is too large for.
        "too_large" if most_bytes == FEED_BYTES => {
            let most = FEED_BYTES / 1_000_000;
            format!("{place} sends more than is taken of one feed ({most} MB at most). Look for a shorter feed there.")
        }
        _ => message,
    };
    FetchError::Failed { code, message }
}
