//! Pacing, with a given clock.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use ureq::http::{HeaderMap, HeaderName, HeaderValue};

use super::{FetchDecision, fresh_until, leave_alone, rest, turn};
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
fn a_version_is_good_as_long_as_its_server_says_and_a_day_at_most() {
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
fn a_feed_is_asked_when_nothing_speaks_against_it() {
    let until = now() + TimeDelta::minutes(5);
    let fine = FeedRecord::new("https://h.example/");
    let busy = FeedRecord { busy_until: Some(until), ..fine.clone() };
    let failed = FeedRecord { failures: 2, resting_until: Some(until), ..fine.clone() };
    let both = FeedRecord { busy_until: Some(until), ..failed.clone() };
    let over = FeedRecord { busy_until: Some(now()), resting_until: Some(now()), failures: 1, ..fine.clone() };
    let fresh = Validators { fresh_until: Some(until), ..Validators::default() };
    let stale = Validators { fresh_until: Some(now()), ..Validators::default() };
    let nothing = Validators::default();
    let whole = FetchRequest::for_probe(&nothing, Duration::from_secs(1));
    let manual = FetchRequest { mode: Mode::Incremental, ..whole };
    let scheduled = FetchRequest { is_manual: false, ..manual };
    let full = FetchRequest { mode: Mode::Full, ..scheduled };
    let failed_ones = FetchRequest { only_failed: true, ..manual };
    for (name, feed, known, order, expected) in [
        ("nothing known", &fine, None, scheduled, FetchDecision::Ask),
        ("fresh", &fine, Some(&fresh), scheduled, FetchDecision::Fresh),
        ("fresh, manual", &fine, Some(&fresh), manual, FetchDecision::Fresh),
        ("fresh, in full", &fine, Some(&fresh), full, FetchDecision::Ask),
        ("stale", &fine, Some(&stale), scheduled, FetchDecision::Ask),
        ("busy", &busy, None, scheduled, FetchDecision::Busy(until)),
        ("busy, manual", &busy, None, manual, FetchDecision::Busy(until)),
        ("busy, in full", &busy, None, full, FetchDecision::Busy(until)),
        ("busy, only failed", &both, None, failed_ones, FetchDecision::Busy(until)),
        ("resting", &failed, None, scheduled, FetchDecision::Resting(until)),
        ("resting, in full", &failed, None, full, FetchDecision::Resting(until)),
        ("resting, manual", &failed, None, manual, FetchDecision::Ask),
        ("failed, fresh before", &failed, Some(&fresh), manual, FetchDecision::Ask),
        ("all over", &over, None, scheduled, FetchDecision::Ask),
        ("failed, only failed", &failed, None, failed_ones, FetchDecision::Ask),
        ("fine, only failed", &fine, None, failed_ones, FetchDecision::Fine),
    ] {
        assert_eq!(turn(feed, known, &order, now()), expected, "{name}");
    }
}

#[test]
fn a_server_is_left_alone_as_it_asks_and_a_week_at_most() {
    let hour = now() + TimeDelta::hours(1);
    assert_eq!(leave_alone(hour, now()), hour);
    assert_eq!(leave_alone(now() + TimeDelta::days(4000), now()), now() + TimeDelta::days(7));
}

proptest! {
    #[test]
    fn rests_grow_and_never_become_silence(failures in 1_u32.., share in 0.0..=1.0_f64) {
        let rested = rest(failures, share, now()) - now();
        prop_assert!(rested >= TimeDelta::minutes(4) && rested <= TimeDelta::days(1));
        // The longest rest after one failure is shorter than the shortest after the next, until a day is reached.
        let next = rest(failures.saturating_add(1), 1.0, now()) - now();
        prop_assert!(next >= rested || next >= TimeDelta::hours(19));
    }
}
