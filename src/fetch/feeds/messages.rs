//! Messages about feeds for people: issues of a run and errors.

use chrono::{DateTime, TimeDelta, Utc};
use url::Url;

use super::crawl_tally::CrawlTally;
use crate::domain::feed::FeedRecord;
use crate::domain::feed_names::feed_names;
use crate::domain::issue::{Issue, IssueKind};
use crate::domain::location::without_secrets;
use crate::domain::text::counts::group_digits;
use crate::domain::text::redaction::redact_address;
use crate::domain::text::shortening::{clip_name, shorten_title};
use crate::fetch::FetchError;

/// The title of a feed, or its address without secrets if it has none.
pub(super) fn feed_label(title: &str, address: &str) -> String {
    if title.trim().is_empty() { address_label(address) } else { shorten_title(title.trim()) }
}

/// An address without secrets, shortened for messages.
pub(super) fn address_label(address: &str) -> String {
    clip_name(&without_secrets(address))
}

/// An issue of the feed with this label.
pub(super) fn feed_issue(label: String, kind: IssueKind, reason: String) -> Issue {
    Issue::new(None, Some(label), kind, reason)
}

/// The kind and reason of an issue that is only a note.
pub(super) fn note(reason: String) -> (IssueKind, String) {
    (IssueKind::Noted, reason)
}

/// A time in the near future: `14:05 UTC`, with the date unless it is today.
fn format_time(time: DateTime<Utc>, now: DateTime<Utc>) -> String {
    // Rounded up to the minute, because nothing happens before the exact time.
    let time = time + TimeDelta::seconds(59);
    let form = if time.date_naive() == now.date_naive() { "%H:%M UTC" } else { "%Y-%m-%d %H:%M UTC" };
    time.format(form).to_string()
}

/// The note about a feed whose server asked to wait.
pub(super) fn rate_limited(until: DateTime<Utc>, now: DateTime<Utc>) -> String {
    format!(
        "Rate-limited until {}. The first sync after that fetches it again; its articles are kept.",
        format_time(until, now)
    )
}

/// The note about a feed that failed and waits for its next retry.
pub(super) fn backing_off(feed: &FeedRecord, until: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let times = if feed.failures == 1 { "once".to_owned() } else { format!("{} times in a row", feed.failures) };
    let error = feed.error.as_ref().map(|(_, message)| format!(" {message}")).unwrap_or_default();
    format!("Failed {times}. Next retry at {}; you can retry now.{error}", format_time(until, now))
}

/// The issue about a list that could not be read.
pub(super) fn list_failed(error: &str) -> String {
    format!("The list of feeds could not be read, so the feeds of its last version were used. {error}")
}

/// The error for a list without feeds.
pub(super) fn empty_list() -> FetchError {
    FetchError::failed("empty_list", "The list contains no feeds. Export it again, or enter the URLs of the feeds.")
}

/// The error for a list that another list names.
pub(super) fn nested_list() -> FetchError {
    FetchError::failed(
        "nested_list",
        "This is a list of feeds, not a feed, and lists inside lists are not followed. Add its URL to the source itself.",
    )
}

/// The error for a web page instead of a feed, with the addresses of the feeds it links to, ready to copy.
pub(super) fn web_page_instead(linked: &[Url]) -> FetchError {
    const MAX_LISTED: usize = 5;
    let mut feeds: Vec<String> = linked.iter().map(|url| clip_name(&redact_address(url.as_str()))).collect();
    let more = feeds.len().saturating_sub(MAX_LISTED);
    feeds.truncate(MAX_LISTED);
    let message = match &feeds[..] {
        [] => "This is a web page, not a feed. Look for a link named RSS, Atom or Feed on it, and use that URL."
            .to_owned(),
        [feed] => format!("This is a web page, not a feed. Use the feed that it links to instead: {feed}"),
        many => {
            let others = if more > 0 { format!(" , and {more} more") } else { String::new() };
            format!(
                "This is a web page, not a feed. Use one of the {} feeds that it links to instead: {}{others}",
                linked.len(),
                many.join(" , ")
            )
        }
    };
    FetchError::failed("html_page", message)
}

/// The note about a feed for which a sync had no time left.
pub(super) const NO_TIME_LEFT: &str =
    "Not fetched: this sync ran out of time. The next sync fetches it first; its articles are kept.";

/// The note about a feed that was not fetched because of the size limit of all feeds together.
pub(super) const SIZE_LIMIT_REACHED: &str = "Not fetched: the size limit of one sync was reached. The next sync continues with this feed. If this happens often, \
     split the source or raise LOCKSTEP_MAX_BYTES.";

/// The note about a feed that redirects permanently.
pub(super) fn moved_permanently(to: &str) -> String {
    format!("Moved permanently to {}. Replace the old URL in the source.", address_label(to))
}

