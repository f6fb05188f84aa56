//! A feed as both formats have it.

use chrono::{DateTime, SecondsFormat, Utc};

/// A feed of a catalog. Its texts have only characters that XML can hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct CatalogFeed {
    /// The id, which never changes: `urn:uuid:…`.
    pub(super) id: String,
    /// The name of the catalog.
    pub(super) title: String,
    /// What the feed is about.
    pub(super) subtitle: String,
    /// The address of the feed itself.
    pub(super) self_link: String,
    /// The address of the catalog.
    pub(super) catalog_link: String,
    /// The time of the last change; before the first one, the time at which the source was added.
    pub(super) updated: DateTime<Utc>,
    /// The entries, newest first.
    pub(super) entries: Vec<CatalogFeedEntry>,
}

/// An entry: the change of one item, or all changes of a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct CatalogFeedEntry {
    /// The id, which never changes: `urn:uuid:…`.
    pub(super) id: String,
    /// The title, in one line.
    pub(super) title: String,
    /// The time of the change.
    pub(super) updated: DateTime<Utc>,
    /// The address of the item or of the catalog; `None` if the item is not in the catalog any more.
    pub(super) link: Option<String>,
    /// What happened: `added`, `updated`, `removed`.
    pub(super) categories: Vec<&'static str>,
    /// The content as HTML.
    pub(super) html: String,
    /// The content as text.
    pub(super) text: String,
}

/// Formats a time as both formats want it: RFC 3339 in UTC.
pub(super) fn format_time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
