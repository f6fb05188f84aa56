//! A sheet that an editor changes between two syncs.

use std::collections::BTreeMap;

use crate::support::seeded_random::SeededRandom;

/// The approximate number of rows: several batches of the engine.
const ROWS: u32 = 6000;

/// The values of a row without its key, in the order of [`EditedSheet::COLUMNS`].
pub(super) type SheetRow = [String; 3];

/// A sheet, by its keys.
#[derive(Clone)]
pub(super) struct EditedSheet {
    rows: BTreeMap<u32, SheetRow>,
    next: u32,
    version: u32,
}

impl EditedSheet {
    /// The columns other than the key, which is `id`.
    pub(super) const COLUMNS: [&'static str; 3] = ["title", "artist", "note"];

    pub(super) fn new() -> Self {
        let mut sheet = Self { rows: BTreeMap::new(), next: 0, version: 1 };
        sheet.add_rows(ROWS);
        sheet
    }

    fn build_row(&self, key: u32) -> SheetRow {
        let version = self.version;
        [format!("Title {key}, edition {version}"), format!("Artist “{}”", key % 97), format!("=note\"{version}\"")]
    }

    fn add_rows(&mut self, count: u32) {
        for key in self.next..self.next + count {
            self.rows.insert(key, self.build_row(key));
        }
        self.next += count;
    }

    /// Edits the sheet: removes about a third of the rows, changes half of the others, and adds as many as were
    /// removed. That is below the limit at which a sync withholds removals.
    pub(super) fn edit(&mut self, random: &mut SeededRandom) {
        self.version += 1;
        let before = self.rows.len();
        self.rows.retain(|_, _| !random.next_chance(33));
        let keys: Vec<u32> = self.rows.keys().copied().collect();
        for key in keys {
            if random.next_chance(50) {
                let row = self.build_row(key);
                self.rows.insert(key, row);
            }
        }
        let deleted = before - self.rows.len();
        self.add_rows(u32::try_from(deleted).expect("a few"));
    }

    /// Reverts an edit. Rows that are added later get new keys all the same.
    pub(super) fn take_back(&mut self, before: &Self) {
        self.rows = before.rows.clone();
    }

    /// The sheet as a CSV file.
    pub(super) fn to_csv(&self) -> String {
        let mut text = format!("id,{}\n", Self::COLUMNS.join(","));
        for (key, row) in &self.rows {
            let cells = row.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\"")));
            text.push_str(&format!("{key},{}\n", cells.collect::<Vec<_>>().join(",")));
        }
        text
    }

    /// The keys of the sheet, as the catalog spells them.
    pub(super) fn keys(&self) -> impl Iterator<Item = String> {
        self.rows.keys().map(u32::to_string)
    }

    /// Whether the sheet has exactly this row.
    pub(super) fn has_row(&self, key: &str, row: &SheetRow) -> bool {
        key.parse().is_ok_and(|key: u32| self.rows.get(&key) == Some(row))
    }
}
