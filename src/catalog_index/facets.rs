//! Counts the values of a column.

use std::collections::HashMap;
use std::io;

use super::item_set::ItemSet;
use super::segment::{CellBlock, ItemSegment, TextForm};

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
