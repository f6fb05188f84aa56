//! Builds the segments of a catalog from the database.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use super::index_error::IndexError;
use super::segment::{ItemSegment, SegmentWriter};
use crate::domain::source::SourceId;
use crate::store::Store;
use crate::store::item_records::{ItemRecord, RecordPages};

/// The number of changed items that are loaded at a time.
const CHANGED_ITEMS_PER_PAGE: usize = 1000;

/// Builds the segment of all items of a catalog. `done` counts the items.
///
/// # Errors
/// [`IndexError::Store`] when the database fails, [`IndexError::Storage`] when the temporary file cannot be written.
pub(super) fn build_segment(
    store: &Store,
    source: SourceId,
    columns: &[String],
    folder: &Path,
    done: &AtomicU64,
) -> Result<ItemSegment, IndexError> {
    let mut builder = SegmentBuilder::new(folder, columns);
    let mut pages = RecordPages::new(source);
    loop {
        let page = pages.next_page(store)?;
        if page.is_empty() {
            return Ok(builder.writer.finish()?);
        }
        builder.add_items(&page)?;
        done.fetch_add(page.len() as u64, Ordering::Relaxed);
    }
}

/// Builds a segment of the items with these ids that are in the catalog.
///
/// # Errors
/// [`IndexError::Store`] when the database fails, [`IndexError::Storage`] when the temporary file cannot be written.
pub(super) fn build_segment_of(
    store: &Store,
    source: SourceId,
    columns: &[String],
    folder: &Path,
    ids: &[i64],
) -> Result<ItemSegment, IndexError> {
    let mut builder = SegmentBuilder::new(folder, columns);
    for ids in ids.chunks(CHANGED_ITEMS_PER_PAGE) {
        builder.add_items(&store.item_records(source, ids)?)?;
    }
    Ok(builder.writer.finish()?)
}

/// Runs a build. A panic is an error too, so that nobody waits for a build that does not go on.
///
/// # Errors
/// The error of the build, or [`IndexError::Storage`] when it panics.
pub(super) fn catch_panic<T>(build: impl FnOnce() -> Result<T, IndexError>) -> Result<T, IndexError> {
    // The panic hook logs where it was.
    let panicked = |_| Err(io::Error::other("the build ended with a panic").into());
    catch_unwind(AssertUnwindSafe(build)).unwrap_or_else(panicked)
}

/// Builds a segment from stored items.
struct SegmentBuilder<'a> {
    writer: SegmentWriter,
    columns: &'a [String],
    /// Where each column was among the fields of the item before. Most items have the same fields in the same order.
    positions: Vec<usize>,
}

impl<'a> SegmentBuilder<'a> {
    fn new(folder: &Path, columns: &'a [String]) -> Self {
        Self { writer: SegmentWriter::new(folder, columns), columns, positions: (0..columns.len()).collect() }
    }

    fn add_items(&mut self, page: &[ItemRecord]) -> Result<(), IndexError> {
        for item in page {
            let fields = item.parse_fields()?;
            for (name, position) in self.columns.iter().zip(&mut self.positions) {
                if fields.get(*position).is_none_or(|(known, _)| known != name) {
                    *position = fields.iter().position(|(known, _)| known == name).unwrap_or(usize::MAX);
                }
            }
            // During a sync, and after a row was skipped, an item may lack a column.
            let cells = self.positions.iter().map(|at| fields.get(*at).map_or("", |(_, value)| value));
            self.writer.add_item(item.id, item.changed_at.timestamp_millis(), cells)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{IndexError, catch_panic};

    #[test]
    fn a_panic_is_an_error() {
        assert!(matches!(catch_panic(|| Ok(1)), Ok(1)));
        let error = IndexError::UnknownColumn("year".to_owned());
        assert!(matches!(catch_panic::<()>(|| Err(error)), Err(IndexError::UnknownColumn(_))));
        assert!(matches!(catch_panic::<()>(|| panic!("a test")), Err(IndexError::Storage(_))));
    }
}
