//! A segment with the ranks of its items, which are computed when a column is first sorted by.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::Mutex;

use super::item_set::{self, ItemSet};
use super::ranks::{NO_RANK, compute_ranks, rank_values, ranks_by_value};
use super::segment::{ByteSink, ItemSegment, SegmentBytes};
use crate::domain::catalog_query::cell_test::CellTest;
use crate::domain::columns::column_type::ColumnType;

/// The size up to which the ranks of a column stay in memory, in bytes.
const MAX_RANKS_IN_MEMORY_BYTES: usize = 256 << 10;
/// The size of a rank, in bytes.
const RANK_BYTES: usize = 4;

/// What is kept for a column, by its position and its type.
type ByColumn<T> = Mutex<HashMap<(usize, ColumnType), Arc<T>>>;

/// A segment with the ranks of its items.
#[derive(Debug)]
pub(super) struct IndexedSegment {
    pub(super) segment: ItemSegment,
    folder: PathBuf,
    /// The ranks of items.
    ranks: ByColumn<SegmentBytes>,
    /// The ranks of the values of columns whose cells are codes.
    value_ranks: ByColumn<[u32]>,
}

impl IndexedSegment {
    /// Wraps a segment. Temporary files are in `folder`.
    pub(super) fn new(segment: ItemSegment, folder: PathBuf) -> Self {
        Self { segment, folder, ranks: Mutex::default(), value_ranks: Mutex::default() }
    }

    /// Returns the items that changed since a time, contain all terms and whose cells match all tests, each given with
    /// its column.
    ///
    /// # Errors
    /// [`io::Error`] when the segment cannot be read.
    pub(super) fn find_items(
        &self,
        changed_since: Option<i64>,
        terms: &[String],
        tests: &[(usize, CellTest)],
    ) -> io::Result<ItemSet> {
        let mut found = match changed_since {
            Some(since) => item_set::find_changed(&self.segment, since)?,
            None => item_set::all_items(&self.segment),
        };
        for (column, test) in tests {
            found.intersect_with(&item_set::find_cells(&self.segment, *column, test)?);
        }
        for term in terms {
            if found.is_clear() {
                break;
            }
            found.intersect_with(&item_set::find_term(&self.segment, term)?);
        }
        Ok(found)
    }

    /// Returns items in the order of up to two columns, each with its type and whether it is descending; items that are
    /// equal there in the order of their ids.
    ///
    /// # Errors
    /// [`io::Error`] when the segment cannot be read, or a temporary file cannot be written.
    pub(super) fn sort_items(&self, items: &ItemSet, sort: &[(usize, ColumnType, bool)]) -> io::Result<Vec<u32>> {
        let ordinals = items.ones().filter_map(|item| u32::try_from(item).ok());
        let directed =
            |rank: u32, descending: bool| if descending && rank != NO_RANK { NO_RANK - 1 - rank } else { rank };
        match *sort {
            [] => Ok(ordinals.collect()),
            [(column, column_type, descending)] => {
                let ranks = self.load_ranks(column, column_type)?;
                let key = |item: u32| u64::from(directed(ranks[item as usize], descending)) << 32 | u64::from(item);
                let mut keys: Vec<u64> = ordinals.map(key).collect();
                keys.sort_unstable();
                // The lower half of a key is the item.
                Ok(keys.into_iter().map(|key| (key & u64::from(u32::MAX)) as u32).collect())
            }
            [(first, first_type, first_descending), (second, second_type, second_descending), ..] => {
                let first = self.load_ranks(first, first_type)?;
                let second = self.load_ranks(second, second_type)?;
                let key = |item: u32| {
                    let at = item as usize;
                    let high = u64::from(directed(first[at], first_descending)) << 32;
                    (high | u64::from(directed(second[at], second_descending)), item)
                };
                let mut keys: Vec<(u64, u32)> = ordinals.map(key).collect();
                keys.sort_unstable();
                Ok(keys.into_iter().map(|(_, item)| item).collect())
            }
        }
    }

    /// Returns the rank of each item in a column. They are computed once.
    fn load_ranks(&self, column: usize, column_type: ColumnType) -> io::Result<Vec<u32>> {
        if self.segment.is_coded(column) {
            let known = self.value_ranks.lock().get(&(column, column_type)).cloned();
            let value_ranks = known.unwrap_or_else(|| {
                let computed: Arc<[u32]> = rank_values(self.segment.values(column), column_type).into();
                self.value_ranks.lock().insert((column, column_type), Arc::clone(&computed));
                computed
            });
            return ranks_by_value(&self.segment, column, &value_ranks);
        }
        let known = self.ranks.lock().get(&(column, column_type)).cloned();
        if let Some(bytes) = known {
            let mut buffer = Vec::new();
            bytes.read(0, self.segment.len() * RANK_BYTES, &mut buffer)?;
            let rank = |bytes: &[u8]| bytes.try_into().map_or(NO_RANK, u32::from_le_bytes);
            return Ok(buffer.chunks_exact(RANK_BYTES).map(rank).collect());
        }
        let ranks = compute_ranks(&self.segment, column, column_type, &self.folder)?;
        let mut sink = ByteSink::new(&self.folder, MAX_RANKS_IN_MEMORY_BYTES);
        sink.append(&ranks.iter().flat_map(|rank| rank.to_le_bytes()).collect::<Vec<u8>>())?;
        self.ranks.lock().insert((column, column_type), Arc::new(sink.finish()?));
        Ok(ranks)
    }

    /// Returns the columns whose ranks are known, with their types.
    pub(super) fn ranked_columns(&self) -> Vec<(usize, ColumnType)> {
        let mut known: Vec<_> = self.ranks.lock().keys().copied().collect();
        known.extend(self.value_ranks.lock().keys());
        known
    }

    /// Returns roughly how many bytes of memory the segment takes, with what is kept to sort it.
    pub(super) fn memory_bytes(&self) -> usize {
        let values: usize = self.value_ranks.lock().values().map(|ranks| ranks.len() * RANK_BYTES).sum();
        self.segment.memory_bytes() + values
    }

    /// Computes the ranks of a column, so that the next reader does not wait for it.
    ///
    /// # Errors
    /// [`io::Error`] when the segment cannot be read, or a temporary file cannot be written.
    pub(super) fn prepare_ranks(&self, column: usize, column_type: ColumnType) -> io::Result<()> {
        self.load_ranks(column, column_type).map(drop)
    }
}
