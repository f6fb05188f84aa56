//! Comparing by key and hash. Everything about a source's size and shape is known before the first write.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::domain::change_set::Known;
use crate::domain::guards::Tally;
use crate::domain::issue::{Issue, IssueKind, Issues};
use crate::domain::item::{Digest128, KEY_MAX_BYTES, Layout, digest};
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

/// What the first reading of a source found.
pub(super) struct Survey {
    /// What it would do to the catalog.
    pub(super) tally: Tally,
    /// Rows in all, taken or not.
    pub(super) rows: u64,
    /// Rows that are not taken.
    pub(super) rejected: u64,
    /// Why, and what was mended.
    pub(super) issues: Issues,
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
    fn claim(&mut self, key: &str, row: u32) -> Result<(), u32> {
        let fresh = Entry { hash: Digest128::default(), row: 0, stored: Stored::Nothing };
        let entry = self.entries.entry(digest(key)).or_insert(fresh);
        if entry.row != 0 {
            return Err(entry.row);
        }
        entry.row = row;
        Ok(())
    }

    /// Notes that the source has a row of this key that cannot be taken: its item stays as it is.
    fn keep(&mut self, key: &str) {
        if let Some(entry) = self.entries.get_mut(&digest(key))
            && entry.stored == Stored::Live
        {
            entry.stored = Stored::LiveUnplaced;
        }
    }

    /// How a surveyed row compares; `None` when it is not taken.
    pub(super) fn standing(&self, layout: &Layout, row: &Row) -> Option<Standing> {
        let key = layout.key(&row.cells);
        if key.is_empty() || row.surplus {
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

    fn tally(&self) -> Tally {
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
fn place(row: &Row) -> u32 {
    u32::try_from(row.number).unwrap_or(u32::MAX)
}

/// The first reading: gives each key to the first row that has it and collects what cannot be taken.
pub(super) struct Surveyor<'a> {
    index: &'a mut KeyIndex,
    layout: &'a Layout,
    columns: &'a [String],
    key_column: &'a str,
    rows: u64,
    rejected: u64,
    issues: Issues,
}

impl<'a> Surveyor<'a> {
    /// Begins a survey of a source with these columns.
    pub(super) fn new(index: &'a mut KeyIndex, layout: &'a Layout, columns: &'a [String], key_column: &'a str) -> Self {
        Self { index, layout, columns, key_column, rows: 0, rejected: 0, issues: Issues::default() }
    }

    /// Looks at one row.
    pub(super) fn look(&mut self, row: &Row) {
        self.rows += 1;
        for mend in &row.mended {
            let column = mend.column.and_then(|position| self.columns.get(position)).cloned();
            let reason = mend.what.clone();
            self.issues.push(Issue { row: Some(row.number), column, kind: IssueKind::Noted, reason });
        }
        let key = self.layout.key(&row.cells);
        if key.is_empty() {
            self.refuse(
                row,
                Some(self.key_column),
                format!("There is nothing in the key column “{}”.", self.key_column),
            );
        } else if key.len() > KEY_MAX_BYTES {
            let reason = format!(
                "The key “{}” is longer than {KEY_MAX_BYTES} bytes. Is “{}” the column that tells entries apart?",
                shortened(key),
                self.key_column
            );
            self.refuse(row, Some(self.key_column), reason);
        } else if row.surplus {
            self.index.keep(key);
            let reason = format!(
                "The row has more cells than the header has columns ({}). Is a separator or a quote out of place?",
                self.columns.len()
            );
            self.refuse(row, None, reason);
        } else if let Err(first) = self.index.claim(key, place(row)) {
            let reason =
                format!("The key “{}” stands in row {first} already; the first row was taken.", shortened(key));
            self.refuse(row, Some(self.key_column), reason);
        }
    }

    fn refuse(&mut self, row: &Row, column: Option<&str>, reason: String) {
        self.rejected += 1;
        let column = column.map(str::to_owned);
        self.issues.push(Issue { row: Some(row.number), column, kind: IssueKind::Refused, reason });
    }

    /// What was found.
    pub(super) fn finish(self) -> Survey {
        Survey { tally: self.index.tally(), rows: self.rows, rejected: self.rejected, issues: self.issues }
    }
}

/// A cell's text short enough for a sentence.
fn shortened(text: &str) -> String {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
