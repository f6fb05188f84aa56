//! A parsed feed and its entries.

use chrono::{DateTime, Utc};

use crate::domain::text::counts::group_digits;

/// How many entries of a feed are read. Real feeds have fewer.
pub const MAX_ENTRIES: usize = 20_000;

/// A parsed feed.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Feed {
    /// The title in plain text; empty if there is none.
    pub title: String,
    /// The address of the website that the feed belongs to.
    pub link: Option<String>,
    /// The entries in the order of the feed.
    pub entries: Vec<FeedEntry>,
    /// Messages for people about what was repaired or skipped.
    pub notes: Vec<String>,
    /// Whether a part of the feed could not be read, such as an end that is cut off. Entries may be missing.
    pub is_incomplete: bool,
}

/// An entry of a feed.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct FeedEntry {
    /// The id of the entry, as written in the feed.
    pub guid: Option<String>,
    /// The address of the entry's web page.
    pub link: Option<String>,
    /// The title in plain text.
    pub title: String,
    /// The authors in plain text, separated by commas. The authors of the feed if the entry has none.
    pub author: String,
    /// When the entry was published.
    pub published: Option<DateTime<Utc>>,
    /// When the entry was last changed.
    pub updated: Option<DateTime<Utc>>,
    /// The summary as sanitised HTML.
    pub summary: String,
    /// The content as sanitised HTML.
    pub content: String,
    /// The categories in plain text, without duplicates.
    pub categories: Vec<String>,
    /// The address of a picture.
    pub image: Option<String>,
    /// The address of an attached file, such as a recording or a film.
    pub enclosure: Option<String>,
}

/// The note about a feed with `skipped` entries beyond [`MAX_ENTRIES`].
pub(super) fn skipped_entries_note(skipped: u64) -> String {
    let entries = if skipped == 1 { "entry was" } else { "entries were" };
    let max = group_digits(MAX_ENTRIES as u64);
    format!("The feed has more than {max} entries; the last {} {entries} skipped.", group_digits(skipped))
}
