//! The keys that articles keep when the text encoding of their source is set: those made of text were misread before.

use std::collections::HashMap;

use super::articles::FeedOrigin;
use super::identity;
use super::parse::FeedEntry;
use crate::fetch::{FetchError, ItemLookup};

/// For keys of `entries` the ones that the catalog has for the same entries. `before` are the entries as they would be
/// read without the encoding that is set.
pub(super) fn kept_keys(
    entries: &[FeedEntry],
    before: &[FeedEntry],
    from: FeedOrigin<'_>,
    catalog: &dyn ItemLookup,
) -> Result<HashMap<String, String>, FetchError> {
    // Read so differently that no entry can be told to be another.
    if entries.len() != before.len() {
        return Ok(HashMap::new());
    }
    let prefix = identity::prefix(from.address);
    let key = |entry| identity::key(&prefix, from.identity, entry);
    let pairs = entries.iter().zip(before).map(|(entry, before)| (key(entry), key(before)));
    let mut changed: HashMap<String, String> = pairs.filter(|(key, before)| key != before).collect();
    if !changed.is_empty() {
        let old: Vec<&str> = changed.values().map(String::as_str).collect();
        let known = catalog.find_fields(&old)?;
        changed.retain(|_, before| known.contains_key(before));
    }
    Ok(changed)
}
