//! Lists the items whose removal was withheld, or would be.

use diesel::prelude::*;

use super::added_spans::to_named_items;
use super::connection::{AnyConnection, Store};
use super::error::StoreError;
use super::reviews::is_listed_item;
use super::schema::{items, withheld_items};
use super::search_words::SearchWords;
use crate::domain::change_set::{Change, ChangeKind};
use crate::domain::sync_id::SyncId;

/// The number of items that a search reads at a time.
const SEARCH_PAGE_ITEMS: i64 = 1000;

/// One page of listed items.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WithheldPage {
    /// The items that are still in the catalog, each as a removal with its fields, in the order of their keys.
    pub removals: Vec<Change>,
    /// The number of these items on all pages.
    pub total: u64,
}

impl Store {
    /// Returns one page of the items that `list` names and that are still in the catalog. `list` is a review, or a
    /// preview. `search` limits them to items that contain all of its words. `page` counts from 1.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn withheld_items(
        &self,
        list: SyncId,
        search: &str,
        page: u64,
        per_page: u64,
    ) -> Result<WithheldPage, StoreError> {
        let words = SearchWords::split(search);
        let offset = page.saturating_sub(1).saturating_mul(per_page);
        if !words.is_empty() {
            return self.search_withheld_items(list, &words, offset, per_page);
        }
        let list = list.to_string();
        self.read(|conn| {
            let listed = withheld_items::table
                .inner_join(items::table.on(is_listed_item()))
                .filter(withheld_items::sync_id.eq(&list))
                .filter(items::removed_at.is_null());
            let total = u64::try_from(listed.count().get_result::<i64>(conn)?).unwrap_or(0);
            let rows: Vec<(i64, String, String)> = listed
                .order(withheld_items::key)
                .limit(i64::try_from(per_page).unwrap_or(i64::MAX))
                .offset(i64::try_from(offset).unwrap_or(i64::MAX))
                .select((items::id, items::key, items::fields))
                .load(conn)?;
            Ok(WithheldPage { removals: removals_from_rows(conn, rows)?, total })
        })
    }

    /// Reads all listed items, and returns up to `limit` of those with all of these words, without the first `offset`.
    fn search_withheld_items(
        &self,
        list: SyncId,
        words: &SearchWords,
        offset: u64,
        limit: u64,
    ) -> Result<WithheldPage, StoreError> {
        let mut found = WithheldPage { removals: Vec::new(), total: 0 };
        let mut after = String::new();
        loop {
            let listed = self.withheld_items_after(list, &after, SEARCH_PAGE_ITEMS)?;
            let Some(last) = listed.last() else { return Ok(found) };
            after.clone_from(&last.key);
            for removal in listed {
                if words.occur_in(&removal.key, [removal.before.as_deref(), None]) {
                    if (offset..offset.saturating_add(limit)).contains(&found.total) {
                        found.removals.push(removal);
                    }
                    found.total += 1;
                }
            }
        }
    }

    /// Returns up to `limit` of the items that `list` names and that are still in the catalog, in the order of their
    /// keys, starting after the key `after`. Start with the empty text; an empty page is the end. Each step costs the
    /// same, however many items come before it.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn withheld_items_after(&self, list: SyncId, after: &str, limit: i64) -> Result<Vec<Change>, StoreError> {
        self.read(|conn| {
            let mut after = after.to_owned();
            loop {
                // Two steps, because PostgreSQL may join new tables by an index that does not have the key.
                let listed: Vec<(i64, String)> = withheld_items::table
                    .filter(withheld_items::sync_id.eq(list.to_string()))
                    .filter(withheld_items::key.gt(&after))
                    .order(withheld_items::key)
                    .limit(limit)
                    .select((withheld_items::source_id, withheld_items::key))
                    .load(conn)?;
                let Some((source_id, last)) = listed.last() else { return Ok(Vec::new()) };
                let rows: Vec<(i64, String, String)> = items::table
                    .filter(items::source_id.eq(source_id))
                    .filter(items::key.eq_any(listed.iter().map(|(_, key)| key)))
                    .filter(items::removed_at.is_null())
                    .order(items::key)
                    .select((items::id, items::key, items::fields))
                    .load(conn)?;
                if !rows.is_empty() {
                    return removals_from_rows(conn, rows);
                }
                after.clone_from(last);
            }
        })
    }
}

/// Returns listed items as removals, with each name beside its value.
fn removals_from_rows(conn: &mut AnyConnection, rows: Vec<(i64, String, String)>) -> Result<Vec<Change>, StoreError> {
    let removal = |(_, key, fields)| Change { key, kind: ChangeKind::Removed, before: Some(fields), after: None };
    Ok(to_named_items(conn, rows)?.into_iter().map(removal).collect())
}
