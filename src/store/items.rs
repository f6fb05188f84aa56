//! Reading a catalog: pages for people, and the keys and hashes a run compares with.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::connection::Store;
use super::dialect::{bulk, search, sorting};
use super::error::StoreError;
use super::schema::items;
use crate::domain::change_set::KnownItem;
use crate::domain::columns::column_type::ColumnType;
use crate::domain::item::{fold_for_search, parse_fields};
use crate::domain::source::SourceId;

/// An item as it is shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Item {
    /// Opaque; stays the same while the item exists, also across removal and return.
    pub id: String,
    /// The key.
    pub key: String,
    /// Names and values in column order.
    pub fields: Vec<(String, String)>,
    /// When it was first seen.
    pub added_at: DateTime<Utc>,
    /// When its fields last changed.
    pub changed_at: DateTime<Utc>,
}

/// Which items, in which order, which page.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct ItemQuery {
    /// Words that must all occur; case and accents do not matter.
    pub search: String,
    /// Only the items whose cell in this column says `yes`, or only the others.
    pub flagged: Option<(String, bool)>,
    /// The column to sort by; `None` is the order in which items came.
    pub sort: Option<String>,
    /// What the cells of that column are.
    pub sort_type: ColumnType,
    /// Last first.
    pub descending: bool,
    /// From 1.
    pub page: u64,
    /// Items a page.
    pub per: u64,
    /// How many items the catalog holds, if the asker knows: where all are asked for they need not be counted then.
    pub known_total: Option<u64>,
}

/// One page of a catalog.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ItemsPage {
    /// The items on it.
    pub items: Vec<Item>,
    /// How many there are on all pages.
    pub total: u64,
}

/// How much of a search is looked at, in characters.
pub const SEARCH_MAX_CHARS: usize = 200;

type ItemRow = (i64, String, String, NaiveDateTime, NaiveDateTime);

fn item_from_row((id, key, fields, added, changed): ItemRow) -> Result<Item, StoreError> {
    Ok(Item {
        id: id.to_string(),
        key,
        fields: parse_fields(&fields).map_err(|error| StoreError::corrupt("items.fields")(&error))?,
        added_at: added.and_utc(),
        changed_at: changed.and_utc(),
    })
}

const ITEM_COLUMNS: (items::id, items::key, items::fields, items::added_at, items::changed_at) =
    (items::id, items::key, items::fields, items::added_at, items::changed_at);

/// `%word%` for LIKE, with what LIKE would read as a pattern escaped.
fn like_pattern(word: &str) -> String {
    let mut pattern = String::with_capacity(word.len() + 2);
    pattern.push('%');
    for c in word.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

impl Store {
    /// One page of a catalog.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn list_items(&self, source: SourceId, query: &ItemQuery) -> Result<ItemsPage, StoreError> {
        // Every word is a pass over the catalog's text, so a search has an end.
        let search: String = query.search.chars().filter(|&c| c != '\0').take(SEARCH_MAX_CHARS).collect();
        let words: Vec<String> = fold_for_search(&search).split_whitespace().map(like_pattern).collect();
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
            let offset = query.page.saturating_sub(1).saturating_mul(query.per);
            let rows: Vec<ItemRow> = page
                .limit(i64::try_from(query.per).unwrap_or(i64::MAX))
                .offset(i64::try_from(offset).unwrap_or(i64::MAX))
                .load(conn)?;
            let items = rows.into_iter().map(item_from_row).collect::<Result<_, _>>()?;
            Ok(ItemsPage { items, total })
        })
    }

    /// How many items of a catalog say `yes` in this column, or how many do not.
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

    /// One item by its opaque id, if it is in that catalog.
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

    /// A page of the items that the database knows of a source, soft-deleted ones too, by key, from the first key
    /// `after` that one on; the empty text begins, and an empty page ends. In pages memory does not grow with the
    /// catalog and no transaction stays open.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn known_items(&self, source: SourceId, after: &str) -> Result<Vec<(String, KnownItem)>, StoreError> {
        const PAGE: i64 = 10_000;
        let rows: Vec<(String, Vec<u8>, Option<NaiveDateTime>, NaiveDateTime)> = self.read(|conn| {
            // By key, because that is the order of the index: other sources' items are not passed over one by one.
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
                let hash = hash[..].try_into().map_err(|error| StoreError::corrupt("items.hash")(&error))?;
                Ok((key, KnownItem { hash, live: removed_at.is_none(), changed_at: changed_at.and_utc() }))
            })
            .collect()
    }

    /// The stored fields of the items with these keys, as JSON text.
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
