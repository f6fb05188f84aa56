//! Writes a feed as JSON Feed (<https://www.jsonfeed.org/version/1.1/>).

use serde::Serialize;

use super::view::{CatalogFeed, CatalogFeedEntry, format_time};

/// The version of the format, as its specification names it.
const JSON_FEED_VERSION: &str = "https://jsonfeed.org/version/1.1";

#[derive(Serialize)]
struct JsonFeed<'a> {
    version: &'static str,
    title: &'a str,
    home_page_url: &'a str,
    feed_url: &'a str,
    description: &'a str,
    authors: [JsonAuthor<'a>; 1],
    items: Vec<JsonItem<'a>>,
}

#[derive(Serialize)]
struct JsonAuthor<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct JsonItem<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    title: &'a str,
    content_html: &'a str,
    content_text: &'a str,
    date_published: String,
    tags: &'a [&'static str],
}

impl<'a> JsonItem<'a> {
    fn new(entry: &'a CatalogFeedEntry) -> Self {
        Self {
            id: &entry.id,
            url: entry.link.as_deref(),
            title: &entry.title,
            content_html: &entry.html,
            content_text: &entry.text,
            date_published: format_time(entry.updated),
            tags: &entry.categories,
        }
    }
}

/// Returns the feed as a document.
///
/// # Errors
/// Never in practice: the errors are those of writing to memory.
pub(super) fn write_json_feed(feed: &CatalogFeed) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&JsonFeed {
        version: JSON_FEED_VERSION,
        title: &feed.title,
        home_page_url: &feed.catalog_link,
        feed_url: &feed.self_link,
        description: &feed.subtitle,
        authors: [JsonAuthor { name: &feed.title }],
        items: feed.entries.iter().map(JsonItem::new).collect(),
    })
}
