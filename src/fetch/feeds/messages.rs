//! What people are told of feeds.

use chrono::{DateTime, TimeDelta, Utc};
use url::Url;

use super::crawl::tally::CrawlTally;
use crate::domain::feed::FeedRecord;
use crate::domain::feed_names::feed_names;
use crate::domain::issue::{Issue, IssueKind};
use crate::domain::location::without_secrets;
use crate::domain::rows::row::{clipped, shortened_title};
use crate::domain::text::counts::grouped;
use crate::domain::text::redaction::veiled;
use crate::fetch::FetchError;

/// What a feed is called: its title, or its address without secrets.
pub(super) fn name(title: &str, address: &str) -> String {
    if title.trim().is_empty() { place(address) } else { shortened_title(title.trim()) }
}

/// An address without secrets, short enough for a sentence: lists and redirects name some of any length.
pub(super) fn place(address: &str) -> String {
    clipped(&without_secrets(address))
}

/// An issue with the feed of this name.
pub(super) fn issue(name: String, kind: IssueKind, reason: String) -> Issue {
    Issue { row: None, column: Some(name), kind, reason }
}

/// What was taken, or is left as it is.
pub(super) fn noted(reason: String) -> (IssueKind, String) {
    (IssueKind::Noted, reason)
}

/// A moment near `now`: `14:05 UTC`, and with its day where that is another one.
fn moment(time: DateTime<Utc>, now: DateTime<Utc>) -> String {
    // It is not asked before, so the minute is rounded up.
    let time = time + TimeDelta::seconds(59);
    let form = if time.date_naive() == now.date_naive() { "%H:%M UTC" } else { "%Y-%m-%d %H:%M UTC" };
    time.format(form).to_string()
}

/// That its server asks to be left alone.
pub(super) fn busy(until: DateTime<Utc>, now: DateTime<Utc>) -> String {
    format!(
        "Its server asks to be left alone until {}. The first sync after that asks it; what it had before stays.",
        moment(until, now)
    )
}

/// That it rests after failures.
pub(super) fn resting(feed: &FeedRecord, until: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let times = if feed.failures == 1 { "once".to_owned() } else { format!("{} times in a row", feed.failures) };
    let why = feed.error.as_ref().map(|(_, sentence)| format!(" {sentence}")).unwrap_or_default();
    format!("It failed {times} and was not asked: it rests until {}, unless you sync by hand.{why}", moment(until, now))
}

/// That a list could not be read, and what is done instead.
pub(super) fn list_failed(why: &str) -> String {
    format!("The list of feeds could not be read, so the feeds that it named before were taken. {why}")
}

/// That a list names nothing.
pub(super) fn empty_list() -> FetchError {
    FetchError::failed("empty_list", "The list names no feeds. Export it anew, or give the addresses of the feeds.")
}

/// That a list names a list.
pub(super) fn nested_list() -> FetchError {
    FetchError::failed(
        "nested_list",
        "It is a list of feeds, not a feed. Give its address to the source itself: a list in a list is not followed.",
    )
}

/// That a web page arrived, which may name feeds: in a form in which their addresses can be used.
pub(super) fn no_feed_here(named: &[Url]) -> FetchError {
    const MAX_NAMED: usize = 5;
    let mut feeds: Vec<String> = named.iter().map(|url| clipped(&veiled(url.as_str()))).collect();
    let more = feeds.len().saturating_sub(MAX_NAMED);
    feeds.truncate(MAX_NAMED);
    let what = match &feeds[..] {
        [] => "It is a web page, not a feed. Look on it for a link named RSS, Atom or Feed, and use that address."
            .to_owned(),
        [feed] => format!("It is a web page, not a feed. It names this feed: {feed} – give that address instead."),
        many => {
            let others = if more > 0 { format!(" , and {more} more") } else { String::new() };
            format!(
                "It is a web page, not a feed. It names {} feeds: {}{others} – give the address of the one you want instead.",
                named.len(),
                many.join(" , ")
            )
        }
    };
    FetchError::failed("html_page", what)
}

/// That the time for feeds was over.
pub(super) const NO_TIME: &str =
    "There was no time left for it in this sync; the next one asks it first. What it had before stays.";

/// That the size of all feeds together was reached.
pub(super) const NO_ROOM: &str = "It was not asked: the feeds before it sent as much as one sync may take. The next sync goes on; \
                                  if that happens often, split the source or raise LOCKSTEP_MAX_BYTES.";

