//! Orders the transactions that count attempts to log in.

use diesel::RunQueryDsl;
use diesel::sql_types::Text;

use crate::store::any_connection::AnyConnection;

/// Lets the transactions of one network follow each other. The lock ends with the transaction. SQLite needs none: only
/// one transaction writes at a time.
pub(in crate::store) fn lock_network(conn: &mut AnyConnection, network: &str) -> diesel::QueryResult<()> {
    let AnyConnection::Postgres(conn) = conn else { return Ok(()) };
    diesel::sql_query("SELECT pg_advisory_xact_lock(hashtextextended('lockstep login ' || $1, 0))")
        .bind::<Text, _>(network)
        .execute(conn)
        .map(drop)
}
