//! The ranks of items in a column: the smallest key has rank 0, equal keys have the same rank.

use std::io;
use std::path::Path;

use super::key_sorter::KeySorter;
use super::segment::{CellBlock, ItemSegment, TextForm};
use crate::domain::columns::column_type::ColumnType;
use crate::domain::columns::sorting::{SortKey, sort_key};

/// The rank of items without a key, which come last in both directions.
pub(super) const NO_RANK: u32 = u32::MAX;

/// Computes the rank of each item of a segment in a column of this type, from its cells one by one. Temporary files,
/// for columns with many different texts, are in `folder`.
///
/// # Errors
/// [`io::Error`] when the segment cannot be read, or a temporary file cannot be written.
pub(super) fn compute_ranks(
    segment: &ItemSegment,
    column: usize,
    column_type: ColumnType,
    folder: &Path,
) -> io::Result<Vec<u32>> {
    let mut ranks = vec![NO_RANK; segment.len()];
    let mut sorter = KeySorter::new(folder);
    let mut failure = None;
    let mut add_cell = |item: usize, cell: &str| {
        let added = u32::try_from(item).map_err(io::Error::other).and_then(|item| match sort_key(cell, column_type) {
            Some(key) => sorter.add_key(item, &to_bytes(&key)),
            None => Ok(()),
        });
        if let Err(error) = added {
            failure.get_or_insert(error);
        }
    };
    segment.visit_blocks(column, TextForm::Written, |first, block| match block {
        CellBlock::Codes(codes) => {
            for (index, code) in codes.codes().enumerate() {
                add_cell(first + index, segment.values(column).get(usize::from(code)).map_or("", String::as_str));
            }
        }
        CellBlock::Texts(texts) => {
            for (index, text) in texts.texts().enumerate() {
                add_cell(first + index, text);
            }
        }
    })?;
    if let Some(error) = failure {
        return Err(error);
    }
    let mut next_rank = 0;
    sorter.visit_sorted(|item, is_equal| {
        if !is_equal {
            next_rank += 1;
        }
        ranks[item as usize] = next_rank - 1;
    })?;
    Ok(ranks)
}

/// Returns the rank of each value of the dictionary of a column of this type.
pub(super) fn rank_values(values: &[String], column_type: ColumnType) -> Vec<u32> {
    let (mut texts, mut numbers) = (Vec::new(), Vec::new());
    for (code, value) in values.iter().enumerate() {
        match sort_key(value, column_type) {
            Some(SortKey::Text(text)) => texts.push((text, code)),
            Some(SortKey::Number(number)) => numbers.push((to_ordered_bits(number), code)),
            None => {}
        }
    }
    // A column has keys of one kind.
    if texts.is_empty() { rank_keys(numbers, values.len()) } else { rank_keys(texts, values.len()) }
}

/// The rank of each value of a dictionary of `count` values, from the keys of those that have one.
fn rank_keys<K: Ord>(mut keys: Vec<(K, usize)>, count: usize) -> Vec<u32> {
    keys.sort_unstable();
    let mut ranks = vec![NO_RANK; count];
    let mut rank = 0;
    for (at, (key, code)) in keys.iter().enumerate() {
        if at > 0 && keys[at - 1].0 != *key {
            rank += 1;
        }
        ranks[*code] = rank;
    }
    ranks
}

/// Returns the rank of each item of a segment in a column whose cells are all codes, from the ranks of its values.
///
/// # Errors
/// [`io::Error`] when the segment cannot be read.
pub(super) fn ranks_by_value(segment: &ItemSegment, column: usize, value_ranks: &[u32]) -> io::Result<Vec<u32>> {
    let mut ranks = Vec::with_capacity(segment.len());
    segment.visit_blocks(column, TextForm::Written, |_, block| {
        if let CellBlock::Codes(codes) = block {
            let rank = |code| value_ranks.get(usize::from(code)).copied().unwrap_or(NO_RANK);
            ranks.extend(codes.codes().map(rank));
        }
    })?;
    Ok(ranks)
}

/// Returns bytes that are ordered like the keys of one column.
fn to_bytes(key: &SortKey) -> Vec<u8> {
    match key {
        SortKey::Text(text) => text.as_bytes().to_vec(),
        SortKey::Number(number) => to_ordered_bits(*number).to_be_bytes().to_vec(),
    }
}

/// Returns bits that are ordered like numbers. Those of floating-point numbers are, except that the negative ones are
/// reversed (IEEE 754).
fn to_ordered_bits(number: f64) -> u64 {
    let bits = number.to_bits();
    if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }
}

#[cfg(test)]
mod tests {
    use super::{SortKey, to_bytes};

    #[test]
    fn bytes_are_ordered_like_numbers() {
        let numbers = [f64::MIN, -1e9, -2.5, -1.0, -1e-9, 0.0, 1e-9, 1.0, 2.5, 1e9, f64::MAX];
        let keys = numbers.map(|number| to_bytes(&SortKey::Number(number)));
        assert!(keys.is_sorted_by(|a, b| a < b), "{keys:?}");
    }
}
