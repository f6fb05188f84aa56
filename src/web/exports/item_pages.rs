//! Reads the items of an export, page by page.

use crate::catalog_index::CatalogReader;
use crate::domain::catalog_query::CatalogQuery;
use crate::domain::source::SourceId;
use crate::store::Store;
use crate::store::item_records::{ItemRecord, RecordPageSize, RecordPages};
use crate::web::http::error::WebError;

/// How many ids of selected items are kept.
const IDS_PER_READ: usize = 20_000;

/// The items of an export.
pub(super) struct ItemPages {
    source: SourceId,
    order: ItemOrder,
}

enum ItemOrder {
    /// All items, straight from the database.
    Stored(RecordPages),
    /// The items that a query selects, in its order.
    Selected(SelectedItemIds),
}

/// The ids that a query selects. All are read from one reader, so that none is repeated or left out while the catalog
/// changes.
struct SelectedItemIds {
    reader: CatalogReader,
    query: CatalogQuery,
    /// The number of ids that were read.
    offset: u64,
    /// The ids that were read last, and how many of them were used.
    ids: Vec<i64>,
    used: usize,
    size: RecordPageSize,
}

impl ItemPages {
    /// All items of a catalog, in the order in which they were added.
    pub(super) fn stored(source: SourceId) -> Self {
        Self { source, order: ItemOrder::Stored(RecordPages::new(source)) }
    }

    /// The items that a query selects, in its order.
    pub(super) fn selected(source: SourceId, reader: CatalogReader, query: CatalogQuery) -> Self {
        let size = RecordPageSize::default();
        let ids = SelectedItemIds { reader, query, offset: 0, ids: Vec::new(), used: 0, size };
        Self { source, order: ItemOrder::Selected(ids) }
    }

    /// The next items; `None` at the end.
    ///
    /// # Errors
    /// `not_found` if the source was removed meanwhile; otherwise when the database or the index cannot be read.
    pub(super) fn next_page(&mut self, store: &Store) -> Result<Option<Vec<ItemRecord>>, WebError> {
        loop {
            let page = match &mut self.order {
                ItemOrder::Stored(pages) => Some(pages.next_page(store)?).filter(|page| !page.is_empty()),
                ItemOrder::Selected(selected) => match selected.next_ids()? {
                    Some(ids) => {
                        let page = store.item_records(self.source, ids)?;
                        selected.size = RecordPageSize::after(&page);
                        Some(page)
                    }
                    None => None,
                },
            };
            match page {
                // All of these items were removed since they were selected.
                Some(page) if page.is_empty() => {}
                Some(page) => return Ok(Some(page)),
                // Without its source a catalog looks empty.
                None if store.find_catalog(self.source)?.is_none() => return Err(WebError::not_found("catalog")),
                None => return Ok(None),
            }
        }
    }
}

impl SelectedItemIds {
    /// The ids of the next page; `None` at the end.
    fn next_ids(&mut self) -> Result<Option<&[i64]>, WebError> {
        if self.used == self.ids.len() {
            self.ids = self.reader.select(&self.query)?.ids(self.offset, IDS_PER_READ)?;
            self.offset += self.ids.len() as u64;
            self.used = 0;
        }
        let start = self.used;
        self.used = self.ids.len().min(start + self.size.items());
        Ok(self.ids.get(start..self.used).filter(|ids| !ids.is_empty()))
    }
}
