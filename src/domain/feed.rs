//! The state of a feed that is kept between runs: what identifies its entries, and whether it can be fetched. The HTTP
//! validators of a feed are kept apart, in [`super::source::Validators::each`], because a run that does not apply
//! everything discards those and keeps this state.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What identifies the entries of a feed. It is chosen when a feed is first read and then kept: if the feed later
/// begins to give its entries ids, they are not all imported a second time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EntryIdentity {
    /// The id that the feed gives them: `guid`, `id`.
    Guid,
    /// Their link.
    Link,
    /// A digest of their title and text.
    Hash,
}

/// The state of one feed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FeedRecord {
    /// The address as the source or a list has it. It may contain secrets.
    pub address: String,
    /// The feed's own title; until it was read, the title in a list, or empty.
    #[serde(default)]
    pub title: String,
    /// What identifies its entries. `None` until it was read.
    #[serde(default)]
    pub identity: Option<EntryIdentity>,
    /// How many times in a row it failed.
    #[serde(default)]
    pub failures: u32,
    /// The code and the message of the last failure.
    #[serde(default)]
    pub error: Option<(String, String)>,
    /// The addresses of the feeds that the web page at this address links to. Empty unless the last request failed
    /// because this is a web page.
    #[serde(rename = "named", default, skip_serializing_if = "Vec::is_empty")]
    pub linked_feeds: Vec<String>,
    /// Until when its server asked to wait. Manual runs wait, too.
    #[serde(rename = "busyUntil", default)]
    pub rate_limited_until: Option<DateTime<Utc>>,
    /// Until when scheduled runs do not request it, because it failed. Manual runs request it.
    #[serde(rename = "restingUntil", default)]
    pub backing_off_until: Option<DateTime<Utc>>,
    /// When it was last requested.
    #[serde(rename = "askedAt", default)]
    pub requested_at: Option<DateTime<Utc>>,
    /// When it was last read, or found to be unchanged.
    #[serde(default)]
    pub succeeded_at: Option<DateTime<Utc>>,
    /// How many entries it had when it was last read.
    #[serde(default)]
    pub entries: u64,
    /// The addresses of the lists that name it, each with the SHA-256 of the version that names it. Empty if the source
    /// itself names it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lists: BTreeMap<String, String>,
}

impl FeedRecord {
    /// The state of a feed that was never requested.
    #[must_use]
    pub fn new(address: impl Into<String>) -> Self {
        Self {
            address: address.into(),
            title: String::new(),
            identity: None,
            failures: 0,
            error: None,
            linked_feeds: Vec::new(),
            rate_limited_until: None,
            backing_off_until: None,
            requested_at: None,
            succeeded_at: None,
            entries: 0,
            lists: BTreeMap::new(),
        }
    }

    /// Whether the last request failed.
    #[must_use]
    pub const fn has_failed(&self) -> bool {
        self.failures > 0
    }
}
