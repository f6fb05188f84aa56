//! A source: the place outside that is mirrored, and the small types its parts are made of.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::location::SourceLocation;
use super::read_options::ReadOptions;

/// The number a source has in the database.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct SourceId(pub i64);

/// The name of a catalog in addresses and on the command line: 1 to 64 of `a-z`, `0-9` and `-`, and no reserved word.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Slug(String);

/// A text that cannot be a slug.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotASlug {
    /// It has another form.
    #[error("a slug must have 1 to 64 lower-case letters (a to z), digits and hyphens, such as `albums`")]
    Malformed,
    /// It is one of the reserved words.
    #[error("`{0}` is the URL of another page. Choose another slug, such as `{0}-1`")]
    Reserved(&'static str),
}

impl Slug {
    /// What stands where slugs stand in addresses: `/settings/sources/new`, and everything at `…/sync-status` is the
    /// state of a sync.
    const RESERVED_SLUGS: [&str; 2] = ["new", "sync-status"];

    /// The slug as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A slug made from a name for people: `Jazz & Soul 1959` becomes `jazz-soul-1959`, and a reserved word one with a
    /// number; `None` if nothing is left.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let mut slug = String::new();
        for c in name.to_lowercase().chars() {
            if c.is_ascii_alphanumeric() {
                slug.push(c);
            } else if !slug.is_empty() && !slug.ends_with('-') {
                slug.push('-');
            }
        }
        slug.truncate(64);
        match slug.trim_matches('-').parse() {
            Err(NotASlug::Reserved(word)) => Some(Self(format!("{word}-1"))),
            slug => slug.ok(),
        }
    }
}

impl FromStr for Slug {
    type Err = NotASlug;

    fn from_str(text: &str) -> Result<Self, NotASlug> {
        let fits = (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        match Self::RESERVED_SLUGS.into_iter().find(|&reserved| reserved == text) {
            Some(reserved) => Err(NotASlug::Reserved(reserved)),
            None if fits => Ok(Self(text.to_owned())),
            None => Err(NotASlug::Malformed),
        }
    }
}

impl TryFrom<String> for Slug {
    type Error = NotASlug;

    fn try_from(text: String) -> Result<Self, NotASlug> {
        text.parse()
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What one entry and several entries are called: `album/albums`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Noun {
    /// For one.
    pub one: String,
    /// For any other number.
    pub many: String,
}

/// A text that is not a noun.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a noun is the singular and the plural of the item name, separated by a slash, such as `album/albums`")]
pub struct NotANoun;

impl Noun {
    /// The word that goes with `count`.
    #[must_use]
    pub fn for_count(&self, count: u64) -> &str {
        if count == 1 { &self.one } else { &self.many }
    }
}

impl Default for Noun {
    fn default() -> Self {
        Self { one: "item".to_owned(), many: "items".to_owned() }
    }
}

impl FromStr for Noun {
    type Err = NotANoun;

    fn from_str(text: &str) -> Result<Self, NotANoun> {
        let (one, many) = text.split_once('/').ok_or(NotANoun)?;
        let (one, many) = (one.trim(), many.trim());
        let fits = |word: &str| (1..=40).contains(&word.chars().count()) && !word.contains(char::is_control);
        if fits(one) && fits(many) && !many.contains('/') {
            Ok(Self { one: one.to_owned(), many: many.to_owned() })
        } else {
            Err(NotANoun)
        }
    }
}

impl fmt::Display for Noun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.one, self.many)
    }
}

/// A source as it is stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Source {
    /// Its number.
    pub id: SourceId,
    /// Its name in addresses.
    pub slug: Slug,
    /// Its name for people.
    pub name: String,
    /// What its entries are called.
    pub noun: Noun,
    /// The kind of place: one of the names that `fetch::kinds` lists (`sheet`, `csv`).
    pub kind: String,
    /// Where its content is.
    pub location: SourceLocation,
    /// The column whose cell tells entries apart.
    pub key_column: String,
    /// When it is synced by itself: a cron line in UTC.
    pub schedule: Option<String>,
    /// Whether visitors may read its catalog.
    pub public: bool,
    /// How its content is read.
    pub read_options: ReadOptions,
}

/// A source as it is about to be added or changed; the rest of [`Source`] is the database's to give.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SourceDraft {
    /// Its name in addresses.
    pub slug: Slug,
    /// Its name for people.
    pub name: String,
    /// What its entries are called.
    pub noun: Noun,
    /// The kind of place.
    pub kind: String,
    /// Where its content is.
    pub location: SourceLocation,
    /// The column whose cell tells entries apart.
    pub key_column: String,
    /// When it is synced by itself.
    pub schedule: Option<String>,
    /// Whether visitors may read its catalog.
    pub public: bool,
    /// How its content is read.
    pub read_options: ReadOptions,
}

/// What a server said about the version it sent, returned to it verbatim at the next fetch.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Validators {
    /// The `ETag` header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// The `Last-Modified` header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
    /// SHA-256 of the body in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_hash: Option<String>,
    /// When the source says it was last modified, where that is asked for by itself (Drive's `modifiedTime`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<String>,
    /// How many rows of this version were skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped_rows: Option<u64>,
    /// Whether the columns that are hidden in this version were left out where they may not be published. Versions of
    /// Lockstep that did not know of hidden columns never say so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub without_hidden_columns: bool,
    /// Until when the server says that this version is good (`Cache-Control`, `Expires`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fresh_until: Option<DateTime<Utc>>,
    /// The same of each address, where a source is made of several.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub each: BTreeMap<String, Validators>,
}

#[cfg(test)]
mod tests {
    use super::{Noun, Slug};

    #[test]
    fn a_slug_is_lower_case_letters_digits_and_hyphens() {
        for good in ["albums", "a", "7-inch", "a-b-c"] {
            assert!(good.parse::<Slug>().is_ok(), "{good}");
        }
        for bad in ["", "Albums", "al bums", "../x", "ä", &"a".repeat(65)] {
            assert!(bad.parse::<Slug>().is_err(), "{bad}");
        }
        let reserved = "new".parse::<Slug>().expect_err("reserved").to_string();
        assert_eq!(reserved, "`new` is the URL of another page. Choose another slug, such as `new-1`");
        assert!("sync-status".parse::<Slug>().is_err() && "new-1".parse::<Slug>().is_ok());
        assert_eq!(Slug::from_name("Jazz & Soul 1959!").map(String::from), Some("jazz-soul-1959".to_owned()));
        assert_eq!(Slug::from_name("New!").map(String::from), Some("new-1".to_owned()));
        assert_eq!(Slug::from_name("日本"), None);
    }

    #[test]
    fn a_noun_has_one_and_many() {
        let noun: Noun = "album/albums".parse().expect("a noun");
        assert_eq!((noun.for_count(1), noun.for_count(0), noun.for_count(2)), ("album", "albums", "albums"));
        assert!("albums".parse::<Noun>().is_err());
        assert!("a/b/c".parse::<Noun>().is_err());
    }
}
