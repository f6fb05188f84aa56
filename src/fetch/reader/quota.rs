//! How often a server still lets itself be asked.
//!
//! Inoreader counts requests a day, reading ones in its zone 1, and says with every answer how many there were
//! (www.inoreader.com/developers/rate-limiting); what is above is answered with 429.

use chrono::{DateTime, TimeDelta, Utc};
use ureq::http::{HeaderMap, HeaderName};

const LIMIT: HeaderName = HeaderName::from_static("x-reader-zone1-limit");
const USAGE: HeaderName = HeaderName::from_static("x-reader-zone1-usage");
const RESET: HeaderName = HeaderName::from_static("x-reader-limits-reset-after");

/// When the count begins anew, as the headers of an answer say.
pub(super) fn reset(headers: &HeaderMap, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    // It is seconds, and some servers send a fraction.
    let seconds = number(headers, &RESET)?;
    now.checked_add_signed(TimeDelta::try_seconds(i64::try_from(seconds).ok()?)?)
}

/// Until when nothing more may be asked, because the answer with these headers was the last of its day.
pub(super) fn spent(headers: &HeaderMap, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let all_used = number(headers, &USAGE)? >= number(headers, &LIMIT).filter(|limit| *limit > 0)?;
    if all_used { reset(headers, now) } else { None }
}

fn number(headers: &HeaderMap, name: &HeaderName) -> Option<u64> {
    let text = headers.get(name)?.to_str().ok()?.trim();
    text.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use chrono::{TimeDelta, Utc};
    use ureq::http::{HeaderMap, HeaderValue};

    use super::spent;

    #[test]
    fn a_quota_is_spent_when_its_last_request_was_made() {
        let now = Utc::now();
        let headers = |usage: &'static str| {
            HeaderMap::from_iter([
                ("x-reader-zone1-limit".parse().expect("a name"), HeaderValue::from_static("100")),
                ("x-reader-zone1-usage".parse().expect("a name"), HeaderValue::from_static(usage)),
                ("x-reader-limits-reset-after".parse().expect("a name"), HeaderValue::from_static("1416.5")),
            ])
        };
        assert_eq!(spent(&headers("99"), now), None);
        assert_eq!(spent(&headers("100"), now), Some(now + TimeDelta::seconds(1416)));
        assert_eq!(spent(&headers("?"), now), None);
        assert_eq!(spent(&HeaderMap::new(), now), None);
    }
}
