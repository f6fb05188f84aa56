//! Applies the migrations of either database. Several servers may do this at the same time.

use diesel::connection::SimpleConnection;
use diesel::migration::MigrationSource;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::session::RUN_LOCK_TIMEOUT;
use crate::store::any_connection::AnyConnection;
use crate::store::error::StoreError;

const SQLITE_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// The key of the advisory lock around migrations: "lockstep" in ASCII.
const MIGRATION_LOCK: i64 = i64::from_be_bytes(*b"lockstep");

/// Returns whether a SQLite file lacks migrations. On PostgreSQL it always returns true: the check creates the table of
/// migrations, and two servers must not do that at the same time without the lock.
pub(in crate::store) fn has_pending(conn: &mut AnyConnection) -> Result<bool, StoreError> {
    match conn {
        AnyConnection::Sqlite(conn) => {
            conn.has_pending_migration(SQLITE_MIGRATIONS).map_err(|error| StoreError::Migration(error.to_string()))
        }
        AnyConnection::Postgres(_) => Ok(true),
    }
}

/// Applies the missing migrations and returns their number.
///
/// On SQLite the caller's transaction is the only writer, so a second server waits for it and then finds everything
/// done. On PostgreSQL an advisory lock held by the session has the same effect.
pub(in crate::store) fn apply_migrations(conn: &mut AnyConnection) -> Result<usize, StoreError> {
    match conn {
        AnyConnection::Sqlite(conn) => run_pending(conn, SQLITE_MIGRATIONS),
        AnyConnection::Postgres(conn) => {
            // Another server may need a long time for its migrations; this one waits for it.
            conn.batch_execute(&format!("SET lock_timeout = 0; SELECT pg_advisory_lock({MIGRATION_LOCK})"))?;
            let applied = run_pending(conn, POSTGRES_MIGRATIONS);
            // The connection goes back to the pool.
            let limit = RUN_LOCK_TIMEOUT.as_millis();
            conn.batch_execute(&format!("SELECT pg_advisory_unlock({MIGRATION_LOCK}); SET lock_timeout = {limit}"))?;
            applied
        }
    }
}

/// Returns the version and name of each migration of this program for the connected database.
pub(in crate::store) fn known_migrations(conn: &AnyConnection) -> Result<Vec<(String, String)>, StoreError> {
    match conn {
        AnyConnection::Sqlite(_) => list_migrations::<diesel::sqlite::Sqlite>(&SQLITE_MIGRATIONS),
        AnyConnection::Postgres(_) => list_migrations::<diesel::pg::Pg>(&POSTGRES_MIGRATIONS),
    }
}

fn list_migrations<DB: diesel::backend::Backend>(
    migrations: &dyn MigrationSource<DB>,
) -> Result<Vec<(String, String)>, StoreError> {
    let all = migrations.migrations().map_err(|error| StoreError::Migration(error.to_string()))?;
    Ok(all.iter().map(|migration| (migration.name().version().to_string(), migration.name().to_string())).collect())
}

fn run_pending<DB: diesel::backend::Backend>(
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
