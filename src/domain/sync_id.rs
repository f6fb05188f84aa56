//! Ids of runs: `sync_` and a lower-case UUIDv7 with hyphens.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::{Uuid, Variant, Version};

/// The id of a run. Parsed strictly, because it becomes part of a file name in the status folder.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct SyncId(Uuid);

/// A text that is not a sync id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a sync id is `sync_` and a lower-case UUIDv7 with hyphens")]
pub struct NotASyncId;

impl SyncId {
    /// Creates a new id; later ids sort after earlier ones.
    #[must_use]
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }
}

impl Default for SyncId {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for SyncId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sync_{}", self.0.as_hyphenated())
    }
}

impl FromStr for SyncId {
    type Err = NotASyncId;

    fn from_str(text: &str) -> Result<Self, NotASyncId> {
        let tail = text.strip_prefix("sync_").ok_or(NotASyncId)?;
        let id = Uuid::try_parse(tail).map_err(|_| NotASyncId)?;
        let is_v7 = id.get_version() == Some(Version::SortRand) && id.get_variant() == Variant::RFC4122;
        // `uuid` also parses upper case, braces and URNs, but each id has only one spelling here.
        if is_v7 && id.as_hyphenated().to_string() == tail { Ok(Self(id)) } else { Err(NotASyncId) }
    }
}

impl From<SyncId> for String {
    fn from(id: SyncId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for SyncId {
    type Error = NotASyncId;

    fn try_from(text: String) -> Result<Self, NotASyncId> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::SyncId;

    #[test]
    fn an_id_reads_back_as_itself() {
        let id = SyncId::new();
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn any_other_spelling_is_refused() {
        let id = SyncId::new().to_string();
        let (_, bare) = id.split_once('_').expect("a prefix");
        let spelled = [
            String::new(),
            bare.to_owned(),
            id.to_uppercase(),
            format!("sync_{{{bare}}}"),
            format!("sync_{}", bare.replace('-', "")),
            format!("../{id}"),
            format!("{id}/../x"),
            "sync_6ba7b810-9dad-11d1-80b4-00c04fd430c8".to_owned(),
        ];
        for text in spelled {
            assert!(text.parse::<SyncId>().is_err(), "{text:?} was taken");
        }
    }
}
