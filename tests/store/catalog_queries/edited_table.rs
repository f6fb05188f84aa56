//! A table that its editors change, one step after the other.

use lockstep::domain::operation::Status;
use lockstep::domain::record::SyncRecord;
use lockstep::domain::source::Source;

use super::query_generator::{COLUMNS, any_cell, any_row, below, pick};
use super::retained_changes::clear_old_runs;
use crate::support::TestEngine;
use crate::support::memory_kind::MemoryTable;
use crate::support::seeded_random::SeededRandom;
use crate::support::test_engine::preview_run;

/// The rows of a table, and those that were removed from it.
#[derive(Clone)]
pub(super) struct EditedTable {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
    removed: Vec<Vec<String>>,
    next_key: usize,
}

impl EditedTable {
    pub(super) fn new(random: &mut SeededRandom, rows: usize) -> Self {
        let columns = COLUMNS.map(str::to_owned).to_vec();
        let rows_of_keys = (0..rows).map(|key| any_row(random, key)).collect();
        Self { columns, rows: rows_of_keys, removed: Vec::new(), next_key: rows }
    }

    pub(super) fn to_memory(&self) -> MemoryTable {
        let columns: Vec<&str> = self.columns.iter().map(String::as_str).collect();
        MemoryTable::from_rows(&columns, self.rows.clone())
    }

    /// Syncs the table as it is now.
    pub(super) fn sync(&self, engine: &TestEngine, source: &Source) -> SyncRecord {
        engine.memory.set_table(source.slug.as_str(), self.to_memory());
        let record = engine.sync(source);
        assert_eq!(record.summary.status, Status::Completed, "{:?}", record.summary);
        record
    }

    /// Changes cells of some rows.
    pub(super) fn edit_rows(&mut self, random: &mut SeededRandom, count: usize) {
        for _ in 0..count {
            let (row, column) = (below(random, self.rows.len()), 1 + below(random, COLUMNS.len() - 1));
            let cell = any_cell(random, column);
            if let Some(old) = self.rows[row].get_mut(column) {
                *old = cell;
            }
        }
    }

    /// Adds rows with new keys in the middle of the table.
    pub(super) fn add_rows(&mut self, random: &mut SeededRandom, count: usize) {
        for _ in 0..count {
            let mut row = any_row(random, self.next_key);
            row.resize(self.columns.len(), String::new());
            self.next_key += 1;
            self.rows.insert(below(random, self.rows.len()), row);
        }
    }

    /// Removes some rows, at most a few in total.
    pub(super) fn remove_rows(&mut self, random: &mut SeededRandom, count: usize) {
        for _ in 0..count {
            let row = self.rows.remove(below(random, self.rows.len()));
            self.removed.push(row);
        }
    }

    /// Puts removed rows back, at the end.
    pub(super) fn return_rows(&mut self, count: usize) {
        for _ in 0..count {
            if let Some(mut row) = self.removed.pop() {
                row.resize(self.columns.len(), String::new());
                self.rows.push(row);
            }
        }
    }

    fn rename_column(&mut self, random: &mut SeededRandom) {
        let column = 1 + below(random, self.columns.len() - 1);
        self.columns[column] = format!("{}*", self.columns[column]);
    }

    /// Removes the last column, or adds one.
    fn change_width(&mut self, random: &mut SeededRandom) {
        if self.columns.len() == COLUMNS.len() && random.next_chance(50) {
            self.columns.pop();
            self.rows.iter_mut().for_each(|row| drop(row.pop()));
        } else {
            self.columns.push(format!("column {}", self.columns.len()));
            self.rows.iter_mut().for_each(|row| row.push(any_cell(random, 5)));
        }
    }

    /// Changes the table in one of many ways and syncs it, undoes a sync, or previews one.
    pub(super) fn run_step(&mut self, engine: &TestEngine, source: &Source, random: &mut SeededRandom) {
        let most = *pick(random, &[2, 6, 20]);
        let count = 1 + below(random, most);
        match below(random, 12) {
            0 | 1 => self.edit_rows(random, count),
            2 => self.add_rows(random, count),
            3 => self.remove_rows(random, count.min(8)),
            4 => self.return_rows(count),
            5 => {
                self.edit_rows(random, count);
                self.remove_rows(random, 2);
                self.return_rows(1);
                self.add_rows(random, 2);
            }
            6 => self.rename_column(random),
            7 => self.change_width(random),
            8 => {
                engine.run_request(source, &preview_run());
                return;
            }
            9 => {
                // A run that is undone: the items that it added go, the others get their former fields.
                let before = self.clone();
                self.edit_rows(random, count);
                self.remove_rows(random, 3);
                self.add_rows(random, 2);
                engine.undo_run(self.sync(engine, source).summary.id);
                *self = Self { next_key: self.next_key, ..before };
                return;
            }
            10 => {
                clear_old_runs(&engine.store);
                return;
            }
            _ => {}
        }
        self.sync(engine, source);
    }
}
