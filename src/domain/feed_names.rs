//! Names feeds by their titles, and adds the host or path if several have the same title.

use std::collections::{HashMap, HashSet};

use url::Url;

use super::feed::FeedRecord;
use super::location::without_secrets;
use crate::domain::text::path_secrets::redact_path;
use crate::domain::text::shortening::{clip_name, shorten_text};

/// Returns the names of `feeds`, in their order. A name is the title, or the URL without secrets if there is no title.
/// If several feeds have the same title, the host is added; if the hosts are the same too, the path. Names depend on
/// titles and URLs only, so they are the same in every sync.
#[must_use]
pub fn feed_names(feeds: &[FeedRecord]) -> Vec<String> {
    let mut by_title: HashMap<String, SameTitle<'_>> = HashMap::new();
    for feed in feeds {
        let same = by_title.entry(plain_name(feed)).or_default();
        if same.addresses.insert(&feed.address) {
            *same.hosts.entry(format_host(&feed.address)).or_default() += 1;
            same.places.entry(format_host_and_path(&feed.address)).or_default().push(&feed.address);
        }
    }
    for same in by_title.values_mut() {
        same.places.values_mut().for_each(|addresses| addresses.sort_unstable());
    }
    feeds.iter().map(|feed| disambiguate_name(feed, &by_title)).collect()
}

/// The feeds that share a title.
#[derive(Default)]
struct SameTitle<'a> {
    addresses: HashSet<&'a str>,
    /// The number of feeds by host.
    hosts: HashMap<String, usize>,
    /// The URLs by host and path.
    places: HashMap<String, Vec<&'a str>>,
}

fn disambiguate_name(feed: &FeedRecord, by_title: &HashMap<String, SameTitle<'_>>) -> String {
    let plain = plain_name(feed);
    let Some(same) = by_title.get(&plain).filter(|same| same.addresses.len() > 1) else { return plain };
    let (host, place) = (format_host(&feed.address), format_host_and_path(&feed.address));
    let here = same.places.get(&place).map(Vec::as_slice).unwrap_or_default();
    let number = here.iter().position(|address| *address == feed.address).unwrap_or_default() + 1;
    match (same.hosts.get(&host), here.len()) {
        // The name is the URL; the difference is in its secrets.
        _ if feed.title.trim().is_empty() => format!("{plain} ({number})"),
        (Some(1), _) => format!("{plain} ({host})"),
        (_, 1) => format!("{plain} ({place})"),
        _ => format!("{plain} ({place}, {number})"),
    }
}

fn plain_name(feed: &FeedRecord) -> String {
    let title = feed.title.split_whitespace().collect::<Vec<_>>().join(" ");
    clip_name(&if title.is_empty() { without_secrets(&feed.address) } else { title })
}

/// Returns the host, with the port unless it is the default.
fn format_host(address: &str) -> String {
    let Ok(url) = Url::parse(address) else { return shorten_text(&without_secrets(address)) };
    let host = url.host_str().unwrap_or_default().trim_start_matches("www.").to_owned();
    url.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}"))
}

/// Returns host and path.
fn format_host_and_path(address: &str) -> String {
    let path = Url::parse(address).map(|url| url.path().trim_end_matches('/').to_owned()).unwrap_or_default();
    shorten_text(&format!("{}{}", format_host(address), redact_path(&path)))
}

#[cfg(test)]
mod tests {
    use super::feed_names;
    use crate::domain::feed::FeedRecord;

    #[test]
    fn feeds_with_the_same_title_are_distinguished_by_their_place() {
        let feed = |title: &str, address: &str| FeedRecord { title: title.to_owned(), ..FeedRecord::new(address) };
        let mut feeds = vec![
            feed("News", "https://www.a.example/feed"),
            feed(" News ", "https://b.example:8443/x/rss"),
            feed("News", "https://c.example/rock/?token=s3cret"),
            feed("News", "https://c.example/jazz"),
            feed("News", "https://d.example/feed?token=s3cret1"),
            feed("News", "https://d.example/feed?token=s3cret2"),
            feed("Blog", "https://a.example/blog"),
            feed("", "https://e.example/feed?token=1"),
            feed("", "https://e.example/feed?token=2"),
            feed("", "https://f.example/feed"),
        ];
        let names = feed_names(&feeds);
        let expected = [
            "News (a.example)",
            "News (b.example:8443)",
            "News (c.example/rock)",
            "News (c.example/jazz)",
            "News (d.example/feed, 1)",
            "News (d.example/feed, 2)",
            "Blog",
            "https://e.example/feed?… (1)",
            "https://e.example/feed?… (2)",
            "https://f.example/feed",
        ];
        assert_eq!(names, expected);
        feeds.reverse();
        assert!(feed_names(&feeds).iter().rev().eq(&names), "the order makes no difference");
    }
}
