//! Reads the last runs of every source, with one look-up in the index over (source_id, finished_at) for each source.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text, Timestamp};

use crate::store::any_connection::AnyConnection;

/// One finished run of a source.
#[derive(QueryableByName)]
pub(in crate::store) struct RecentRunRow {
    #[diesel(sql_type = BigInt)]
    pub(in crate::store) source_id: i64,
    #[diesel(sql_type = Text)]
    pub(in crate::store) kind: String,
    #[diesel(sql_type = Text)]
    pub(in crate::store) status: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub(in crate::store) error: Option<String>,
    #[diesel(sql_type = Nullable<Timestamp>)]
    pub(in crate::store) started_at: Option<NaiveDateTime>,
    #[diesel(sql_type = Timestamp)]
    pub(in crate::store) finished_at: NaiveDateTime,
}

/// Returns at most `limit` runs of each source that were no previews, the newest first.
pub(in crate::store) fn load_recent_runs(conn: &mut AnyConnection, limit: u32) -> QueryResult<Vec<RecentRunRow>> {
    let limit = i64::from(limit);
    match conn {
        AnyConnection::Sqlite(conn) => diesel::sql_query(
            "SELECT r.source_id, r.kind, r.status, r.error, r.started_at, r.finished_at
             FROM sources AS s CROSS JOIN sync_records AS r
             WHERE r.id IN (SELECT recent.id FROM sync_records AS recent
                            WHERE recent.source_id = s.id AND recent.kind <> 'preview'
                            ORDER BY recent.finished_at DESC, recent.id DESC LIMIT $1)
             ORDER BY r.source_id, r.finished_at DESC, r.id DESC",
        )
        .bind::<BigInt, _>(limit)
        .load(conn),
        AnyConnection::Postgres(conn) => diesel::sql_query(
            "SELECT r.source_id, r.kind, r.status, r.error, r.started_at, r.finished_at
             FROM sources AS s CROSS JOIN LATERAL
                  (SELECT * FROM sync_records AS recent
                   WHERE recent.source_id = s.id AND recent.kind <> 'preview'
                   ORDER BY recent.finished_at DESC, recent.id DESC LIMIT $1) AS r
             ORDER BY r.source_id, r.finished_at DESC, r.id DESC",
        )
        .bind::<BigInt, _>(limit)
        .load(conn),
    }
}
