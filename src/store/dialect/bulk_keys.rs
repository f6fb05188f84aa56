//! Writes many keys at once, as [`super::bulk`] writes items.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text};

use crate::store::any_connection::AnyConnection;
use crate::store::schema::withheld_items;

/// The number of keys in one statement of PostgreSQL.
const KEYS_PER_STATEMENT: usize = 10_000;

/// Stores the keys of the items that a run withheld.
pub(in crate::store) fn insert_withheld(
    conn: &mut AnyConnection,
    sync_id: &str,
    source_id: i64,
    keys: &[String],
) -> QueryResult<()> {
    match conn {
        AnyConnection::Sqlite(conn) => {
            for key in keys {
                diesel::insert_into(withheld_items::table)
                    .values((
                        withheld_items::sync_id.eq(sync_id),
                        withheld_items::source_id.eq(source_id),
                        withheld_items::key.eq(key),
                    ))
                    .execute(conn)?;
            }
        }
        AnyConnection::Postgres(conn) => {
            for keys in keys.chunks(KEYS_PER_STATEMENT) {
                diesel::sql_query("INSERT INTO withheld_items (sync_id, source_id, key) SELECT $1, $2, unnest($3)")
                    .bind::<Text, _>(sync_id)
                    .bind::<BigInt, _>(source_id)
                    .bind::<Array<Text>, _>(keys)
                    .execute(conn)?;
            }
        }
    }
    Ok(())
}
