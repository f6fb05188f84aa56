//! An index of all keys of a catalog and of its source. It compares them by key and by the hash of their fields.

use std::borrow::Cow;
use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::key_spellings::{DigestMap, KeySpellings};
use crate::domain::change_set::KnownItem;
use crate::domain::guards::ChangeTally;
use crate::domain::item::{ContentDigest, content_digest};
use crate::domain::rows::row::TextRow;
use crate::domain::text::comparable_form::comparable_form;

/// The entry of one key.
#[derive(Clone, Copy, Default)]
struct KeyEntry {
    hash: ContentDigest,
    /// The row of the source that has the key, 0 for none.
    row: u32,
    stored: StoredKey,
    /// Whether that row spells the key differently from the database.
    is_spelled_differently: bool,
    /// Whether the item was added or changed since the last sync that applied its source completely.
    is_unsettled: bool,
}

impl KeyEntry {
    fn has_left(&self) -> bool {
        self.row == 0 && self.stored == StoredKey::Live
    }
}

/// The state of a key in the database.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum StoredKey {
    #[default]
    Nothing,
    Removed,
    Live,
    /// The item is live. The source has a row for it, but the row cannot be used.
    LiveWithUnusableRow,
}

impl StoredKey {
    const fn is_live(self) -> bool {
        matches!(self, Self::Live | Self::LiveWithUnusableRow)
    }
}

/// The comparison of a row with the catalog.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum RowComparison {
    /// The database does not have its key.
    New,
    /// Its item was removed from the catalog before.
    Returns,
    /// Its item is in the catalog, with fields of this digest.
    Present(ContentDigest),
}

/// A row that has its key, compared with the catalog.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct FoundRow<'a> {
    pub(super) comparison: RowComparison,
    /// The key as the database spells it, if the row spells it differently.
    pub(super) stored_key: Option<Cow<'a, str>>,
}

/// The result of [`KeyIndex::claim_key`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum KeyClaim {
    /// The row has the key.
    Taken,
    /// The row has the key, but the database spells it differently.
    TakenByForm,
    /// The row has the key, because it spells it like the database. The row with this number had the key by form only
    /// and lost it.
    TakenFrom(u32),
    /// The row with this number already has the key.
    Duplicate(u32),
}

/// Items of the catalog whose keys are equal in form, if the source has a row for at least one of them.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct EqualItems {
    /// The number of items.
    pub(super) count: u64,
    /// The first row with such a key.
    pub(super) first_row: u32,
}

/// All keys of a catalog and of its source, with about forty bytes for each key: a million rows stay far below 200 MB.
///
/// Keys that are equal in their comparable form are the same key, unless the catalog has both. An exact spelling takes
/// precedence over an equal form; otherwise the first row wins.
pub(in crate::sync) struct KeyIndex {
    /// By the digest of the exact spelling.
    entries: DigestMap<KeyEntry>,
    /// The keys whose spelling differs from their comparable form. There are few.
    spellings: KeySpellings,
    /// The stored keys that rows have by form, by the digest of their spelling. [`KeyIndex::set_spelling`] fills it.
    stored_keys: HashMap<ContentDigest, String>,
    live: u64,
    settled_at: Option<DateTime<Utc>>,
}

impl KeyIndex {
    /// Creates an empty index with capacity for `items` items: growing would need the old and the new memory at once.
    pub(in crate::sync) fn with_capacity(items: u64) -> Self {
        let capacity = usize::try_from(items).unwrap_or(0);
        Self {
            entries: HashMap::with_capacity_and_hasher(capacity, std::hash::BuildHasherDefault::default()),
            spellings: KeySpellings::default(),
            stored_keys: HashMap::new(),
            live: 0,
            settled_at: None,
        }
    }

    /// Sets when the last sync applied the source completely. Must be set before items are added.
    pub(super) const fn set_settled_at(&mut self, settled_at: Option<DateTime<Utc>>) {
        self.settled_at = settled_at;
    }

