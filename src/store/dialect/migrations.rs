//! The migrations of both databases. Several servers may start at once.

use diesel::connection::SimpleConnection;
use diesel::migration::MigrationSource;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::store::any_connection::AnyConnection;
use crate::store::error::StoreError;

const SQLITE_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// The key of the advisory lock around migrations: "lockstep" in ASCII.
const MIGRATION_LOCK: i64 = i64::from_be_bytes(*b"lockstep");

/// Whether a SQLite file lacks migrations. On a server that is not for asking before the lock: looking makes the table
/// of the migrations, and two servers must not make it at once.
pub(in crate::store) fn are_pending(conn: &mut AnyConnection) -> Result<bool, StoreError> {
    match conn {
        AnyConnection::Sqlite(conn) => {
            conn.has_pending_migration(SQLITE_MIGRATIONS).map_err(|error| StoreError::Migration(error.to_string()))
        }
        AnyConnection::Postgres(_) => Ok(true),
    }
}

/// Runs the migrations that are not applied yet and answers how many there were.
///
/// On SQLite the caller's transaction is alone from its beginning, so a second server waits there and finds everything
/// done. On PostgreSQL an advisory lock, held by the session, does the same.
pub(in crate::store) fn apply_migrations(conn: &mut AnyConnection) -> Result<usize, StoreError> {
    match conn {
        AnyConnection::Sqlite(conn) => run(conn, SQLITE_MIGRATIONS),
        AnyConnection::Postgres(conn) => {
            // Another server may take its time with them; that one is waited for.
            conn.batch_execute(&format!(
                "SET lock_timeout = 0; SELECT pg_advisory_lock({MIGRATION_LOCK}); RESET lock_timeout"
            ))?;
            let done = run(conn, POSTGRES_MIGRATIONS);
            conn.batch_execute(&format!("SELECT pg_advisory_unlock({MIGRATION_LOCK})"))?;
            done
        }
    }
}

/// The migrations of this program that belong to a database: version and name.
pub(in crate::store) fn known_migrations(conn: &AnyConnection) -> Result<Vec<(String, String)>, StoreError> {
    match conn {
        AnyConnection::Sqlite(_) => names::<diesel::sqlite::Sqlite>(&SQLITE_MIGRATIONS),
        AnyConnection::Postgres(_) => names::<diesel::pg::Pg>(&POSTGRES_MIGRATIONS),
    }
}

fn names<DB: diesel::backend::Backend>(
    migrations: &dyn MigrationSource<DB>,
) -> Result<Vec<(String, String)>, StoreError> {
    let all = migrations.migrations().map_err(|error| StoreError::Migration(error.to_string()))?;
    Ok(all.iter().map(|one| (one.name().version().to_string(), one.name().to_string())).collect())
}

fn run<DB: diesel::backend::Backend>(
    conn: &mut impl MigrationHarness<DB>,
    migrations: EmbeddedMigrations,
) -> Result<usize, StoreError>
where
    EmbeddedMigrations: MigrationSource<DB>,
{
    match conn.run_pending_migrations(migrations) {
        Ok(done) => Ok(done.len()),
        Err(error) => Err(StoreError::Migration(error.to_string())),
    }
}
