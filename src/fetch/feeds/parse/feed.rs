//! A parsed feed and its entries.

use chrono::{DateTime, Utc};

use crate::domain::text::counts::group_digits;

/// How many entries of one feed are read. No feed that people read has as many.
pub const MAX_ENTRIES: usize = 20_000;

/// A parsed feed.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Feed {
    /// Its title in plain text; empty if it has none.
    pub title: String,
    /// The address of the website it belongs to.
    pub link: Option<String>,
    /// The entries in the order of the feed.
    pub entries: Vec<FeedEntry>,
    /// What was repaired or skipped, in sentences for people.
    pub notes: Vec<String>,
    /// Whether a part of it could not be read, such as an end that is cut off. There may be more entries than these.
    pub is_incomplete: bool,
}

/// An entry of a feed.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct FeedEntry {
    /// The id that the feed gives it, as written.
    pub guid: Option<String>,
    /// The address of the web page with the entry.
    pub link: Option<String>,
    /// Its title in plain text.
    pub title: String,
    /// Its authors in plain text, separated by commas; those of the feed where the entry has none.
    pub author: String,
    /// When it was published.
    pub published: Option<DateTime<Utc>>,
    /// When it was last changed.
    pub updated: Option<DateTime<Utc>>,
    /// Its summary as sanitised HTML.
    pub summary: String,
    /// Its content as sanitised HTML.
    pub content: String,
    /// Its categories in plain text, each once.
    pub categories: Vec<String>,
    /// The address of a picture.
    pub image: Option<String>,
    /// The address of an attached file, such as a recording or a film.
    pub enclosure: Option<String>,
}

/// The note for a feed with `skipped` entries more than are read.
pub(super) fn skipped_entries_note(skipped: u64) -> String {
    let entries = if skipped == 1 { "entry was" } else { "entries were" };
    let max = group_digits(MAX_ENTRIES as u64);
    format!("The feed has more than {max} entries; the last {} {entries} skipped.", group_digits(skipped))
}
