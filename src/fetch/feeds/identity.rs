//! Chooses what identifies the entries of a feed, and builds their keys from it.

use std::collections::HashSet;

use sha2::{Digest, Sha256};

use super::parse::FeedEntry;
use crate::domain::feed::EntryIdentity;
use crate::domain::text::hex::to_hex;

/// The longest id or link that is part of a key unchanged, in bytes. A longer one is replaced by its digest.
const MAX_READABLE_ID_BYTES: usize = 512;

/// Chooses what identifies `entries`: the first of guid, link and content hash that differs for more than half of them.
/// `None` if there are no entries: then a later run chooses.
pub(super) fn choose_identity(entries: &[FeedEntry]) -> Option<EntryIdentity> {
    let distinguishes = |id_of: fn(&FeedEntry) -> Option<&str>| {
        let distinct: HashSet<&str> = entries.iter().filter_map(id_of).collect();
        distinct.len() * 2 > entries.len()
    };
    match entries {
        [] => None,
        _ if distinguishes(guid) => Some(EntryIdentity::Guid),
        _ if distinguishes(link) => Some(EntryIdentity::Link),
        _ => Some(EntryIdentity::Hash),
    }
}

/// The prefix of all keys of the feed at `address`, so that several feeds may use the same ids. It is a digest because
/// the address may contain secrets.
pub(super) fn key_prefix(address: &str) -> String {
    sha256_hex(address)[..16].to_owned()
}

/// The key of an entry of the feed with `prefix`. An entry without a guid is identified by its link, and an entry
/// without a link by its content.
pub(super) fn entry_key(prefix: &str, identity: EntryIdentity, entry: &FeedEntry) -> String {
    let id = match identity {
        EntryIdentity::Guid => guid(entry).or_else(|| link(entry)),
        EntryIdentity::Link => link(entry),
        EntryIdentity::Hash => None,
    };
    match id {
        Some(id) if id.len() <= MAX_READABLE_ID_BYTES && !id.contains(char::is_control) => format!("{prefix}-{id}"),
        Some(id) => format!("{prefix}-{}", sha256_hex(id)),
        None => format!("{prefix}-{}", sha256_hex(&format!("{}\n{}\n{}", entry.title, entry.summary, entry.content))),
    }
}

fn guid(entry: &FeedEntry) -> Option<&str> {
    entry.guid.as_deref().map(str::trim).filter(|guid| !guid.is_empty())
}

fn link(entry: &FeedEntry) -> Option<&str> {
    entry.link.as_deref().map(str::trim).filter(|link| !link.is_empty())
}

/// The SHA-256 of `text` in hexadecimal.
fn sha256_hex(text: &str) -> String {
    to_hex(&Sha256::digest(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::{choose_identity, entry_key, key_prefix};
    use crate::domain::feed::EntryIdentity;
    use crate::domain::item::KEY_MAX_BYTES;
    use crate::fetch::feeds::parse::FeedEntry;

    fn entry(guid: &str, link: &str, title: &str) -> FeedEntry {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        FeedEntry { guid: some(guid), link: some(link), title: title.to_owned(), ..FeedEntry::default() }
    }

    #[test]
    fn the_identity_is_the_first_that_differs_for_more_than_half_of_the_entries() {
        for (entries, expected) in [
            (&[][..], None),
            (&[entry("1", "/a", "A"), entry("2", "/b", "B")], Some(EntryIdentity::Guid)),
            (&[entry("1", "/a", "A"), entry("1", "/b", "B"), entry("1", "/c", "C")], Some(EntryIdentity::Link)),
            (&[entry("1", "/a", "A"), entry("", "/b", "B"), entry("", "/c", "C")], Some(EntryIdentity::Link)),
            (&[entry("1", "/a", "A"), entry("2", "/a", "B"), entry("", "/a", "C")], Some(EntryIdentity::Guid)),
            (&[entry("", "/", "A"), entry("", "/", "B"), entry(" ", " ", "C")], Some(EntryIdentity::Hash)),
        ] {
            assert_eq!(choose_identity(entries), expected, "{entries:?}");
        }
    }

    #[test]
    fn keys_differ_between_feeds_fall_back_and_are_not_too_long() {
        let (one, two) = (key_prefix("https://h.example/?token=s3cret"), key_prefix("https://h.example/?token=other"));
        assert!(one != two && !one.contains("s3cret"));
        let full = entry(" g1 ", "https://h.example/a", "A");
        assert_eq!(entry_key(&one, EntryIdentity::Guid, &full), format!("{one}-g1"));
        assert_eq!(entry_key(&one, EntryIdentity::Link, &full), format!("{one}-https://h.example/a"));
        let bare = entry("", "", "A");
        assert_eq!(entry_key(&one, EntryIdentity::Guid, &bare), entry_key(&one, EntryIdentity::Hash, &bare));
        assert_eq!(entry_key(&one, EntryIdentity::Link, &bare), entry_key(&one, EntryIdentity::Hash, &bare));
        assert_ne!(
            entry_key(&one, EntryIdentity::Hash, &bare),
            entry_key(&one, EntryIdentity::Hash, &entry("", "", "B"))
        );
        assert_eq!(entry_key(&one, EntryIdentity::Guid, &entry("", "/a", "A")), format!("{one}-/a"));
        for odd in ["x".repeat(5000), "a\nb".to_owned(), "a\0b".to_owned()] {
            let key = entry_key(&one, EntryIdentity::Guid, &entry(&odd, "", ""));
            assert!(key.len() <= KEY_MAX_BYTES && !key.contains(char::is_control), "{key}");
        }
    }
}
