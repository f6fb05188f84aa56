//! Reads the database's clock. Several servers have different clocks, so leases and cooldowns are measured by this one.

use chrono::{DateTime, Utc};
use diesel::RunQueryDsl;
use diesel::sql_types::BigInt;

use crate::store::any_connection::AnyConnection;

/// Returns the current time of the database, to the millisecond.
pub(in crate::store) fn now(conn: &mut AnyConnection) -> diesel::QueryResult<DateTime<Utc>> {
    let millis = match conn {
        AnyConnection::Sqlite(conn) => {
            diesel::select(diesel::dsl::sql::<BigInt>("CAST(unixepoch('subsec') * 1000 AS INTEGER)"))
                .get_result::<i64>(conn)?
        }
        AnyConnection::Postgres(conn) => {
            diesel::select(diesel::dsl::sql::<BigInt>("(EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::bigint"))
                .get_result::<i64>(conn)?
        }
    };
    DateTime::from_timestamp_millis(millis)
        .ok_or_else(|| diesel::result::Error::DeserializationError("the database's clock is out of range".into()))
}