/// That it moved for good.
pub(super) fn moved(to: &str) -> String {
    format!("It has moved for good to {}. Put that address in the place of the old one.", place(to))
}

/// That entries of it have the ids of others.
pub(super) fn repeated(count: u64) -> String {
    match count {
        1 => "One of its entries has the id of another; the first was taken.".to_owned(),
        _ => format!("{} of its entries have ids of others; the first of each was taken.", grouped(count)),
    }
}

/// That no feed at all could be read, with the first reasons.
pub(super) fn none_at_all(failing: u64, feeds: &[FeedRecord]) -> FetchError {
    const REASONS: usize = 3;
    let reason = |(feed, name): (&FeedRecord, String)| {
        let (_, sentence) = feed.error.as_ref()?;
        Some(format!("{name}: {sentence}"))
    };
    let reasons: Vec<String> = feeds.iter().zip(feed_names(feeds)).filter_map(reason).take(REASONS).collect();
    let what = match failing {
        1 => "The feed could not be read.".to_owned(),
        many => format!("None of the {} feeds could be read.", grouped(many)),
    };
    FetchError::failed("no_feed", format!("{what} {}", reasons.join(" ")))
}

/// Why a run came to none of its feeds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum CrawlShortfall {
    /// The time of a sync was over.
    Time,
    /// The time of a look was over.
    Patience,
    /// The size of all feeds together was reached.
    Room,
}

/// That not one feed was read, and some were not come to.
pub(super) fn none_reached(tally: CrawlTally, short: CrawlShortfall) -> FetchError {
    let CrawlTally { not_reached, failing, .. } = tally;
    let left = match not_reached {
        1 => "one address was not come to".to_owned(),
        many => format!("{} addresses were not come to", grouped(many)),
    };
    let failed = match failing {
        0 => String::new(),
        1 => ", and one feed failed".to_owned(),
        many => format!(", and {} feeds failed", grouped(many)),
    };
    let (code, why, what_to_do) = match short {
        CrawlShortfall::Time => (
            "timeout",
            "the time that a sync has for fetching was over",
            "The next sync asks them first. If that happens often, raise LOCKSTEP_SYNC_TIMEOUT, or sync other sources \
             of the same host at other times.",
        ),
        CrawlShortfall::Patience => (
            "timeout",
            "the time that a look has was over",
            "See whether the address opens in a browser, then try again.",
        ),
        CrawlShortfall::Room => (
            "too_large",
            "what came was as much as one sync may take",
            "Split the source, or raise LOCKSTEP_MAX_BYTES.",
        ),
    };
    FetchError::failed(code, format!("No feed could be read: {left}, as {why}{failed}. {what_to_do}"))
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};

    use super::{busy, moved, name, no_feed_here, resting};
    use url::Url;

    use crate::domain::feed::FeedRecord;

    #[test]
    fn moments_are_said_to_the_minute_and_with_another_day() {
        let now: DateTime<Utc> = "2026-11-20T14:00:30Z".parse().expect("a time");
        assert!(busy(now + TimeDelta::seconds(40), now).contains("until 14:02 UTC."));
        assert!(busy(now + TimeDelta::hours(10), now).contains("until 2026-11-21 00:01 UTC."));
        let feed = FeedRecord {
            failures: 3,
            error: Some(("gone".to_owned(), "It is gone.".to_owned())),
            ..FeedRecord::new("https://h.example/")
        };
        let said = resting(&feed, now + TimeDelta::minutes(10), now);
        assert!(said.starts_with("It failed 3 times in a row") && said.ends_with("by hand. It is gone."), "{said}");
    }

    #[test]
    fn an_address_of_any_length_is_short_in_a_sentence() {
        let long = format!("https://h.example/{}", "a".repeat(100_000));
        let named: Url = long.parse().expect("an address");
        for said in [name("", &long), moved(&long), no_feed_here(std::slice::from_ref(&named)).to_string()] {
            assert!(said.len() < 400, "{}", said.len());
        }
        assert!(no_feed_here(&vec![named; 100]).to_string().len() < 2000);
    }

    #[test]
    fn a_feed_without_a_title_is_called_by_its_address_without_secrets() {
        assert_eq!(name(" News ", "https://h.example/"), "News");
        assert_eq!(name("", "https://me:pw@h.example/feed?token=s3cret"), "https://h.example/feed?…");
    }
}
