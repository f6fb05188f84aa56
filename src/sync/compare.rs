//! Comparing by key and hash. Everything about a source's size and shape is known before the first write.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::domain::change_set::Known;
use crate::domain::guards::Tally;
use crate::domain::item::{Digest128, Layout, digest};
use crate::domain::row::Row;

/// The keys are digests already: their first bytes are as good a hash as any.
#[derive(Default)]
struct DigestHasher(u64);

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

/// What is known of one key.
#[derive(Clone, Copy)]
struct Entry {
    hash: Digest128,
    /// The row that has it in this run, 0 for none.
    row: u32,
    stored: Stored,
}

impl Entry {
    fn has_left(&self) -> bool {
        self.row == 0 && self.stored == Stored::Live
    }
}

/// What the database has of a key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stored {
    Nothing,
    Removed,
    Live,
    /// It is live, and the source still has a row of it, though none that can be taken.
    LiveUnplaced,
}

impl Stored {
    const fn is_live(self) -> bool {
        matches!(self, Self::Live | Self::LiveUnplaced)
    }
}

/// All keys of a catalog and of its source, some forty bytes each whatever the rows hold: a million rows stay far
/// below 200 MB.
pub(super) struct KeyIndex {
    entries: HashMap<Digest128, Entry, BuildHasherDefault<DigestHasher>>,
    live: u64,
}

/// How a row compares with the catalog.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Standing {
    /// The database never saw its key.
    New,
    /// It left the catalog before.
    Returns,
    /// It is in the catalog, with fields of this digest.
    Present(Digest128),
}

impl KeyIndex {
    /// An index with room for the items of a catalog: growing would need the old room and the new at the same time.
    pub(super) fn with_room(items: u64) -> Self {
        let room = usize::try_from(items).unwrap_or(0);
        Self { entries: HashMap::with_capacity_and_hasher(room, BuildHasherDefault::default()), live: 0 }
    }

    /// Adds an item that the database holds.
    pub(super) fn know(&mut self, key: &str, known: Known) {
        self.live += u64::from(known.live);
        let stored = if known.live { Stored::Live } else { Stored::Removed };
        let entry = Entry { hash: known.hash, row: 0, stored };
        self.entries.insert(digest(key), entry);
    }

    /// Notes that this row has that key. Answers the row that had it before, if any: the first wins.
    pub(super) fn claim(&mut self, key: &str, row: u32) -> Result<(), u32> {
        let fresh = Entry { hash: Digest128::default(), row: 0, stored: Stored::Nothing };
        let entry = self.entries.entry(digest(key)).or_insert(fresh);
        if entry.row != 0 {
            return Err(entry.row);
        }
        entry.row = row;
        Ok(())
    }

    /// Notes that the source has a row of this key that cannot be taken: its item stays as it is.
    pub(super) fn keep(&mut self, key: &str) {
        if let Some(entry) = self.entries.get_mut(&digest(key))
            && entry.stored == Stored::Live
        {
            entry.stored = Stored::LiveUnplaced;
        }
    }

    /// How a surveyed row compares; `None` when it is not taken.
    pub(super) fn standing(&self, layout: &Layout, row: &Row) -> Option<Standing> {
        let key = layout.key(&row.cells);
        if key.is_empty() || row.surplus || row.refusal.is_some() {
            return None;
        }
        let entry = self.entries.get(&digest(key))?;
        if entry.row != place(row) {
            return None;
        }
        Some(match entry.stored {
            Stored::Live | Stored::LiveUnplaced => Standing::Present(entry.hash),
            Stored::Removed => Standing::Returns,
            Stored::Nothing => Standing::New,
        })
    }

    /// Whether an item of the catalog is not in the source.
    pub(super) fn has_left(&self, key: &str) -> bool {
        self.entries.get(&digest(key)).is_some_and(Entry::has_left)
    }

    /// What this run would do to the catalog.
    pub(super) fn tally(&self) -> Tally {
        let mut tally = Tally { live: self.live, ..Tally::default() };
        for entry in self.entries.values() {
            tally.taken += u64::from(entry.row != 0);
            tally.additions += u64::from(entry.row != 0 && !entry.stored.is_live());
            tally.removals += u64::from(entry.has_left());
        }
        tally
    }
}

/// A row's number as the index keeps it. Beyond four milliards rows would share one, and no source gets there: the
/// limit on its size is reached before.
pub(super) fn place(row: &Row) -> u32 {
    u32::try_from(row.number).unwrap_or(u32::MAX)
}
