//! Texts about web pages that were entered instead of the feeds they link to.

use crate::domain::text::redaction::redact_address;

/// The note that the only feed of a web page is used.
#[must_use]
pub fn one_feed_used(feed: &str) -> String {
    format!("This is a web page with one feed, which is used: {}", redact_address(feed))
}

/// The note that `count` web pages were replaced.
#[must_use]
pub fn pages_replaced(count: usize) -> String {
    if count == 1 {
        "One of the links is a web page. Its first feed is used.".to_owned()
    } else {
        format!("{count} of the links are web pages. The first feed of each is used.")
    }
}
