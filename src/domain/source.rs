//! Sources: the outside places that are mirrored, and the types of their properties.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::location::SourceLocation;
use super::max_age::MaxAge;
use super::public_page::PublicPage;
use super::read_options::ReadOptions;
use super::schedule::StoredSchedule;

/// The id of a source in the database.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct SourceId(pub i64);

/// The name of a catalog in URLs and on the command line: 1 to 64 of `a-z`, `0-9` and `-`, and not a reserved word.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Slug(String);

/// Why a text is not a slug.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotASlug {
    /// The text has another form.
    #[error("a slug must have 1 to 64 lower-case letters (a to z), digits and hyphens, such as `albums`")]
    Malformed,
    /// The text is a reserved word.
    #[error("`{0}` is the URL of another page. Choose another slug, such as `{0}-1`")]
    Reserved(&'static str),
}

impl Slug {
    /// Words that other URLs use in the place of a slug: `/settings/sources/new`, and `…/sync-status` for the state of
    /// a sync.
    const RESERVED_SLUGS: [&str; 2] = ["new", "sync-status"];

    /// Returns the slug as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Builds a slug from a name for people: `Jazz & Soul 1959` becomes `jazz-soul-1959`, and a reserved word gets a
    /// number. `None` if no usable character is left.
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

/// The singular and plural name of a source's entries: `album/albums`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Noun {
    /// The singular.
    pub one: String,
    /// The plural.
    pub many: String,
}

/// A text that is not a noun.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a noun is the singular and the plural of the item name, separated by a slash, such as `album/albums`")]
pub struct NotANoun;

impl Noun {
    /// Returns the singular or plural for `count`.
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
    /// The id in the database.
    pub id: SourceId,
    /// The slug, the name in URLs.
    pub slug: Slug,
    /// The name for people.
    pub name: String,
    /// The singular and plural name of its entries.
    pub noun: Noun,
    /// The kind of source: one of the names that `fetch::kinds` lists, such as `sheet` or `csv`.
    pub kind: String,
    /// The location of its content.
    pub location: SourceLocation,
    /// The name of the key column.
    pub key_column: String,
    /// The schedule; `None` for manual syncs only.
    pub schedule: Option<StoredSchedule>,
    /// Whether visitors may read its catalog without signing in.
    pub public: bool,
    /// The options for reading its content.
    pub read_options: ReadOptions,
    /// The age at which its catalog counts as stale; `None` if none is set.
    pub stale_after: Option<MaxAge>,
    /// The time at which its schedule was paused; `None` while it is not.
    pub paused_at: Option<DateTime<Utc>>,
    /// How its catalog presents itself.
    pub page: PublicPage,
}

impl Source {
    /// Returns the title of its catalog: its own, or the name of the source.
    #[must_use]
    pub fn title(&self) -> &str {
        self.page.title.as_deref().unwrap_or(&self.name)
    }

    /// Returns whether search engines may list its catalog: it is public, and an admin allowed it.
    #[must_use]
    pub const fn is_listed(&self) -> bool {
        self.public && self.page.is_indexed
    }

    /// Returns whether the source has a schedule that is paused.
    #[must_use]
    pub const fn has_paused_schedule(&self) -> bool {
        self.schedule.is_some() && self.paused_at.is_some()
    }
}

/// The properties of a source to be added or changed; the database assigns the id.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SourceDraft {
    /// The slug, the name in URLs.
    pub slug: Slug,
    /// The name for people.
    pub name: String,
    /// The singular and plural name of its entries.
    pub noun: Noun,
    /// The kind of source.
    pub kind: String,
    /// The location of its content.
    pub location: SourceLocation,
    /// The name of the key column.
    pub key_column: String,
    /// The schedule; `None` for manual syncs only.
    pub schedule: Option<StoredSchedule>,
    /// Whether visitors may read its catalog without signing in.
    pub public: bool,
    /// The options for reading its content.
    pub read_options: ReadOptions,
    /// The age at which its catalog counts as stale; `None` if none is set.
    pub stale_after: Option<MaxAge>,
}

/// The identification of a fetched version, sent back to the server at the next fetch to detect changes.
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
    /// The time of the last modification, if it is requested separately (`modifiedTime` of Drive).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<String>,
    /// The number of skipped rows in this version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped_rows: Option<u64>,
    /// Whether hidden columns that may not be published were excluded from this version. Older versions of Lockstep,
    /// which did not detect hidden columns, never set it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub without_hidden_columns: bool,
    /// The time until which the server declares this version fresh (`Cache-Control`, `Expires`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fresh_until: Option<DateTime<Utc>>,
    /// The validators of each URL, for a source with several URLs.
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
