//! Limits how many requests for data a token or a network may send in a second. Each server counts for itself.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::{DefaultKeyedRateLimiter, Quota};
use moka::sync::Cache;

use super::bearer_token::bearer_token;
use super::poll_paths::is_poll;
use super::response_format::{ResponseFormat, decoded_path};
use crate::domain::client_network::ClientNetwork;
use crate::domain::secret::token_hash;

/// The most tokens that are remembered. Requests with others count for their network.
const MAX_KNOWN_TOKENS: u64 = 10_000;
/// How long a token is remembered after its last request.
const TOKEN_MEMORY: Duration = Duration::from_secs(10 * 60);
/// After this many requests, whoever has sent none for a second is forgotten.
const REQUESTS_PER_CLEANUP: u32 = 4096;

/// Who a request counts for.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum LimitKey {
    /// The hash of a token that was valid a moment ago. Tokens that are not valid count for their network: otherwise
    /// whoever makes up a new one for each request would have no limit.
    Token(String),
    /// The network of a client without such a token.
    Network(ClientNetwork),
}

/// Counts requests for data.
#[derive(Debug)]
pub struct RateLimiter {
    per_second: Option<NonZeroU32>,
    requests: DefaultKeyedRateLimiter<LimitKey, StateInformationMiddleware>,
    valid_tokens: Cache<String, ()>,
    since_cleanup: AtomicU32,
}

/// Whether a request may be answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::web) enum RateDecision {
    /// It is not limited.
    Unlimited,
    /// It may; so many more may follow at once.
    Allowed {
        /// The requests that are left.
        remaining: u32,
    },
    /// There were too many.
    Refused {
        /// When the next one may be sent.
        wait: Duration,
    },
}

impl RateLimiter {
    /// Allows this many requests a second; any number for zero.
    #[must_use]
    pub fn new(per_second: u32) -> Self {
        let per_second = NonZeroU32::new(per_second);
        let quota = Quota::per_second(per_second.unwrap_or(NonZeroU32::MAX));
        Self {
            per_second,
            requests: DefaultKeyedRateLimiter::keyed(quota).with_middleware(),
            valid_tokens: Cache::builder().max_capacity(MAX_KNOWN_TOKENS).time_to_idle(TOKEN_MEMORY).build(),
            since_cleanup: AtomicU32::new(0),
        }
    }

    /// Counts a request from `network`. Pages, panels, and polls of status and health are not limited.
    pub(in crate::web) fn count_request(&self, request: &HttpRequest, network: ClientNetwork) -> RateDecision {
        let is_limited =
            ResponseFormat::of(request) == ResponseFormat::Json && !is_poll(request.method(), &decoded_path(request));
        if self.per_second.is_none() || !is_limited {
            return RateDecision::Unlimited;
        }
        self.forget_idle_keys();
        let token = bearer_token(request).map(|token| token_hash(&token));
        let key = match token.filter(|hash| self.valid_tokens.contains_key(hash)) {
            Some(hash) => LimitKey::Token(hash),
            None => LimitKey::Network(network),
        };
        match self.requests.check_key(&key) {
            Ok(state) => RateDecision::Allowed { remaining: state.remaining_burst_capacity() },
            Err(refusal) => RateDecision::Refused { wait: refusal.wait_time_from(DefaultClock::default().now()) },
        }
    }

    /// Notes that the token with this hash is valid: from now on its requests count for it.
    pub(in crate::web) fn note_valid_token(&self, hash: String) {
        self.valid_tokens.insert(hash, ());
    }

    fn forget_idle_keys(&self) {
        if self.since_cleanup.fetch_add(1, Ordering::Relaxed) >= REQUESTS_PER_CLEANUP {
            self.since_cleanup.store(0, Ordering::Relaxed);
            self.requests.retain_recent();
        }
    }

    /// Adds what a client needs to know of its limit: the fields of draft-ietf-httpapi-ratelimit-headers, and those of
    /// its earlier versions, which most clients read.
    pub(in crate::web) fn add_headers(&self, decision: RateDecision, headers: &mut HeaderMap) {
        let (Some(limit), Some((remaining, reset))) = (self.per_second, decision.left_and_reset()) else { return };
        let values = [
            ("ratelimit-policy", format!("\"second\";q={limit};w=1")),
            ("ratelimit", format!("\"second\";r={remaining};t={reset}")),
            ("ratelimit-limit", limit.to_string()),
            ("ratelimit-remaining", remaining.to_string()),
            ("ratelimit-reset", reset.to_string()),
        ];
        for (name, value) in values {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }
}

impl RateDecision {
    /// The requests that are left, and the seconds until all are allowed again; `None` without a limit.
    fn left_and_reset(self) -> Option<(u32, u64)> {
        match self {
            Self::Unlimited => None,
            Self::Allowed { remaining } => Some((remaining, 1)),
            Self::Refused { wait } => Some((0, wait.as_secs() + 1)),
        }
    }
}
