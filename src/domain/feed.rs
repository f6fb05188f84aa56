//! A feed of a source, as it is remembered between runs: how its entries are told apart and how it fares. What its
//! server said about the version it sent is not here but in [`super::source::Validators::each`]: that is forgotten when
//! a run does not apply everything, and this is not.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What tells the entries of a feed apart. It is chosen when a feed is first read and stays, so that a feed that begins
/// to give its entries ids does not bring all of them once more.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EntryIdentity {
    /// The id it gives them: `guid`, `id`.
    Guid,
    /// Their link.
    Link,
    /// A digest of their title and text.
    Hash,
}

/// What is known of one feed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FeedRecord {
    /// Its address as the list of the source has it; it may hold secrets.
    pub address: String,
    /// What it calls itself; until it was read, what a list calls it, or nothing.
    #[serde(default)]
    pub title: String,
    /// How its entries are told apart; `None` until it was read.
    #[serde(default)]
    pub identity: Option<EntryIdentity>,
    /// How often it failed in a row.
    #[serde(default)]
    pub failures: u32,
    /// Why it failed the last time: a word and a sentence.
    #[serde(default)]
    pub error: Option<(String, String)>,
    /// The addresses of the feeds that the web page in its place names; empty unless that is why it failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub named: Vec<String>,
    /// Until when its server asked to be left alone. Holds for everybody.
    #[serde(default)]
    pub busy_until: Option<DateTime<Utc>>,
    /// Until when it is left alone after failures. A person who presses Sync need not wait for it.
    #[serde(default)]
    pub resting_until: Option<DateTime<Utc>>,
    /// When it was last asked.
    #[serde(default)]
    pub asked_at: Option<DateTime<Utc>>,
    /// When it last answered as it should.
    #[serde(default)]
    pub succeeded_at: Option<DateTime<Utc>>,
    /// How many entries it had then.
    #[serde(default)]
    pub entries: u64,
    /// The lists of feeds that name it, by their addresses, each with the SHA-256 of the version that did; empty where
    /// the source names it itself.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lists: BTreeMap<String, String>,
}

impl FeedRecord {
    /// A feed that nothing is known of but its address.
    #[must_use]
    pub fn new(address: impl Into<String>) -> Self {
        Self {
            address: address.into(),
            title: String::new(),
            identity: None,
            failures: 0,
            error: None,
            named: Vec::new(),
            busy_until: None,
            resting_until: None,
            asked_at: None,
            succeeded_at: None,
            entries: 0,
            lists: BTreeMap::new(),
        }
    }

    /// Whether the last try failed.
    #[must_use]
    pub const fn has_failed(&self) -> bool {
        self.failures > 0
    }
}
