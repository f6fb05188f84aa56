//! Finds the items of a segment that match a search and filters.

use std::io;

use fixedbitset::FixedBitSet;
use memchr::memmem::Finder;

use super::segment::{CellBlock, CodeBlock, ItemSegment, TextBlock, TextForm};
use crate::domain::catalog_query::cell_test::CellTest;

/// Items of a segment.
pub(super) type ItemSet = FixedBitSet;

/// Returns the set of all items of a segment.
pub(super) fn all_items(segment: &ItemSegment) -> ItemSet {
    let mut all = ItemSet::with_capacity(segment.len());
    all.insert_range(..);
    all
}

/// Returns the items that changed at a time, in milliseconds since 1970, or later.
///
/// # Errors
/// [`io::Error`] when the segment cannot be read.
pub(super) fn find_changed(segment: &ItemSegment, since: i64) -> io::Result<ItemSet> {
    let times = segment.change_times()?;
    let mut found = ItemSet::with_capacity(segment.len());
    for (item, _) in times.iter().enumerate().filter(|(_, time)| **time >= since) {
        found.insert(item);
    }
    Ok(found)
}

/// Returns the items in which a folded term occurs in one of the cells.
///
/// # Errors
/// [`io::Error`] when the segment cannot be read.
pub(super) fn find_term(segment: &ItemSegment, term: &str) -> io::Result<ItemSet> {
    let finder = Finder::new(term);
    let mut found = ItemSet::with_capacity(segment.len());
    for column in 0..segment.column_count() {
        let has_term = |value: &String| finder.find(value.as_bytes()).is_some();
        let matching: Vec<bool> = segment.folded_values(column).iter().map(has_term).collect();
        if segment.is_coded(column) && !matching.contains(&true) {
            continue;
        }
        segment.visit_blocks(column, TextForm::Folded, |first, block| match block {
            CellBlock::Codes(codes) => insert_codes(&mut found, first, codes, &matching),
            CellBlock::Texts(texts) => insert_occurrences(&mut found, first, texts, &finder),
        })?;
    }
    Ok(found)
}

/// Returns the items whose cell in this column matches a test.
///
/// # Errors
/// [`io::Error`] when the segment cannot be read.
pub(super) fn find_cells(segment: &ItemSegment, column: usize, test: &CellTest) -> io::Result<ItemSet> {
    let mut found = ItemSet::with_capacity(segment.len());
    let (form, values) = if test.is_folded() {
        (TextForm::Folded, segment.folded_values(column))
    } else {
        (TextForm::Written, segment.values(column))
    };
    let matches = |cell: &str| if test.is_folded() { test.match_folded(cell) } else { test.match_cell(cell) };
    let matching: Vec<bool> = values.iter().map(|value| matches(value)).collect();
    if segment.is_coded(column) && !matching.contains(&true) {
        return Ok(found);
    }
    segment.visit_blocks(column, form, |first, block| match block {
        CellBlock::Codes(codes) => insert_codes(&mut found, first, codes, &matching),
        CellBlock::Texts(texts) => {
            for (index, _) in texts.texts().enumerate().filter(|(_, text)| matches(text)) {
                found.insert(first + index);
            }
        }
    })?;
    Ok(found)
}

/// Adds the items of a block whose code is among the matching ones.
fn insert_codes(found: &mut ItemSet, first: usize, codes: CodeBlock<'_>, matching: &[bool]) {
    for (index, code) in codes.codes().enumerate() {
        if matching.get(usize::from(code)).copied().unwrap_or(false) {
            found.insert(first + index);
        }
    }
}

/// Adds the items of a block in whose text the term occurs.
fn insert_occurrences(found: &mut ItemSet, first: usize, texts: TextBlock<'_>, finder: &Finder<'_>) {
    let bytes = texts.bytes();
    let (mut from, mut index) = (0, 0);
    while let Some(at) = bytes.get(from..).and_then(|rest| finder.find(rest)) {
        index = texts.find_position(from + at, index);
        found.insert(first + index);
        // The rest of this text does not matter.
        from = texts.end_of(index) + 1;
        index += 1;
    }
}
