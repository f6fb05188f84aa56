//! Counts the values of a column.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::io;

use super::item_set::ItemSet;
use super::segment::{CellBlock, ItemSegment, TextForm};
use crate::domain::catalog_query::cell_test::number_key;
use crate::domain::columns::column_type::ColumnType;

/// A value of a column with the number of items that have it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FacetValue {
    /// The value as shown; empty for blank cells.
    pub value: String,
    /// The number of items.
    pub count: u64,
}

impl FacetValue {
    /// Compares values by their counts, the greatest first; those with equal counts by their letters.
    pub(super) fn compare_frequency(&self, other: &Self) -> Ordering {
        other.count.cmp(&self.count).then_with(|| self.value.cmp(&other.value))
    }
}

/// Joins values that are the same number, date or flag in a column of this type, so that a count is that of the filter
/// by its value. Each is written as the first of them.
pub(super) fn join_equal_values(values: Vec<FacetValue>, column_type: ColumnType) -> Vec<FacetValue> {
    let mut joined: Vec<FacetValue> = Vec::with_capacity(values.len());
    let mut positions: HashMap<u64, usize> = HashMap::new();
    for value in values {
        // Adding zero makes -0 the same as 0.
        let key = number_key(&value.value, column_type).map(|number| (number + 0.0).to_bits());
        match key.and_then(|key| positions.get(&key)) {
            Some(&position) => joined[position].count += value.count,
            None => {
                positions.extend(key.map(|key| (key, joined.len())));
                joined.push(value);
            }
        }
    }
    joined
}

/// Counts the values of a column among some items of a segment, and adds the counts to `counts`.
///
/// # Errors
/// [`io::Error`] when the segment cannot be read.
pub(super) fn count_values(
    segment: &ItemSegment,
    column: usize,
    items: &ItemSet,
    counts: &mut HashMap<String, u64>,
) -> io::Result<()> {
    let mut by_code = vec![0_u64; segment.values(column).len()];
    segment.visit_blocks(column, TextForm::Written, |first, block| match block {
        CellBlock::Codes(codes) => {
            for (index, code) in codes.codes().enumerate() {
                if items.contains(first + index) {
                    by_code[usize::from(code)] += 1;
                }
            }
        }
        CellBlock::Texts(texts) => {
            for (_, text) in texts.texts().enumerate().filter(|(index, _)| items.contains(first + index)) {
                match counts.get_mut(text) {
                    Some(count) => *count += 1,
                    None => drop(counts.insert(text.to_owned(), 1)),
                }
            }
        }
    })?;
    for (value, count) in segment.values(column).iter().zip(by_code).filter(|(_, count)| *count > 0) {
        *counts.entry(value.clone()).or_default() += count;
    }
    Ok(())
}
