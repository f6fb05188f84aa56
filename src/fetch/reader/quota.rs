//! Reads the request quota of a server from its response headers.
//!
//! Inoreader counts requests per day (read requests in its zone 1) and sends the count with every response
//! (www.inoreader.com/developers/rate-limiting). It responds with 429 to requests beyond the quota.

use chrono::{DateTime, TimeDelta, Utc};
use ureq::http::{HeaderMap, HeaderName};

const LIMIT_HEADER: HeaderName = HeaderName::from_static("x-reader-zone1-limit");
const USAGE_HEADER: HeaderName = HeaderName::from_static("x-reader-zone1-usage");
const RESET_HEADER: HeaderName = HeaderName::from_static("x-reader-limits-reset-after");

/// When the quota is reset, according to the headers of a response.
pub(super) fn reset_time(headers: &HeaderMap, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    // The value is in seconds. Some servers send a fraction.
    let seconds = read_number(headers, &RESET_HEADER)?;
    now.checked_add_signed(TimeDelta::try_seconds(i64::try_from(seconds).ok()?)?)
}

/// Until when no more requests are allowed. `None` unless the response with these headers used up the quota.
pub(super) fn exhausted_until(headers: &HeaderMap, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let all_used =
        read_number(headers, &USAGE_HEADER)? >= read_number(headers, &LIMIT_HEADER).filter(|limit| *limit > 0)?;
    if all_used { reset_time(headers, now) } else { None }
}

fn read_number(headers: &HeaderMap, name: &HeaderName) -> Option<u64> {
    let text = headers.get(name)?.to_str().ok()?.trim();
    text.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use chrono::{TimeDelta, Utc};
    use ureq::http::{HeaderMap, HeaderValue};

    use super::exhausted_until;

    #[test]
    fn a_quota_is_exhausted_by_its_last_request() {
        let now = Utc::now();
        let headers = |usage: &'static str| {
            HeaderMap::from_iter([
                ("x-reader-zone1-limit".parse().expect("a name"), HeaderValue::from_static("100")),
                ("x-reader-zone1-usage".parse().expect("a name"), HeaderValue::from_static(usage)),
                ("x-reader-limits-reset-after".parse().expect("a name"), HeaderValue::from_static("1416.5")),
            ])
        };
        assert_eq!(exhausted_until(&headers("99"), now), None);
        assert_eq!(exhausted_until(&headers("100"), now), Some(now + TimeDelta::seconds(1416)));
        assert_eq!(exhausted_until(&headers("?"), now), None);
        assert_eq!(exhausted_until(&HeaderMap::new(), now), None);
    }
}
