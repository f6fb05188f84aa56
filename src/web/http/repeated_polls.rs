//! Keeps for a moment which requests were answered with 304, so that programs which ask again and again whether a list
//! changed (polls, with `If-None-Match`) cost the database about one look in that time, however many they are.

use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use moka::sync::Cache;

use crate::domain::item::{ContentDigest, content_digest};
use crate::store::WriteMark;

/// How long a server reuses a 304. What another server or a command writes meanwhile is seen that much later; what this
/// process writes is seen at once.
pub const POLL_REUSE: Duration = Duration::from_millis(250);
/// The most answers that are kept; each takes about a kilobyte.
const MAX_ANSWERS: u64 = 1000;
/// The headers of a request that a 304 depends on.
const MEANINGFUL_HEADERS: [HeaderName; 5] =
    [header::IF_NONE_MATCH, header::AUTHORIZATION, header::COOKIE, header::HOST, header::ACCEPT];

/// What tells a poll from others: a poll is a request that is answered with 304 if the client has the current version.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct PollKey(ContentDigest);

/// The headers of a response, shared by all responses with them.
pub(super) type SharedHeaders = Arc<[(HeaderName, HeaderValue)]>;

/// The polls that this server has just answered with 304. An answer holds as long as the mark of before the database
/// was asked.
#[derive(Debug)]
pub struct RepeatedPolls(Cache<(PollKey, WriteMark), SharedHeaders>);

impl PollKey {
    /// Returns the key of the poll that a request is, if it is one. Requests with the same address and the same
    /// [`MEANINGFUL_HEADERS`] are the same poll.
    pub(super) fn of(request: &HttpRequest) -> Option<Self> {
        let reads = request.method() == Method::GET || request.method() == Method::HEAD;
        if !reads || !request.headers().contains_key(header::IF_NONE_MATCH) {
            return None;
        }
        let values = |name| request.headers().get_all(name).map(HeaderValue::as_bytes).collect::<Vec<_>>();
        let headers = MEANINGFUL_HEADERS.map(values);
        Some(Self(content_digest(&format!("{} {headers:?}", request.uri()))))
    }
}

impl RepeatedPolls {
    /// Keeps no answer yet; each will be reused for this long.
    #[must_use]
    pub fn new(reused_for: Duration) -> Self {
        Self(Cache::builder().max_capacity(MAX_ANSWERS).time_to_live(reused_for).build())
    }

    /// Returns the headers of the 304 to a poll, if it can be given again.
    pub(super) fn find(&self, poll: PollKey, mark: WriteMark) -> Option<SharedHeaders> {
        self.0.get(&(poll, mark))
    }

    /// Keeps the headers of a 304. `mark` was taken before the database was asked.
    pub(super) fn keep(&self, poll: PollKey, mark: WriteMark, headers: SharedHeaders) {
        self.0.insert((poll, mark), headers);
    }
}