    /// Adds an item of the database.
    pub(super) fn add_known_item(&mut self, key: &str, known: KnownItem) {
        self.live += u64::from(known.live);
        let stored = if known.live { StoredKey::Live } else { StoredKey::Removed };
        let exact = content_digest(key);
        let is_unsettled = known.live && self.settled_at.is_some_and(|settled_at| known.changed_at > settled_at);
        self.entries.insert(exact, KeyEntry { hash: known.hash, stored, is_unsettled, ..KeyEntry::default() });
        if let Cow::Owned(form) = comparable_form(key) {
            self.spellings.add(content_digest(&form), exact);
        }
    }

    /// Whether the catalog has a live item with exactly this key and fields of this digest.
    pub(super) fn has_item(&self, key: &str, hash: ContentDigest) -> bool {
        self.entries.get(&content_digest(key)).is_some_and(|entry| entry.stored.is_live() && entry.hash == hash)
    }

    /// The digests of a key: of its exact spelling and of its form.
    fn key_digests(key: &str) -> (ContentDigest, ContentDigest) {
        let exact = content_digest(key);
        match comparable_form(key) {
            Cow::Borrowed(_) => (exact, exact),
            Cow::Owned(form) => (exact, content_digest(&form)),
        }
    }

    /// The entries of all spellings of a form.
    fn entries_of_form(&self, form: ContentDigest) -> impl Iterator<Item = (ContentDigest, &KeyEntry)> {
        let spellings = std::iter::once(form).chain(self.spellings.spellings_of(&form));
        spellings.filter_map(|exact| self.entries.get(&exact).map(|entry| (exact, entry)))
    }

    /// Gives a key to the row with the number `row`, unless another row has it.
    pub(super) fn claim_key(&mut self, key: &str, row: u32) -> KeyClaim {
        let (exact, form) = Self::key_digests(key);
        let (mut live, mut removed, mut holder) = (None, None, None);
        for (spelling, entry) in self.entries_of_form(form) {
            if entry.stored.is_live() {
                live = live.or(Some(spelling));
            } else if entry.stored == StoredKey::Removed {
                removed = removed.or(Some(spelling));
            }
            if entry.row != 0 {
                holder = holder.or(Some((spelling, *entry)));
            }
        }
        let own = self.entries.get(&exact).copied().unwrap_or_default();
        if own.stored.is_live() || (own.stored == StoredKey::Removed && live.is_none()) {
            if own.row != 0 && !own.is_spelled_differently {
                return KeyClaim::Duplicate(own.row);
            }
            // At most one row has an item by its comparable form, and only while no row has an item by its exact
            // spelling.
            let loser = holder.filter(|(_, entry)| entry.is_spelled_differently);
            if let Some((spelling, entry)) = loser {
                self.entries.insert(spelling, KeyEntry { row: 0, is_spelled_differently: false, ..entry });
            }
            self.entries.insert(exact, KeyEntry { row, is_spelled_differently: false, ..own });
            return loser.map_or(KeyClaim::Taken, |(_, entry)| KeyClaim::TakenFrom(entry.row));
        }
        if let Some((_, entry)) = holder {
            return KeyClaim::Duplicate(entry.row);
        }
        if let Some(entry) = live.or(removed).and_then(|spelling| self.entries.get_mut(&spelling)) {
            (entry.row, entry.is_spelled_differently) = (row, true);
            return KeyClaim::TakenByForm;
        }
        self.entries.insert(exact, KeyEntry { row, ..KeyEntry::default() });
        if exact != form {
            self.spellings.add(form, exact);
        }
        KeyClaim::Taken
    }

    /// Keeps the item of this key, because the source has a row of it that cannot be used.
    pub(super) fn keep_item(&mut self, key: &str) {
        let (_, form) = Self::key_digests(key);
        let spellings: Vec<ContentDigest> = self.entries_of_form(form).map(|(spelling, _)| spelling).collect();
        for spelling in spellings {
            self.keep_entry(&spelling);
        }
    }

    fn keep_entry(&mut self, spelling: &ContentDigest) {
        if let Some(entry) = self.entries.get_mut(spelling)
            && entry.stored == StoredKey::Live
        {
            entry.stored = StoredKey::LiveWithUnusableRow;
        }
    }

