//! Writes and reads many rows at once. SQLite is fastest with one prepared statement executed row by row in a
//! transaction; PostgreSQL with arrays that are unnested, so that a batch is one round trip.

use chrono::NaiveDateTime;
use diesel::dsl::{max, sql};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Nullable, Text, Timestamp};

use crate::domain::change_set::Change;
use crate::store::any_connection::AnyConnection;
use crate::store::item_write::ItemWrite;
use crate::store::schema::{catalogs, installation_facts, item_changes, items};

/// The values that all rows of a batch share.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct BatchStamp<'a> {
    /// The id of the source.
    pub source_id: i64,
    /// The id of the run that writes the batch.
    pub sync_id: &'a str,
    /// The time of the batch.
    pub now: NaiveDateTime,
}

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
    stamp: BatchStamp<'_>,
    new: &[ItemWrite],
) -> QueryResult<IdRange> {
    match conn {
        AnyConnection::Sqlite(conn) => {
            for item in new {
                diesel::insert_into(items::table)
                    .values((
                        items::source_id.eq(stamp.source_id),
                        items::key.eq(&item.key),
                        items::fields.eq(&item.fields),
                        items::hash.eq(&item.hash[..]),
                        items::search_text.eq(&item.search_text),
                        items::added_at.eq(stamp.now),
                        items::changed_at.eq(stamp.now),
                        items::added_by.eq(stamp.sync_id),
                        items::changed_by.eq(stamp.sync_id),
                    ))
                    .execute(conn)?;
            }
            // Only one transaction writes at a time, and each id is one higher than the highest id before.
            let last: i64 = diesel::select(sql::<BigInt>("last_insert_rowid()")).get_result(conn)?;
            Ok((last + 1 - i64::try_from(new.len()).unwrap_or(i64::MAX), last))
        }
        AnyConnection::Postgres(conn) => bind_items(
            diesel::sql_query(
                "WITH added AS (
                     INSERT INTO items
                         (source_id, key, fields, hash, search_text, added_at, changed_at, added_by, changed_by)
                     SELECT $1, key, fields, hash, search_text, $2, $2, $3, $3
                     FROM unnest($4, $5, $6, $7) AS new (key, fields, hash, search_text)
                     RETURNING id
                 ) SELECT min(id) AS first, max(id) AS last FROM added",
            )
            .into_boxed(),
            stamp,
            new,
        )
        .get_result::<IdsRow>(conn)
        .map(|IdsRow { first, last }| (first, last)),
    }
}

/// Updates stored items with new fields and restores soft-deleted ones. Returns the number of rows.
pub(in crate::store) fn rewrite_items(
    conn: &mut AnyConnection,
    stamp: BatchStamp<'_>,
    changed: &[ItemWrite],
) -> QueryResult<usize> {
    if changed.is_empty() {
        return Ok(0);
    }
    match conn {
        AnyConnection::Sqlite(conn) => {
            let mut rows = 0;
            for item in changed {
                rows += diesel::update(
                    items::table.filter(items::source_id.eq(stamp.source_id)).filter(items::key.eq(&item.key)),
                )
                .set((
                    items::fields.eq(&item.fields),
                    items::hash.eq(&item.hash[..]),
                    items::search_text.eq(&item.search_text),
                    items::changed_at.eq(stamp.now),
                    items::changed_by.eq(stamp.sync_id),
                    items::removed_at.eq(None::<NaiveDateTime>),
                ))
                .execute(conn)?;
            }
            Ok(rows)
        }
        AnyConnection::Postgres(conn) => bind_items(
            diesel::sql_query(
                "UPDATE items SET fields = new.fields, hash = new.hash, search_text = new.search_text,
                                  changed_at = $2, changed_by = $3, removed_at = NULL
                 FROM unnest($4, $5, $6, $7) AS new (key, fields, hash, search_text)
                 WHERE items.source_id = $1 AND items.key = new.key",
            )
            .into_boxed(),
            stamp,
            changed,
        )
        .execute(conn),
    }
}

