//! Keeps the keys of articles when a text encoding is configured for their source. Otherwise keys that were made of
//! misread text would change.

use std::collections::HashMap;

use super::articles::FeedOrigin;
use super::identity::{entry_key, key_prefix};
use super::parse::FeedEntry;
use crate::fetch::{FetchError, ItemLookup};

/// Maps new keys of `entries` to the keys that the catalog has for the same entries. `before` are the entries as parsed
/// without the configured encoding.
///
/// # Errors
/// [`FetchError::Stopped`] when the run ended while the catalog was unavailable.
pub(super) fn find_kept_keys(
    entries: &[FeedEntry],
    before: &[FeedEntry],
    origin: FeedOrigin<'_>,
    catalog: &dyn ItemLookup,
) -> Result<HashMap<String, String>, FetchError> {
    // Entries are matched by position, which needs the same number on both sides.
    if entries.len() != before.len() {
        return Ok(HashMap::new());
    }
    let prefix = key_prefix(origin.address);
    let key = |entry| entry_key(&prefix, origin.identity, entry);
    let pairs = entries.iter().zip(before).map(|(entry, before)| (key(entry), key(before)));
    let mut changed: HashMap<String, String> = pairs.filter(|(key, before)| key != before).collect();
    if !changed.is_empty() {
        let old: Vec<&str> = changed.values().map(String::as_str).collect();
        let known = catalog.find_fields(&old)?;
        changed.retain(|_, before| known.contains_key(before));
    }
    Ok(changed)
}