    /// Keeps items whose keys are equal in form if the source has a row for one of them. Called after the last row.
    pub(super) fn keep_equal_items(&mut self) -> EqualItems {
        let mut equal = EqualItems::default();
        let (mut kept, mut wanted) = (Vec::new(), Vec::new());
        for form in self.spellings.forms() {
            let (mut live, mut first_row) = (Vec::new(), None::<u32>);
            for (spelling, entry) in self.entries_of_form(*form) {
                if entry.stored.is_live() {
                    live.push(spelling);
                }
                if entry.row != 0 {
                    first_row = Some(first_row.map_or(entry.row, |row| row.min(entry.row)));
                }
                if entry.is_spelled_differently && spelling != *form {
                    wanted.push(spelling);
                }
            }
            let Some(first_row) = first_row.filter(|_| live.len() > 1) else { continue };
            let before = if equal.count == 0 { first_row } else { equal.first_row };
            equal = EqualItems { count: equal.count + live.len() as u64, first_row: before.min(first_row) };
            kept.extend(live);
        }
        for spelling in kept {
            self.keep_entry(&spelling);
        }
        self.stored_keys.extend(wanted.into_iter().map(|spelling| (spelling, String::new())));
        equal
    }

    /// Whether the keys of the catalog have to be passed to [`KeyIndex::set_spelling`] before rows are compared.
    pub(super) fn lacks_spellings(&self) -> bool {
        !self.stored_keys.is_empty()
    }

    /// Stores the spelling of a stored key that a row has by form; ignores other keys.
    pub(super) fn set_spelling(&mut self, key: &str) {
        if let Some(spelling) = self.stored_keys.get_mut(&content_digest(key)) {
            key.clone_into(spelling);
        }
    }

    /// Compares the row with this number and this key with the catalog. `None` when another row has the key.
    pub(super) fn find_row<'a>(&'a self, key: &'a str, row: u32) -> Option<FoundRow<'a>> {
        let (exact, form) = Self::key_digests(key);
        let (spelling, entry) = self.entries_of_form(form).find(|(_, entry)| entry.row == row)?;
        let stored_key = (spelling != exact).then(|| {
            let stored = self.stored_keys.get(&spelling).filter(|_| spelling != form);
            stored.map_or_else(|| comparable_form(key), |stored| Cow::Borrowed(stored.as_str()))
        });
        let comparison = match entry.stored {
            StoredKey::Live | StoredKey::LiveWithUnusableRow => RowComparison::Present(entry.hash),
            StoredKey::Removed => RowComparison::Returns,
            StoredKey::Nothing => RowComparison::New,
        };
        Some(FoundRow { comparison, stored_key })
    }

    /// Whether the item of this row is new or was changed since the last sync that applied its source completely.
    pub(super) fn is_unsettled(&self, key: &str, row: u32) -> bool {
        let (_, form) = Self::key_digests(key);
        let mut entries = self.entries_of_form(form).map(|(_, entry)| entry);
        entries.find(|entry| entry.row == row).is_some_and(|entry| entry.is_unsettled || !entry.stored.is_live())
    }

    /// Whether the catalog has a live item of this key and the source has no row of it.
    pub(in crate::sync) fn has_left(&self, key: &str) -> bool {
        self.entries.get(&content_digest(key)).is_some_and(KeyEntry::has_left)
    }

    /// Counts what applying the rows would do to the catalog.
    pub(super) fn change_tally(&self) -> ChangeTally {
        let mut tally = ChangeTally { live: self.live, ..ChangeTally::default() };
        for entry in self.entries.values() {
            tally.usable_rows += u64::from(entry.row != 0);
            tally.additions += u64::from(entry.row != 0 && !entry.stored.is_live());
            tally.removals += u64::from(entry.has_left());
        }
        tally
    }
}

/// The number of a row as the index stores it. It is exact up to four billion rows. A source reaches its size limit
/// long before that.
pub(super) fn index_row(row: &TextRow) -> u32 {
    u32::try_from(row.number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
