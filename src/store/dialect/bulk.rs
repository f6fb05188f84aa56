//! Writes and reads many rows at once. SQLite is fastest with one prepared statement executed row by row in a
//! transaction; PostgreSQL with arrays that are unnested, so that a batch is one round trip.

use chrono::NaiveDateTime;
use diesel::dsl::{max, sql};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Nullable, Text, Timestamp};

use crate::store::any_connection::AnyConnection;
use crate::store::schema::{catalogs, item_changes, items};
use crate::store::stored_rows::{RowStamp, StoredChange, StoredItem};

#[derive(QueryableByName)]
struct IdsRow {
    #[diesel(sql_type = BigInt)]
    first: i64,
    #[diesel(sql_type = BigInt)]
    last: i64,
}

/// The lowest and the highest id of a batch of items.
pub(in crate::store) type IdRange = (i64, i64);

/// Adds items with new keys, at least one, and returns the range of their ids.
pub(in crate::store) fn insert_items(
    conn: &mut AnyConnection,
    stamp: RowStamp<'_>,
    new: &[StoredItem<'_>],
) -> QueryResult<IdRange> {
    match conn {
        AnyConnection::Sqlite(conn) => {
            for item in new {
                diesel::insert_into(items::table)
                    .values((
                        items::source_id.eq(stamp.source_id),
                        items::key.eq(item.key),
                        items::fields.eq(&item.fields),
                        items::hash.eq(item.hash),
                        items::search_text.eq(&item.search_text),
                        items::added_at.eq(stamp.item_time),
                        items::changed_at.eq(stamp.item_time),
                        items::added_by.eq(stamp.run),
                        items::changed_by.eq(stamp.run),
                    ))
                    .execute(conn)?;
            }
            // Only one transaction writes at a time, and each id is one higher than the highest id before.
            let last: i64 = diesel::select(sql::<BigInt>("last_insert_rowid()")).get_result(conn)?;
            Ok((last + 1 - i64::try_from(new.len()).unwrap_or(i64::MAX), last))
        }
        AnyConnection::Postgres(conn) => {
            let insert = diesel::sql_query(
                "WITH added AS (
                     INSERT INTO items
                         (source_id, key, fields, hash, search_text, added_at, changed_at, added_by, changed_by)
                     SELECT $1, key, fields, hash, search_text, $6, $6, $7, $7
                     FROM unnest($2, $3, $4, $5) AS new (key, fields, hash, search_text)
                     RETURNING id
                 ) SELECT min(id) AS first, max(id) AS last FROM added",
            );
            let IdsRow { first, last } = bind_items(insert.into_boxed(), stamp.source_id, new)
                .bind::<Timestamp, _>(stamp.now)
                .bind::<Text, _>(stamp.run)
                .get_result(conn)?;
            Ok((first, last))
        }
    }
}

