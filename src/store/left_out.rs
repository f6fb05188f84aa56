//! Columns that are left out of a public catalog, taken out of the items that a run did not write.

use diesel::prelude::*;

use super::connection::AnyConnection;
use super::dialect::bulk::{self, Stamp};
use super::dialect::search;
use super::error::StoreError;
use super::items::ItemWrite;
use super::schema::items;
use crate::domain::item::{Layout, parse_fields, search_text};

/// How many items are rewritten at a time.
const PAGE: i64 = 1000;

/// Takes the fields called like one of `columns` out of all items that are in the catalog, and out of what searches
/// look at.
pub(super) fn take_out(conn: &mut AnyConnection, stamp: Stamp<'_>, columns: &[String]) -> Result<(), StoreError> {
    if columns.is_empty() {
        return Ok(());
    }
    let mut after = 0;
    loop {
        let page: Vec<(i64, String, String)> = items::table
            .filter(items::source_id.eq(stamp.source_id))
            .filter(items::removed_at.is_null())
            .filter(items::id.gt(after))
            .filter(search::has_any_field(conn, columns))
            .order(items::id)
            .limit(PAGE)
            .select((items::id, items::key, items::fields))
            .load(conn)?;
        let Some((last, ..)) = page.last() else { return Ok(()) };
        after = *last;
        let rewritten: Vec<ItemWrite> =
            page.into_iter().map(|(_, key, fields)| without(key, &fields, columns)).collect::<Result<_, _>>()?;
        bulk::rewrite_items(conn, stamp, &rewritten)?;
    }
}

/// The item with this key and these fields, without those called like one of `columns`.
fn without(key: String, fields: &str, columns: &[String]) -> Result<ItemWrite, StoreError> {
    let fields = parse_fields(fields).map_err(|error| StoreError::corrupt("items.fields")(&error))?;
    let (names, cells): (Vec<String>, Vec<String>) =
        fields.into_iter().filter(|(name, _)| !columns.contains(name)).unzip();
    let item = Layout::new(&names, 0).item(&cells);
    Ok(ItemWrite { key, fields: item.fields, hash: item.hash, search_text: search_text(&cells) })
}