/// Rewrites the fields of stored items that did not change. They keep the time and the run of their last change.
pub(in crate::store) fn refresh_items(
    conn: &mut AnyConnection,
    stamp: BatchStamp<'_>,
    unchanged: &[ItemWrite],
) -> QueryResult<()> {
    if unchanged.is_empty() {
        return Ok(());
    }
    match conn {
        AnyConnection::Sqlite(conn) => {
            for item in unchanged {
                let stored = items::table.filter(items::source_id.eq(stamp.source_id)).filter(items::key.eq(&item.key));
                diesel::update(stored)
                    .set((
                        items::fields.eq(&item.fields),
                        items::hash.eq(&item.hash[..]),
                        items::search_text.eq(&item.search_text),
                    ))
                    .execute(conn)?;
            }
            Ok(())
        }
        // The batch binds its time and its run, too; they are not used.
        AnyConnection::Postgres(conn) => bind_items(
            diesel::sql_query(
                "UPDATE items SET fields = new.fields, hash = new.hash, search_text = new.search_text
                 FROM unnest($4, $5, $6, $7) AS new (key, fields, hash, search_text)
                 WHERE items.source_id = $1 AND items.key = new.key
                   AND $2::timestamp IS NOT NULL AND $3::text IS NOT NULL",
            )
            .into_boxed(),
            stamp,
            unchanged,
        )
        .execute(conn)
        .map(drop),
    }
}

type PgQuery<'a> = diesel::query_builder::BoxedSqlQuery<'a, diesel::pg::Pg, diesel::query_builder::SqlQuery>;

/// Binds a batch of items as `$1` source, `$2` time, `$3` run and the arrays `$4` to `$7`.
fn bind_items<'a>(query: PgQuery<'a>, stamp: BatchStamp<'a>, batch: &'a [ItemWrite]) -> PgQuery<'a> {
    query
        .bind::<BigInt, _>(stamp.source_id)
        .bind::<Timestamp, _>(stamp.now)
        .bind::<Text, _>(stamp.sync_id)
        .bind::<Array<Text>, _>(batch.iter().map(|item| item.key.as_str()).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(batch.iter().map(|item| item.fields.as_str()).collect::<Vec<_>>())
        .bind::<Array<Binary>, _>(batch.iter().map(|item| &item.hash[..]).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(batch.iter().map(|item| item.search_text.as_str()).collect::<Vec<_>>())
}

/// Soft-deletes items and returns how many were not deleted before.
pub(in crate::store) fn remove_items(
    conn: &mut AnyConnection,
    stamp: BatchStamp<'_>,
    keys: &[String],
) -> QueryResult<usize> {
    if keys.is_empty() {
        return Ok(0);
    }
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
                .set((
                    items::removed_at.eq(stamp.now),
                    items::changed_at.eq(stamp.now),
                    items::changed_by.eq(stamp.sync_id),
                ))
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
        .set((items::removed_at.eq(stamp.now), items::changed_at.eq(stamp.now), items::changed_by.eq(stamp.sync_id)))
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
    changes: &[Change],
) -> QueryResult<()> {
    if changes.is_empty() {
        return Ok(());
    }
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
                        item_changes::key.eq(&change.key),
                        item_changes::kind.eq(change.kind.as_str()),
                        item_changes::before.eq(change.before.as_deref()),
                        item_changes::after.eq(change.after.as_deref()),
                        item_changes::search_text.eq(change.search_text()),
                    ))
                    .execute(conn)?;
            }
            Ok(())
        }
        AnyConnection::Postgres(conn) => diesel::sql_query(
            "INSERT INTO item_changes (sync_id, source_id, key, kind, before, after, search_text)
             SELECT $1, $2, * FROM unnest($3, $4, $5, $6, $7)",
        )
        .bind::<Text, _>(sync_id)
        .bind::<BigInt, _>(source_id)
        .bind::<Array<Text>, _>(changes.iter().map(|change| change.key.as_str()).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(changes.iter().map(|change| change.kind.as_str()).collect::<Vec<_>>())
        .bind::<Array<Nullable<Text>>, _>(changes.iter().map(|change| change.before.as_deref()).collect::<Vec<_>>())
        .bind::<Array<Nullable<Text>>, _>(changes.iter().map(|change| change.after.as_deref()).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(changes.iter().map(Change::search_text).collect::<Vec<_>>())
        .execute(conn)
        .map(drop),
    }
}

/// Adds a fact about the installation unless a fact with that name exists. Returns the number of added rows.
pub(in crate::store) fn insert_fact(conn: &mut AnyConnection, name: &str, value: &str) -> QueryResult<usize> {
    let fact = (installation_facts::name.eq(name), installation_facts::value.eq(value));
    let insert = diesel::insert_into(installation_facts::table).values(fact).on_conflict_do_nothing();
    match conn {
        AnyConnection::Sqlite(conn) => insert.execute(conn),
        AnyConnection::Postgres(conn) => insert.execute(conn),
    }
}