/// The note about a feed with entries that repeat the ids of others.
pub(super) fn repeated_ids(count: u64) -> String {
    match count {
        1 => "1 entry repeats the ID of another; only the first was imported.".to_owned(),
        _ => format!("{} entries repeat IDs of others; only the first of each was imported.", group_digits(count)),
    }
}

/// The error for a feed on which the parser panicked.
pub(super) fn parser_panicked() -> FetchError {
    FetchError::failed(
        "internal",
        "The feed could not be read because of an error in Lockstep. Please report it with the feed's URL and the details \
         in the server's log.",
    )
}

/// The error of a run in which every feed failed, with the first reasons.
pub(super) fn no_feed_readable(failing: u64, feeds: &[FeedRecord]) -> FetchError {
    const MAX_REASONS: usize = 3;
    let reason = |(feed, label): (&FeedRecord, String)| {
        let (_, message) = feed.error.as_ref()?;
        Some(format!("{label}: {message}"))
    };
    let reasons: Vec<String> = feeds.iter().zip(feed_names(feeds)).filter_map(reason).take(MAX_REASONS).collect();
    let summary = match failing {
        1 => "The feed could not be read.".to_owned(),
        many => format!("None of the {} feeds could be read.", group_digits(many)),
    };
    FetchError::failed("no_feed", format!("{summary} {}", reasons.join(" ")))
}

/// The limit that ended a run before any feed was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum CrawlShortfall {
    /// The time limit for fetching in a sync.
    SyncTime,
    /// The time limit of a probe.
    ProbeTime,
    /// The size limit of all feeds together.
    Size,
}

/// The error of a run in which no feed was read and some were not reached.
pub(super) fn no_feed_reached(tally: CrawlTally, limit: CrawlShortfall) -> FetchError {
    let CrawlTally { not_reached, failing, .. } = tally;
    let skipped = match not_reached {
        1 => "1 URL was not fetched".to_owned(),
        many => format!("{} URLs were not fetched", group_digits(many)),
    };
    let failed = match failing {
        0 => String::new(),
        1 => ", and 1 feed failed".to_owned(),
        many => format!(", and {} feeds failed", group_digits(many)),
    };
    let (code, reached_limit, what_to_do) = match limit {
        CrawlShortfall::SyncTime => (
            "timeout",
            "the time limit for fetching was reached",
            "The next sync fetches them first. If this happens often, raise LOCKSTEP_SYNC_TIMEOUT, or sync other \
             sources of the same host at other times.",
        ),
        CrawlShortfall::ProbeTime => (
            "timeout",
            "the time limit of a check was reached",
            "Check that the URL opens in a browser, then try again.",
        ),
        CrawlShortfall::Size => {
            ("too_large", "the size limit of one sync was reached", "Split the source, or raise LOCKSTEP_MAX_BYTES.")
        }
    };
    FetchError::failed(code, format!("No feed could be read: {skipped} because {reached_limit}{failed}. {what_to_do}"))
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};

    use super::{backing_off, feed_label, moved_permanently, rate_limited, web_page_instead};
    use url::Url;

    use crate::domain::feed::FeedRecord;

    #[test]
    fn times_are_rounded_to_the_minute_and_have_the_date_of_another_day() {
        let now: DateTime<Utc> = "2026-11-20T14:00:30Z".parse().expect("a time");
        assert!(rate_limited(now + TimeDelta::seconds(40), now).contains("until 14:02 UTC."));
        assert!(rate_limited(now + TimeDelta::hours(10), now).contains("until 2026-11-21 00:01 UTC."));
        let feed = FeedRecord {
            failures: 3,
            error: Some(("gone".to_owned(), "It is gone.".to_owned())),
            ..FeedRecord::new("https://h.example/")
        };
        let message = backing_off(&feed, now + TimeDelta::minutes(10), now);
        assert_eq!(message, "Failed 3 times in a row. Next retry at 14:11 UTC; you can retry now. It is gone.");
    }

    #[test]
    fn a_long_address_is_shortened_in_messages() {
        let long = format!("https://h.example/{}", "a".repeat(100_000));
        let linked: Url = long.parse().expect("an address");
        for message in [
            feed_label("", &long),
            moved_permanently(&long),
            web_page_instead(std::slice::from_ref(&linked)).to_string(),
        ] {
            assert!(message.len() < 400, "{}", message.len());
        }
        assert!(web_page_instead(&vec![linked; 100]).to_string().len() < 2000);
    }

    #[test]
    fn the_label_of_a_feed_without_a_title_is_its_address_without_secrets() {
        assert_eq!(feed_label(" News ", "https://h.example/"), "News");
        assert_eq!(feed_label("", "https://me:pw@h.example/feed?token=s3cret"), "https://h.example/feed?…");
    }
}
