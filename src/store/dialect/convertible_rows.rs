//! Reads, locks and rewrites the rows that are converted to the compact form. On PostgreSQL rows that another
//! transaction has locked are skipped, so that the conversion never waits for a run that holds rows which the run then
//! waits for.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text};

use super::locked_rows::load_locked;
use crate::store::any_connection::AnyConnection;
use crate::store::item_time::ItemTime;
use crate::store::row_form::RowForm;
use crate::store::schema::{installation_facts, item_changes, items};

/// The parts of an item that the compact form changes.
pub(in crate::store) struct ConvertibleItem {
    pub(in crate::store) id: i64,
    pub(in crate::store) source_id: i64,
    pub(in crate::store) fields: String,
    pub(in crate::store) added_by: String,
    pub(in crate::store) changed_by: String,
    added_at: NaiveDateTime,
    changed_at: NaiveDateTime,
}

/// The parts of a change that the compact form changes.
pub(in crate::store) struct ConvertibleChange {
    pub(in crate::store) id: i64,
    pub(in crate::store) source_id: i64,
    pub(in crate::store) before: Option<String>,
    pub(in crate::store) after: Option<String>,
}

/// Locks a fact about the installation and returns its value; `None` if there is none or another transaction has locked
/// it.
pub(in crate::store) fn lock_fact(conn: &mut AnyConnection, name: &str) -> QueryResult<Option<String>> {
    let query = installation_facts::table.find(name).select(installation_facts::value);
    let values: Vec<String> = load_locked!(conn, query)?;
    Ok(values.into_iter().next())
}

/// Returns up to `limit` ids of items above `after`, in order.
pub(in crate::store) fn next_item_ids(conn: &mut AnyConnection, after: i64, limit: i64) -> QueryResult<Vec<i64>> {
    items::table.filter(items::id.gt(after)).order(items::id).limit(limit).select(items::id).load(conn)
}

/// Returns up to `limit` ids of changes above `after`, in order.
pub(in crate::store) fn next_change_ids(conn: &mut AnyConnection, after: i64, limit: i64) -> QueryResult<Vec<i64>> {
    let next = item_changes::table.filter(item_changes::id.gt(after)).order(item_changes::id);
    next.limit(limit).select(item_changes::id).load(conn)
}

/// Locks and returns the items with these ids.
pub(in crate::store) fn lock_items(conn: &mut AnyConnection, ids: &[i64]) -> QueryResult<Vec<ConvertibleItem>> {
    type Row = (i64, i64, String, String, String, ItemTime, ItemTime);
    let query = items::table.filter(items::id.eq_any(ids)).order(items::id).select((
        items::id,
        items::source_id,
        items::fields,
        items::added_by,
        items::changed_by,
        items::added_at,
        items::changed_at,
    ));
    let rows: Vec<Row> = load_locked!(conn, query)?;
    let item = |(id, source_id, fields, added_by, changed_by, added, changed): Row| {
        let (added_at, changed_at) = (added.to_utc().naive_utc(), changed.to_utc().naive_utc());
        ConvertibleItem { id, source_id, fields, added_by, changed_by, added_at, changed_at }
    };
    Ok(rows.into_iter().map(item).collect())
}

/// Locks and returns the changes with these ids.
pub(in crate::store) fn lock_changes(conn: &mut AnyConnection, ids: &[i64]) -> QueryResult<Vec<ConvertibleChange>> {
    type Row = (i64, i64, Option<String>, Option<String>);
    let query = item_changes::table.filter(item_changes::id.eq_any(ids)).order(item_changes::id).select((
        item_changes::id,
        item_changes::source_id,
        item_changes::before,
        item_changes::after,
    ));
    let rows: Vec<Row> = load_locked!(conn, query)?;
    let change = |(id, source_id, before, after)| ConvertibleChange { id, source_id, before, after };
    Ok(rows.into_iter().map(change).collect())
}

/// Stores items in the compact form.
pub(in crate::store) fn update_items(conn: &mut AnyConnection, converted: &[ConvertibleItem]) -> QueryResult<()> {
    match conn {
        AnyConnection::Sqlite(conn) => {
            for item in converted {
                let [added, changed] =
                    [item.added_at, item.changed_at].map(|time| ItemTime::new(time, RowForm::Compact));
                diesel::update(items::table.find(item.id))
                    .set((
                        items::fields.eq(&item.fields),
                        items::search_text.eq(""),
                        items::added_by.eq(&item.added_by),
                        items::changed_by.eq(&item.changed_by),
                        items::added_at.eq(added),
                        items::changed_at.eq(changed),
                    ))
                    .execute(conn)?;
            }
            Ok(())
        }
        AnyConnection::Postgres(conn) => diesel::sql_query(
            "UPDATE items
             SET fields = new.fields, search_text = '', added_by = new.added_by, changed_by = new.changed_by
             FROM unnest($1, $2, $3, $4) AS new (id, fields, added_by, changed_by)
             WHERE items.id = new.id",
        )
        .bind::<Array<BigInt>, _>(converted.iter().map(|item| item.id).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(converted.iter().map(|item| item.fields.as_str()).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(converted.iter().map(|item| item.added_by.as_str()).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(converted.iter().map(|item| item.changed_by.as_str()).collect::<Vec<_>>())
        .execute(conn)
        .map(drop),
    }
}

/// Stores changes in the compact form.
pub(in crate::store) fn update_changes(conn: &mut AnyConnection, converted: &[ConvertibleChange]) -> QueryResult<()> {
    match conn {
        AnyConnection::Sqlite(conn) => {
            for change in converted {
                diesel::update(item_changes::table.find(change.id))
                    .set((
                        item_changes::before.eq(change.before.as_deref()),
                        item_changes::after.eq(change.after.as_deref()),
                        item_changes::search_text.eq(None::<String>),
                    ))
                    .execute(conn)?;
            }
            Ok(())
        }
        AnyConnection::Postgres(conn) => diesel::sql_query(
            "UPDATE item_changes SET before = new.before, after = new.after, search_text = NULL
             FROM unnest($1, $2, $3) AS new (id, before, after)
             WHERE item_changes.id = new.id",
        )
        .bind::<Array<BigInt>, _>(converted.iter().map(|change| change.id).collect::<Vec<_>>())
        .bind::<Array<Nullable<Text>>, _>(converted.iter().map(|change| change.before.as_deref()).collect::<Vec<_>>())
        .bind::<Array<Nullable<Text>>, _>(converted.iter().map(|change| change.after.as_deref()).collect::<Vec<_>>())
        .execute(conn)
        .map(drop),
    }
}
