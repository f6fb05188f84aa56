//! The keys that are not spelled in their comparable form, by that form. There are few, and none in most sources.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::domain::item::ContentDigest;

/// The keys are digests already: their first bytes are as good a hash as any.
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

    // The length of an array, which is always the same.
    fn write_usize(&mut self, _: usize) {}
}

/// A map by digest.
pub(super) type DigestMap<T> = HashMap<ContentDigest, T, BuildHasherDefault<DigestHasher>>;

/// Digests of spellings by the digest of their form. Nearly every form has one, so the others are kept apart: a million
/// keys that are all spelled otherwise must fit into memory, too.
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
    pub(super) fn of(&self, form: &ContentDigest) -> impl Iterator<Item = ContentDigest> + use<'_> {
        let first = if self.first.is_empty() { None } else { self.first.get(form) };
        let others = if self.others.is_empty() { None } else { self.others.get(form) };
        first.into_iter().chain(others.into_iter().flatten()).copied()
    }

    /// The forms that have such a spelling.
    pub(super) fn forms(&self) -> impl Iterator<Item = &ContentDigest> {
        self.first.keys()
    }
}
