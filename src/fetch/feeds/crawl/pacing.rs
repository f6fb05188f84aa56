//! Decides whether a feed is fetched now, by the rate limits of its server, the back-off after failures, and the
//! freshness of its last version. The current time is always a parameter.

use chrono::{DateTime, TimeDelta, Utc};
use ureq::http::{HeaderMap, header};

use crate::domain::feed::FeedRecord;
use crate::domain::operation::Mode;
use crate::domain::source::Validators;
use crate::fetch::FetchRequest;
use crate::fetch::http::http_date::parse_http_date;
use crate::fetch::http::response_status::header_text;

/// The longest time for which a version counts as fresh, even if its server declares a longer one.
const MAX_FRESHNESS: TimeDelta = TimeDelta::days(1);
/// The longest rate limit that is obeyed; a longer one would disable the feed.
const MAX_RATE_LIMIT: TimeDelta = TimeDelta::days(7);
/// The back-off after the first failure.
const FIRST_BACK_OFF: TimeDelta = TimeDelta::minutes(5);
/// The longest back-off.
const MAX_BACK_OFF: TimeDelta = TimeDelta::days(1);

/// Whether a feed is fetched now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum FetchDecision {
    /// It is fetched.
    Fetch,
    /// Its server asked to wait until this time.
    RateLimited(DateTime<Utc>),
    /// It failed, and is retried at this time.
    BackingOff(DateTime<Utc>),
    /// Its server declared the last version fresh.
    Fresh,
    /// It did not fail, and only failed feeds are requested.
    NotFailed,
}

/// Decides whether `feed` is fetched now. `known` are the validators of its last version.
pub(super) fn decide_fetch(
    feed: &FeedRecord,
    known: Option<&Validators>,
    request: &FetchRequest<'_>,
    now: DateTime<Utc>,
) -> FetchDecision {
    let later = |until: Option<DateTime<Utc>>| until.filter(|until| *until > now);
    if let Some(until) = later(feed.rate_limited_until) {
        return FetchDecision::RateLimited(until);
    }
    if request.only_failed {
        return if feed.has_failed() { FetchDecision::Fetch } else { FetchDecision::NotFailed };
    }
    if !request.is_manual
        && let Some(until) = later(feed.backing_off_until)
    {
        return FetchDecision::BackingOff(until);
    }
    // Freshness ends with a failure: it may have been declared for a version that no longer exists.
    let fresh = known.and_then(|known| known.fresh_until).filter(|_| !feed.has_failed());
    if request.mode == Mode::Incremental && later(fresh).is_some() {
        FetchDecision::Fresh
    } else {
        FetchDecision::Fetch
    }
}

/// When a feed is retried after this many failures in a row. The back-off is five minutes, doubles with each failure,
/// and is at most a day. `jitter`, from 0 to 1, shortens it by up to a fifth, so that feeds are not retried at the same
/// time.
pub(super) fn back_off_until(failures: u32, jitter: f64, now: DateTime<Utc>) -> DateTime<Utc> {
    let doublings = failures.saturating_sub(1).min(16);
    let whole = (FIRST_BACK_OFF * 2_i32.pow(doublings)).min(MAX_BACK_OFF).to_std().unwrap_or_default();
    now + TimeDelta::from_std(whole.mul_f64(1.0 - jitter.clamp(0.0, 1.0) / 5.0)).unwrap_or(MAX_BACK_OFF)
}

/// When a feed that was removed permanently is retried: once a day.
pub(super) fn gone_back_off_until(now: DateTime<Utc>) -> DateTime<Utc> {
    now + MAX_BACK_OFF
}

/// The end of a rate limit until `requested`, but at most [`MAX_RATE_LIMIT`] from `now`.
pub(super) fn cap_rate_limit(requested: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
    requested.min(now + MAX_RATE_LIMIT)
}

/// Until when the version with these `headers` is fresh, by RFC 9111 for a private cache: `max-age`, otherwise
/// `Expires`, less `Age`. `None` if the server forbids caching or declares no time. No crate is used: `headers` accepts
/// directives only in lower case, and `cache_control` only one header line.
pub(super) fn fresh_until(headers: &HeaderMap, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let lines = headers.get_all(header::CACHE_CONTROL).iter().filter_map(|line| line.to_str().ok());
    let mut max_age = None;
    for directive in lines.flat_map(|line| line.split(',')) {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "no-cache" | "no-store" => return None,
            "max-age" => max_age = parse_seconds(value).or(max_age),
            _ => {}
        }
    }
    let until = match max_age {
        Some(max_age) => {
            let age = header_text(headers, &header::AGE).and_then(|age| parse_seconds(&age)).unwrap_or_default();
            now + (max_age - age)
        }
        None => parse_http_date(&header_text(headers, &header::EXPIRES)?)?,
    };
    Some(until.min(now + MAX_FRESHNESS)).filter(|until| *until > now)
}

/// Parses a number of seconds, quoted or not, capped at a year.
fn parse_seconds(text: &str) -> Option<TimeDelta> {
    let text = text.trim().trim_matches('"');
    let number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    number.then(|| TimeDelta::seconds(text.parse().unwrap_or(i64::MAX).min(366 * 24 * 3600)))
}

#[cfg(test)]
mod tests;
