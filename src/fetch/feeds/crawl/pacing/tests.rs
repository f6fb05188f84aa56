//! Tests the decisions about fetching at given times.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use ureq::http::{HeaderMap, HeaderName, HeaderValue};

use super::{FetchDecision, back_off_until, cap_rate_limit, decide_fetch, fresh_until};
use crate::domain::feed::FeedRecord;
use crate::domain::operation::Mode;
use crate::domain::source::Validators;
use crate::fetch::FetchRequest;

fn now() -> DateTime<Utc> {
    "2026-11-20T14:00:00Z".parse().expect("a time")
}

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    let header = |(name, value): &(&'static str, &'static str)| {
        (name.parse::<HeaderName>().expect("a name"), HeaderValue::from_static(value))
    };
    pairs.iter().map(header).collect()
}

#[test]
fn a_version_is_fresh_as_long_as_its_server_says_and_a_day_at_most() {
    let good = |pairs: &[(&'static str, &'static str)]| {
        fresh_until(&headers(pairs), now()).map(|until| (until - now()).num_seconds())
    };
    for (pairs, seconds) in [
        (&[("cache-control", "max-age=600")][..], Some(600)),
        (&[("cache-control", "public, MAX-AGE=\"600\"")], Some(600)),
        (&[("cache-control", "public"), ("cache-control", "max-age=600")], Some(600)),
        (&[("cache-control", "max-age=600"), ("age", "200")], Some(400)),
        (&[("cache-control", "max-age=600"), ("age", "700")], None),
        (&[("cache-control", "max-age=31536000")], Some(86_400)),
        (&[("cache-control", "max-age=99999999999999999")], Some(86_400)),
        (&[("cache-control", "max-age=0")], None),
        (&[("cache-control", "max-age=soon")], None),
        (&[("cache-control", "s-maxage=600")], None),
        (&[("cache-control", "no-cache, max-age=600")], None),
        (&[("cache-control", "max-age=600, no-store")], None),
        (&[("expires", "Fri, 20 Nov 2026 14:05:00 GMT")], Some(300)),
        (&[("expires", "Fri, 20 Nov 2026 13:05:00 GMT")], None),
        (&[("expires", "0")], None),
        (&[("cache-control", "max-age=60"), ("expires", "Fri, 20 Nov 2026 14:05:00 GMT")], Some(60)),
        (&[("cache-control", "no-cache"), ("expires", "Fri, 20 Nov 2026 14:05:00 GMT")], None),
        (&[], None),
    ] {
        assert_eq!(good(pairs), seconds, "{pairs:?}");
    }
}

#[test]
fn a_feed_is_fetched_unless_it_is_fresh_rate_limited_or_backing_off() {
    let until = now() + TimeDelta::minutes(5);
    let fine = FeedRecord::new("https://h.example/");
    let busy = FeedRecord { rate_limited_until: Some(until), ..fine.clone() };
    let failed = FeedRecord { failures: 2, backing_off_until: Some(until), ..fine.clone() };
    let both = FeedRecord { rate_limited_until: Some(until), ..failed.clone() };
    let over =
        FeedRecord { rate_limited_until: Some(now()), backing_off_until: Some(now()), failures: 1, ..fine.clone() };
    let fresh = Validators { fresh_until: Some(until), ..Validators::default() };
    let stale = Validators { fresh_until: Some(now()), ..Validators::default() };
    let nothing = Validators::default();
    let whole = FetchRequest::for_probe(&nothing, Duration::from_secs(1));
    let manual = FetchRequest { mode: Mode::Incremental, ..whole };
    let scheduled = FetchRequest { is_manual: false, ..manual };
    let full = FetchRequest { mode: Mode::Full, ..scheduled };
    let failed_ones = FetchRequest { only_failed: true, ..manual };
    for (name, feed, known, order, expected) in [
        ("nothing known", &fine, None, scheduled, FetchDecision::Fetch),
        ("fresh", &fine, Some(&fresh), scheduled, FetchDecision::Fresh),
        ("fresh, manual", &fine, Some(&fresh), manual, FetchDecision::Fresh),
        ("fresh, in full", &fine, Some(&fresh), full, FetchDecision::Fetch),
        ("stale", &fine, Some(&stale), scheduled, FetchDecision::Fetch),
        ("rate-limited", &busy, None, scheduled, FetchDecision::RateLimited(until)),
        ("rate-limited, manual", &busy, None, manual, FetchDecision::RateLimited(until)),
        ("rate-limited, in full", &busy, None, full, FetchDecision::RateLimited(until)),
        ("rate-limited, only failed", &both, None, failed_ones, FetchDecision::RateLimited(until)),
        ("backing off", &failed, None, scheduled, FetchDecision::BackingOff(until)),
        ("backing off, in full", &failed, None, full, FetchDecision::BackingOff(until)),
        ("backing off, manual", &failed, None, manual, FetchDecision::Fetch),
        ("failed, fresh before", &failed, Some(&fresh), manual, FetchDecision::Fetch),
        ("all over", &over, None, scheduled, FetchDecision::Fetch),
        ("failed, only failed", &failed, None, failed_ones, FetchDecision::Fetch),
        ("fine, only failed", &fine, None, failed_ones, FetchDecision::NotFailed),
    ] {
        assert_eq!(decide_fetch(feed, known, &order, now()), expected, "{name}");
    }
}

#[test]
fn a_rate_limit_is_obeyed_for_a_week_at_most() {
    let hour = now() + TimeDelta::hours(1);
    assert_eq!(cap_rate_limit(hour, now()), hour);
    assert_eq!(cap_rate_limit(now() + TimeDelta::days(4000), now()), now() + TimeDelta::days(7));
}

proptest! {
    #[test]
    fn back_offs_grow_up_to_a_day(failures in 1_u32.., jitter in 0.0..=1.0_f64) {
        let back_off = back_off_until(failures, jitter, now()) - now();
        prop_assert!(back_off >= TimeDelta::minutes(4) && back_off <= TimeDelta::days(1));
        // The longest back-off after a failure is shorter than the shortest back-off after the next failure, up to a
        // day.
        let next = back_off_until(failures.saturating_add(1), 1.0, now()) - now();
        prop_assert!(next >= back_off || next >= TimeDelta::hours(19));
    }
}
