//! Maps the comparable form of keys to the spellings that differ from it. Most sources have none.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::domain::item::ContentDigest;

/// A hasher for keys that are digests: their first bytes are used as the hash.
#[derive(Default)]
pub(super) struct DigestHasher(u64);

impl Hasher for DigestHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        let mut first = [0; 8];
        let most = bytes.len().min(8);
        first[..most].copy_from_slice(&bytes[..most]);
        self.0 = u64::from_ne_bytes(first);
    }

    // Ignored: the length of the array is always the same.
    fn write_usize(&mut self, _: usize) {}
}

/// A map whose keys are digests.
pub(super) type DigestMap<T> = HashMap<ContentDigest, T, BuildHasherDefault<DigestHasher>>;

/// Digests of spellings by the digest of their form. Nearly every form has one spelling, so further ones are kept
/// apart: even a million keys whose spelling differs from their form must fit into memory.
#[derive(Default)]
pub(super) struct KeySpellings {
    first: DigestMap<ContentDigest>,
    others: DigestMap<Vec<ContentDigest>>,
}

impl KeySpellings {
    /// Adds a spelling of a form.
    pub(super) fn add(&mut self, form: ContentDigest, spelling: ContentDigest) {
        let first = *self.first.entry(form).or_insert(spelling);
        if first != spelling {
            let others = self.others.entry(form).or_default();
            if !others.contains(&spelling) {
                others.push(spelling);
            }
        }
    }

    /// The spellings of a form.
    pub(super) fn spellings_of(&self, form: &ContentDigest) -> impl Iterator<Item = ContentDigest> + use<'_> {
        let first = if self.first.is_empty() { None } else { self.first.get(form) };
        let others = if self.others.is_empty() { None } else { self.others.get(form) };
        first.into_iter().chain(others.into_iter().flatten()).copied()
    }

    /// The forms that have a spelling that differs from the form.
    pub(super) fn forms(&self) -> impl Iterator<Item = &ContentDigest> {
        self.first.keys()
    }
}
