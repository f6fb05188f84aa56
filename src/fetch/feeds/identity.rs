//! What tells the entries of a feed apart, and the keys that come of it.

use std::collections::HashSet;

use sha2::{Digest, Sha256};

use super::parse::FeedEntry;
use crate::domain::feed::EntryIdentity;

/// Marks longer than this are keys as digests only.
const LONGEST: usize = 512;

/// What tells these entries apart: the first of guid, link and digest by which more than half of them differ. A feed
/// without entries has to be read once more.
pub(super) fn choose(entries: &[FeedEntry]) -> Option<EntryIdentity> {
    let tells = |mark: fn(&FeedEntry) -> Option<&str>| {
        let different: HashSet<&str> = entries.iter().filter_map(mark).collect();
        different.len() * 2 > entries.len()
    };
    match entries {
        [] => None,
        _ if tells(guid) => Some(EntryIdentity::Guid),
        _ if tells(link) => Some(EntryIdentity::Link),
        _ => Some(EntryIdentity::Hash),
    }
}

/// The beginning of all keys of the feed at `address`. It tells feeds apart that give their entries the same ids, and
/// shows nothing of the address, which may hold secrets.
pub(super) fn prefix(address: &str) -> String {
    hex(address)[..16].to_owned()
}

/// The key of an entry of the feed with `prefix`, by the mark of the feed. An entry that lacks it is told by the next.
pub(super) fn key(prefix: &str, identity: EntryIdentity, entry: &FeedEntry) -> String {
    let mark = match identity {
        EntryIdentity::Guid => guid(entry).or_else(|| link(entry)),
        EntryIdentity::Link => link(entry),
        EntryIdentity::Hash => None,
    };
    match mark {
        Some(mark) if mark.len() <= LONGEST && !mark.contains(char::is_control) => format!("{prefix}-{mark}"),
        Some(mark) => format!("{prefix}-{}", hex(mark)),
        None => format!("{prefix}-{}", hex(&format!("{}\n{}\n{}", entry.title, entry.summary, entry.content))),
    }
}

fn guid(entry: &FeedEntry) -> Option<&str> {
    entry.guid.as_deref().map(str::trim).filter(|guid| !guid.is_empty())
}

fn link(entry: &FeedEntry) -> Option<&str> {
    entry.link.as_deref().map(str::trim).filter(|link| !link.is_empty())
}

/// SHA-256 in hexadecimal.
fn hex(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::{choose, key, prefix};
    use crate::domain::feed::EntryIdentity;
    use crate::domain::item::KEY_MAX_BYTES;
    use crate::fetch::feeds::parse::FeedEntry;

    fn entry(guid: &str, link: &str, title: &str) -> FeedEntry {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        FeedEntry { guid: some(guid), link: some(link), title: title.to_owned(), ..FeedEntry::default() }
    }

    #[test]
    fn the_mark_is_the_first_by_which_more_than_half_of_the_entries_differ() {
        for (entries, expected) in [
            (&[][..], None),
            (&[entry("1", "/a", "A"), entry("2", "/b", "B")], Some(EntryIdentity::Guid)),
            (&[entry("1", "/a", "A"), entry("1", "/b", "B"), entry("1", "/c", "C")], Some(EntryIdentity::Link)),
            (&[entry("1", "/a", "A"), entry("", "/b", "B"), entry("", "/c", "C")], Some(EntryIdentity::Link)),
            (&[entry("1", "/a", "A"), entry("2", "/a", "B"), entry("", "/a", "C")], Some(EntryIdentity::Guid)),
            (&[entry("", "/", "A"), entry("", "/", "B"), entry(" ", " ", "C")], Some(EntryIdentity::Hash)),
        ] {
            assert_eq!(choose(entries), expected, "{entries:?}");
        }
    }

    #[test]
    fn keys_differ_between_feeds_fall_back_and_are_never_too_long() {
        let (one, two) = (prefix("https://h.example/?token=s3cret"), prefix("https://h.example/?token=other"));
        assert!(one != two && !one.contains("s3cret"));
        let full = entry(" g1 ", "https://h.example/a", "A");
        assert_eq!(key(&one, EntryIdentity::Guid, &full), format!("{one}-g1"));
        assert_eq!(key(&one, EntryIdentity::Link, &full), format!("{one}-https://h.example/a"));
        let bare = entry("", "", "A");
        assert_eq!(key(&one, EntryIdentity::Guid, &bare), key(&one, EntryIdentity::Hash, &bare));
        assert_eq!(key(&one, EntryIdentity::Link, &bare), key(&one, EntryIdentity::Hash, &bare));
        assert_ne!(key(&one, EntryIdentity::Hash, &bare), key(&one, EntryIdentity::Hash, &entry("", "", "B")));
        assert_eq!(key(&one, EntryIdentity::Guid, &entry("", "/a", "A")), format!("{one}-/a"));
        for odd in ["x".repeat(5000), "a\nb".to_owned(), "a\0b".to_owned()] {
            let key = key(&one, EntryIdentity::Guid, &entry(&odd, "", ""));
            assert!(key.len() <= KEY_MAX_BYTES && !key.contains(char::is_control), "{key}");
        }
    }
}