/// Updates stored items with new fields and restores soft-deleted ones.
pub(in crate::store) fn rewrite_items(
    conn: &mut AnyConnection,
    stamp: RowStamp<'_>,
    changed: &[StoredItem<'_>],
) -> QueryResult<()> {
    match conn {
        AnyConnection::Sqlite(conn) => {
            for item in changed {
                let stored = items::table.filter(items::source_id.eq(stamp.source_id)).filter(items::key.eq(item.key));
                diesel::update(stored)
                    .set((
                        items::fields.eq(&item.fields),
                        items::hash.eq(item.hash),
                        items::search_text.eq(&item.search_text),
                        items::changed_at.eq(stamp.item_time),
                        items::changed_by.eq(stamp.run),
                        items::removed_at.eq(None::<NaiveDateTime>),
                    ))
                    .execute(conn)?;
            }
            Ok(())
        }
        AnyConnection::Postgres(conn) => bind_items(
            diesel::sql_query(
                "UPDATE items SET fields = new.fields, hash = new.hash, search_text = new.search_text,
                                  changed_at = $6, changed_by = $7, removed_at = NULL
                 FROM unnest($2, $3, $4, $5) AS new (key, fields, hash, search_text)
                 WHERE items.source_id = $1 AND items.key = new.key",
            )
            .into_boxed(),
            stamp.source_id,
            changed,
        )
        .bind::<Timestamp, _>(stamp.now)
        .bind::<Text, _>(stamp.run)
        .execute(conn)
        .map(drop),
    }
}

/// Rewrites the fields of stored items that did not change. They keep the time and the run of their last change.
pub(in crate::store) fn refresh_items(
    conn: &mut AnyConnection,
    source_id: i64,
    unchanged: &[StoredItem<'_>],
) -> QueryResult<()> {
    match conn {
        AnyConnection::Sqlite(conn) => {
            for item in unchanged {
                let stored = items::table.filter(items::source_id.eq(source_id)).filter(items::key.eq(item.key));
                diesel::update(stored)
                    .set((
                        items::fields.eq(&item.fields),
                        items::hash.eq(item.hash),
                        items::search_text.eq(&item.search_text),
                    ))
                    .execute(conn)?;
            }
            Ok(())
        }
        AnyConnection::Postgres(conn) => bind_items(
            diesel::sql_query(
                "UPDATE items SET fields = new.fields, hash = new.hash, search_text = new.search_text
                 FROM unnest($2, $3, $4, $5) AS new (key, fields, hash, search_text)
                 WHERE items.source_id = $1 AND items.key = new.key",
            )
            .into_boxed(),
            source_id,
            unchanged,
        )
        .execute(conn)
        .map(drop),
    }
}

type PgQuery<'a> = diesel::query_builder::BoxedSqlQuery<'a, diesel::pg::Pg, diesel::query_builder::SqlQuery>;

/// Binds a batch of items as `$1` source and the arrays `$2` to `$5`.
fn bind_items<'a>(query: PgQuery<'a>, source_id: i64, batch: &'a [StoredItem<'_>]) -> PgQuery<'a> {
    query
        .bind::<BigInt, _>(source_id)
        .bind::<Array<Text>, _>(batch.iter().map(|item| item.key).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(batch.iter().map(|item| item.fields.as_str()).collect::<Vec<_>>())
        .bind::<Array<Binary>, _>(batch.iter().map(|item| item.hash).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(batch.iter().map(|item| item.search_text.as_str()).collect::<Vec<_>>())
}

/// Soft-deletes items and returns how many were not deleted before.
pub(in crate::store) fn remove_items(
    conn: &mut AnyConnection,
    stamp: RowStamp<'_>,
    keys: &[String],
) -> QueryResult<usize> {
    let removed =
        (items::removed_at.eq(stamp.now), items::changed_at.eq(stamp.item_time), items::changed_by.eq(stamp.run));
    match conn {
        AnyConnection::Sqlite(conn) => {
            let mut rows = 0;
            for key in keys {
                rows += diesel::update(
                    items::table
                        .filter(items::source_id.eq(stamp.source_id))
                        .filter(items::key.eq(key))
                        .filter(items::removed_at.is_null()),
                )
                .set(removed)
                .execute(conn)?;
            }
            Ok(rows)
        }
        AnyConnection::Postgres(conn) => diesel::update(
            items::table
                .filter(items::source_id.eq(stamp.source_id))
                .filter(items::key.eq_any(keys))
                .filter(items::removed_at.is_null()),
        )
        .set(removed)
        .execute(conn),
    }
}

/// Returns the keys and stored fields of the items with these keys, soft-deleted ones included, in no particular order.
pub(in crate::store) fn load_fields(
    conn: &mut AnyConnection,
    source_id: i64,
    keys: &[&str],
) -> QueryResult<Vec<(String, String)>> {
    let all = items::table.select((items::key, items::fields)).filter(items::source_id.eq(source_id));
    match conn {
        AnyConnection::Sqlite(conn) => {
            let mut found = Vec::with_capacity(keys.len());
            for key in keys {
                found.extend(all.filter(items::key.eq(key)).first(conn).optional()?);
            }
            Ok(found)
        }
        AnyConnection::Postgres(conn) => all.filter(items::key.eq_any(keys)).load(conn),
    }
}

/// Stores the changes of a run.
pub(in crate::store) fn insert_changes(
    conn: &mut AnyConnection,
    sync_id: &str,
    source_id: i64,
    changes: &[StoredChange<'_>],
) -> QueryResult<()> {
    match conn {
        AnyConnection::Sqlite(conn) => {
            // SQLite would give the ids of deleted changes again, and a catalog would have an earlier version again.
            let stored: Option<i64> = item_changes::table.select(max(item_changes::id)).first(conn)?;
            let deleted: Option<i64> = catalogs::table.select(max(catalogs::last_deleted_change)).first(conn)?;
            let first = stored.max(deleted).unwrap_or(0) + 1;
            for (id, change) in (first..).zip(changes) {
                diesel::insert_into(item_changes::table)
                    .values((
                        item_changes::id.eq(id),
                        item_changes::sync_id.eq(sync_id),
                        item_changes::source_id.eq(source_id),
                        item_changes::key.eq(change.key),
                        item_changes::kind.eq(change.kind),
                        item_changes::before.eq(change.before.as_deref()),
                        item_changes::after.eq(change.after.as_deref()),
                        item_changes::search_text.eq(change.search_text.as_deref()),
                    ))
                    .execute(conn)?;
            }
        }
        AnyConnection::Postgres(conn) => {
            type Texts<'t> = Vec<Option<&'t str>>;
            diesel::sql_query(
                "INSERT INTO item_changes (sync_id, source_id, key, kind, before, after, search_text)
                 SELECT $1, $2, * FROM unnest($3, $4, $5, $6, $7)",
            )
            .bind::<Text, _>(sync_id)
            .bind::<BigInt, _>(source_id)
            .bind::<Array<Text>, _>(changes.iter().map(|change| change.key).collect::<Vec<_>>())
            .bind::<Array<Text>, _>(changes.iter().map(|change| change.kind).collect::<Vec<_>>())
            .bind::<Array<Nullable<Text>>, _>(
                changes.iter().map(|change| change.before.as_deref()).collect::<Texts<'_>>(),
            )
            .bind::<Array<Nullable<Text>>, _>(
                changes.iter().map(|change| change.after.as_deref()).collect::<Texts<'_>>(),
            )
            .bind::<Array<Nullable<Text>>, _>(
                changes.iter().map(|change| change.search_text.as_deref()).collect::<Texts<'_>>(),
            )
            .execute(conn)?;
        }
    }
    Ok(())
}
