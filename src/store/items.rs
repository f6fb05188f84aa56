//! Reads catalogs: pages of items for people, and keys and hashes for the comparison of a run.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::connection::Store;
use super::dialect::search::{SEARCH_MAX_CHARS, like_pattern};
use super::dialect::{bulk, search, sorting};
use super::error::StoreError;
use super::schema::items;
use crate::domain::change_set::KnownItem;
use crate::domain::columns::column_type::ColumnType;
use crate::domain::item::{fold_for_search, parse_fields};
use crate::domain::source::SourceId;

/// An item of a catalog.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Item {
    /// An opaque id that stays the same while the item exists, also when it is removed and restored.
    pub id: String,
    /// The key, unique in the catalog.
    pub key: String,
    /// Names and values of the fields in column order.
    pub fields: Vec<(String, String)>,
    /// The time at which the item was added.
    pub added_at: DateTime<Utc>,
    /// The time at which its fields last changed.
    pub changed_at: DateTime<Utc>,
}

/// Selects items, their order and one page of them.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct ItemQuery {
    /// Words that must all occur in the item, ignoring case and accents.
    pub search: String,
    /// A column, and whether its cell must be `yes` (true) or must differ from `yes` (false); `None` for all items.
    pub flagged: Option<(String, bool)>,
    /// The column to sort by; `None` for the order in which items were added.
    pub sort: Option<String>,
    /// The type of that column.
    pub sort_type: ColumnType,
    /// Whether the order is reversed.
    pub descending: bool,
    /// The number of the page, from 1.
    pub page: u64,
    /// The number of items on a page.
    pub per_page: u64,
    /// The number of items in the catalog, if the caller knows it. Without a filter, the items are then not counted
    /// again.
    pub known_total: Option<u64>,
}

/// One page of a catalog.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ItemsPage {
    /// The items on this page.
    pub items: Vec<Item>,
    /// The number of items on all pages.
    pub total: u64,
}

type ItemRow = (i64, String, String, NaiveDateTime, NaiveDateTime);

fn item_from_row((id, key, fields, added, changed): ItemRow) -> Result<Item, StoreError> {
    Ok(Item {
        id: id.to_string(),
        key,
        fields: parse_fields(&fields).map_err(|error| StoreError::corrupt_value("items.fields")(&error))?,
        added_at: added.and_utc(),
        changed_at: changed.and_utc(),
    })
}

const ITEM_COLUMNS: (items::id, items::key, items::fields, items::added_at, items::changed_at) =
    (items::id, items::key, items::fields, items::added_at, items::changed_at);

/// Returns a pattern for LIKE for each word of a search text. Each word costs one pass over the searched texts, so the
/// search text is cut.
pub(super) fn search_patterns(search: &str) -> Vec<String> {
    let search: String = search.chars().filter(|&c| c != '\0').take(SEARCH_MAX_CHARS).collect();
    fold_for_search(&search).split_whitespace().map(like_pattern).collect()
}

impl Store {
    /// Returns one page of the items of a catalog.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn list_items(&self, source: SourceId, query: &ItemQuery) -> Result<ItemsPage, StoreError> {
        let words = search_patterns(&query.search);
        self.read(|conn| {
            let flagged = query.flagged.as_ref().map(|(column, yes)| search::has_flag(conn, column, *yes));
            let live = || {
                let mut live =
                    items::table.filter(items::source_id.eq(source.0)).filter(items::removed_at.is_null()).into_boxed();
                for word in &words {
                    live = live.filter(items::search_text.like(word).escape('\\'));
                }
                match &flagged {
                    Some(flagged) => live.filter(flagged.clone()),
                    None => live,
                }
            };
            let total = match query.known_total.filter(|_| words.is_empty() && flagged.is_none()) {
                Some(known) => known,
                None => u64::try_from(live().count().get_result::<i64>(conn)?).unwrap_or(0),
            };
            let mut page = live().select(ITEM_COLUMNS);
            if let Some(column) = &query.sort {
                page = page.order(sorting::order_by_field(conn, column, query.sort_type, query.descending));
            }
            page = if query.descending { page.then_order_by(items::id.desc()) } else { page.then_order_by(items::id) };
            let offset = query.page.saturating_sub(1).saturating_mul(query.per_page);
            let rows: Vec<ItemRow> = page
                .limit(i64::try_from(query.per_page).unwrap_or(i64::MAX))
                .offset(i64::try_from(offset).unwrap_or(i64::MAX))
                .load(conn)?;
            let items = rows.into_iter().map(item_from_row).collect::<Result<_, _>>()?;
            Ok(ItemsPage { items, total })
        })
    }

    /// Returns how many items have `yes` in this column, or how many do not if `yes` is false.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn count_flagged(&self, source: SourceId, column: &str, yes: bool) -> Result<u64, StoreError> {
        self.read(|conn| {
            let flagged = search::has_flag(conn, column, yes);
            let live = items::table.filter(items::source_id.eq(source.0)).filter(items::removed_at.is_null());
            Ok(u64::try_from(live.filter(flagged).count().get_result::<i64>(conn)?).unwrap_or(0))
        })
    }

    /// Returns an item by its id, if it is in this catalog and not removed.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn find_item(&self, source: SourceId, id: &str) -> Result<Option<Item>, StoreError> {
        let Ok(id) = id.parse::<i64>() else { return Ok(None) };
        self.read(|conn| {
            let row = items::table
                .find(id)
                .filter(items::source_id.eq(source.0))
                .filter(items::removed_at.is_null())
                .select(ITEM_COLUMNS);
            row.first::<ItemRow>(conn).optional()?.map(item_from_row).transpose()
        })
    }

    /// Returns up to 10,000 items of a source, soft-deleted ones included, in the order of their keys, starting after
    /// the key `after`. Start with the empty text; an empty page is the end. Paging keeps memory constant and no
    /// transaction open.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn known_items(&self, source: SourceId, after: &str) -> Result<Vec<(String, KnownItem)>, StoreError> {
        const PAGE: i64 = 10_000;
        let rows: Vec<(String, Vec<u8>, Option<NaiveDateTime>, NaiveDateTime)> = self.read(|conn| {
            // Sorted by key because the index has this order, so the items of other sources are not scanned.
            let page = items::table
                .filter(items::source_id.eq(source.0))
                .filter(items::key.gt(after))
                .order(items::key)
                .limit(PAGE)
                .select((items::key, items::hash, items::removed_at, items::changed_at));
            Ok(page.load(conn)?)
        })?;
        rows.into_iter()
            .map(|(key, hash, removed_at, changed_at)| {
                let hash = hash[..].try_into().map_err(|error| StoreError::corrupt_value("items.hash")(&error))?;
                Ok((key, KnownItem { hash, live: removed_at.is_none(), changed_at: changed_at.and_utc() }))
            })
            .collect()
    }

    /// Returns the stored fields, as JSON text, of the items with these keys.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn stored_fields(
        &self,
        source: SourceId,
        keys: &[&str],
    ) -> Result<std::collections::HashMap<String, String>, StoreError> {
        self.read(|conn| Ok(bulk::load_fields(conn, source.0, keys)?.into_iter().collect()))
    }
}
