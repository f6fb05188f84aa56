//! Reads version, size, migrations and sessions of a database for diagnostics.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text};

use super::write_tx::is_locked;
use crate::store::any_connection::AnyConnection;
use crate::store::database_facts::{BlockingSession, DatabaseFacts};
use crate::store::error::StoreError;

/// Sets short timeouts for the statements of diagnostics.
pub(in crate::store) fn prepare_probe(conn: &mut AnyConnection) -> QueryResult<()> {
    match conn {
        AnyConnection::Sqlite(conn) => conn.batch_execute("PRAGMA busy_timeout = 1000"),
        AnyConnection::Postgres(conn) => conn.batch_execute(
            "SET TIME ZONE 'UTC'; SET client_min_messages = warning; SET statement_timeout = '3s';
             SET lock_timeout = '1s'; SET application_name = 'lockstep doctor'",
        ),
    }
}

#[derive(QueryableByName)]
struct SqliteFacts {
    #[diesel(sql_type = Text)]
    version: String,
    #[diesel(sql_type = BigInt)]
    bytes: i64,
    #[diesel(sql_type = Text)]
    journal_mode: String,
}

#[derive(QueryableByName)]
struct PostgresFacts {
    #[diesel(sql_type = Text)]
    version: String,
    #[diesel(sql_type = BigInt)]
    bytes: i64,
    #[diesel(sql_type = Bool)]
    read_only: bool,
    #[diesel(sql_type = Nullable<BigInt>)]
    connections_left: Option<i64>,
}

/// Returns version, size and limits of the database.
pub(in crate::store) fn database_facts(conn: &mut AnyConnection) -> QueryResult<DatabaseFacts> {
    match conn {
        AnyConnection::Sqlite(conn) => {
            let facts: SqliteFacts = diesel::sql_query(
                "SELECT sqlite_version() AS version, page_count * page_size AS bytes, journal_mode
                 FROM pragma_page_count(), pragma_page_size(), pragma_journal_mode()",
            )
            .get_result(conn)?;
            Ok(DatabaseFacts {
                version: format!("SQLite {}", facts.version),
                bytes: u64::try_from(facts.bytes).unwrap_or(0),
                write_ahead: facts.journal_mode == "wal",
                read_only: false,
                connections_left: None,
            })
        }
        AnyConnection::Postgres(conn) => {
            // LEAST ignores NULL, the value of limits that are not set.
            let facts: PostgresFacts = diesel::sql_query(
                "SELECT current_setting('server_version') AS version, pg_database_size(current_database()) AS bytes,
                        current_setting('transaction_read_only')::bool AS read_only,
                        least(
                            current_setting('max_connections')::bigint
                                - current_setting('superuser_reserved_connections')::bigint
                                - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
                            (SELECT datconnlimit - (SELECT count(*) FROM pg_stat_activity
                                                    WHERE datname = current_database())
                             FROM pg_database WHERE datname = current_database() AND datconnlimit >= 0),
                            (SELECT rolconnlimit - (SELECT count(*) FROM pg_stat_activity
                                                    WHERE usename = current_user)
                             FROM pg_roles WHERE rolname = current_user AND rolconnlimit >= 0)
                        ) AS connections_left",
            )
            .get_result(conn)?;
            Ok(DatabaseFacts {
                version: format!("PostgreSQL {}", facts.version),
                bytes: u64::try_from(facts.bytes).unwrap_or(0),
                write_ahead: true,
                read_only: facts.read_only,
                connections_left: facts.connections_left,
            })
        }
    }
}

#[derive(QueryableByName)]
struct VersionRow {
    #[diesel(sql_type = Text)]
    version: String,
}

#[derive(QueryableByName)]
struct ExistsRow {
    #[diesel(sql_type = Bool)]
    found: bool,
}

/// Returns the versions of the applied migrations; none for a new database.
pub(in crate::store) fn applied_migrations(conn: &mut AnyConnection) -> QueryResult<Vec<String>> {
    let table = match conn {
        AnyConnection::Sqlite(_) => {
            "SELECT count(*) > 0 AS found FROM sqlite_master WHERE name = '__diesel_schema_migrations'"
        }
        AnyConnection::Postgres(_) => "SELECT to_regclass('__diesel_schema_migrations') IS NOT NULL AS found",
    };
    let versions = "SELECT version FROM __diesel_schema_migrations ORDER BY version";
    let rows: Vec<VersionRow> = match conn {
        AnyConnection::Sqlite(conn) => {
            if !diesel::sql_query(table).get_result::<ExistsRow>(conn)?.found {
                return Ok(Vec::new());
            }
            diesel::sql_query(versions).load(conn)?
        }
        AnyConnection::Postgres(conn) => {
            if !diesel::sql_query(table).get_result::<ExistsRow>(conn)?.found {
                return Ok(Vec::new());
            }
            diesel::sql_query(versions).load(conn)?
        }
    };
    Ok(rows.into_iter().map(|row| row.version).collect())
}

/// Returns whether a write transaction can begin. On SQLite it waits up to `max_millis` milliseconds for another one to
/// end.
pub(in crate::store) fn can_begin_write(conn: &mut AnyConnection, max_millis: u32) -> Result<bool, StoreError> {
    match conn {
        AnyConnection::Sqlite(conn) => {
            conn.batch_execute(&format!("PRAGMA busy_timeout = {max_millis}"))?;
            // This also succeeds for a read-only file; the check of the file detects that.
            match conn.batch_execute("BEGIN IMMEDIATE; ROLLBACK") {
                Ok(()) => Ok(true),
                Err(error) if is_locked(&error) => Ok(false),
                Err(error) => Err(error.into()),
            }
        }
        // Writers of different rows do not block each other.
        AnyConnection::Postgres(_) => Ok(true),
    }
}

#[derive(QueryableByName)]
struct SessionRow {
    #[diesel(sql_type = Integer)]
    pid: i32,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    client: String,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = BigInt)]
    seconds: i64,
    #[diesel(sql_type = Array<Integer>)]
    blocked_by: Vec<i32>,
}

/// Returns the other sessions of this database that are idle inside a transaction, that wait for others, or that block
/// others.
pub(in crate::store) fn blocking_sessions(conn: &mut AnyConnection) -> QueryResult<Vec<BlockingSession>> {
    let AnyConnection::Postgres(conn) = conn else { return Ok(Vec::new()) };
    let rows: Vec<SessionRow> = diesel::sql_query(
        "WITH others AS (
             SELECT pid, coalesce(application_name, '') AS name, coalesce(client_addr::text, 'this machine') AS client,
                    coalesce(state, 'unknown') AS state, pg_blocking_pids(pid) AS blocked_by,
                    coalesce(extract(epoch FROM clock_timestamp() - state_change), 0)::bigint AS seconds
             FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
         )
         SELECT * FROM others
         WHERE state LIKE 'idle in transaction%' OR cardinality(blocked_by) > 0
            OR pid IN (SELECT unnest(blocked_by) FROM others)
         ORDER BY pid",
    )
    .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|row| BlockingSession {
            pid: row.pid,
            name: row.name,
            client: row.client,
            state: row.state,
            seconds: u64::try_from(row.seconds).unwrap_or(0),
            blocked_by: row.blocked_by,
        })
        .collect())
}
