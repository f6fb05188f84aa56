//! When a feed is asked: what its server asked for, what its failures cost, and how long an answer is good. Nothing
//! here looks at a clock.

use chrono::{DateTime, TimeDelta, Utc};
use ureq::http::{HeaderMap, header};

use crate::domain::feed::FeedRecord;
use crate::domain::operation::Mode;
use crate::domain::source::Validators;
use crate::fetch::FetchRequest;
use crate::fetch::http::http_date::parse_http_date;
use crate::fetch::http::response_status::header_text;

/// The longest a version is taken to be good, whatever its server says.
const MOST_FRESH: TimeDelta = TimeDelta::days(1);
/// The longest a server is left alone because it asks for it: longer would be silence for good.
const MOST_BUSY: TimeDelta = TimeDelta::days(7);
/// How long a feed rests after its first failure, and after its twentieth.
const FIRST_REST: TimeDelta = TimeDelta::minutes(5);
const MOST_REST: TimeDelta = TimeDelta::days(1);

/// Whether a feed is asked now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum FetchDecision {
    /// It is.
    Ask,
    /// Not before then: its server asked for it.
    Busy(DateTime<Utc>),
    /// Not before then, as it failed the last time.
    Resting(DateTime<Utc>),
    /// Not before then: its server says that what is known is good until then.
    Fresh,
    /// It did not fail the last time, and only such are asked.
    Fine,
}

/// Whether `feed` is asked now, of whose version `known` is known.
pub(super) fn turn(
    feed: &FeedRecord,
    known: Option<&Validators>,
    order: &FetchRequest<'_>,
    now: DateTime<Utc>,
) -> FetchDecision {
    let later = |until: Option<DateTime<Utc>>| until.filter(|until| *until > now);
    if let Some(until) = later(feed.busy_until) {
        return FetchDecision::Busy(until);
    }
    if order.only_failed {
        return if feed.has_failed() { FetchDecision::Ask } else { FetchDecision::Fine };
    }
    if !order.is_manual
        && let Some(until) = later(feed.resting_until)
    {
        return FetchDecision::Resting(until);
    }
    // What failed since is asked again: its server may have said so of a version that is gone.
    let fresh = known.and_then(|known| known.fresh_until).filter(|_| !feed.has_failed());
    if order.mode == Mode::Incremental && later(fresh).is_some() { FetchDecision::Fresh } else { FetchDecision::Ask }
}

/// Until when a feed rests that failed so often in a row: five minutes and twice as long each time, at most a day.
/// `share`, from 0 to 1, takes up to a fifth of it so that many do not return at once.
pub(super) fn rest(failures: u32, share: f64, now: DateTime<Utc>) -> DateTime<Utc> {
    let doublings = failures.saturating_sub(1).min(16);
    let whole = (FIRST_REST * 2_i32.pow(doublings)).min(MOST_REST).to_std().unwrap_or_default();
    now + TimeDelta::from_std(whole.mul_f64(1.0 - share.clamp(0.0, 1.0) / 5.0)).unwrap_or(MOST_REST)
}

/// Until when a feed rests that was removed for good: it is still asked once a day.
pub(super) fn rest_of_gone(now: DateTime<Utc>) -> DateTime<Utc> {
    now + MOST_REST
}

/// Until when a server is left alone that asks for it until `asked`.
pub(super) fn leave_alone(asked: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
    asked.min(now + MOST_BUSY)
}

/// Until when the version that came with `headers` is good, by the rules of RFC 9111 for a cache of one user:
/// `max-age` before `Expires`, less its `Age`; nothing where the server forbids it or does not say. (The crate
/// `headers` knows the directives in lower case alone, `cache_control` knows one header line.)
pub(super) fn fresh_until(headers: &HeaderMap, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let lines = headers.get_all(header::CACHE_CONTROL).iter().filter_map(|line| line.to_str().ok());
    let mut max_age = None;
    for directive in lines.flat_map(|line| line.split(',')) {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "no-cache" | "no-store" => return None,
            "max-age" => max_age = seconds(value).or(max_age),
            _ => {}
        }
    }
    let until = match max_age {
        Some(good) => {
            let age = header_text(headers, &header::AGE).and_then(|age| seconds(&age)).unwrap_or_default();
            now + (good - age)
        }
        None => parse_http_date(&header_text(headers, &header::EXPIRES)?)?,
    };
    Some(until.min(now + MOST_FRESH)).filter(|until| *until > now)
}

/// A number of seconds, quoted or not; a year for more than that.
fn seconds(text: &str) -> Option<TimeDelta> {
    let text = text.trim().trim_matches('"');
    let number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    number.then(|| TimeDelta::seconds(text.parse().unwrap_or(i64::MAX).min(366 * 24 * 3600)))
}

#[cfg(test)]
mod tests;
