//! Brings the database up to date. Several servers may start at once.

use diesel::connection::SimpleConnection;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::connection::{AnyConnection, Store};
use super::error::StoreError;

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// The key of the advisory lock around migrations: "lockstep" in ASCII.
const LOCK: i64 = i64::from_be_bytes(*b"lockstep");

impl Store {
    /// Runs the migrations that are not applied yet and answers how many there were.
    ///
    /// # Errors
    /// When one fails; it is rolled back then.
    pub fn migrate(&self) -> Result<usize, StoreError> {
        // SQLite: one transaction that is alone from its beginning, so a second server waits here and finds
        // everything done. PostgreSQL: an advisory lock, held by the session, does the same.
        if self.is_sqlite() {
            return self.write(|conn| match conn {
                AnyConnection::Sqlite(conn) => run(conn, SQLITE),
                AnyConnection::Postgres(_) => Ok(0),
            });
        }
        self.read(|conn| match conn {
            AnyConnection::Sqlite(_) => Ok(0),
            AnyConnection::Postgres(conn) => {
                conn.batch_execute(&format!("SELECT pg_advisory_lock({LOCK})"))?;
                let result = run(conn, POSTGRES);
                conn.batch_execute(&format!("SELECT pg_advisory_unlock({LOCK})"))?;
                result
            }
        })
    }
}

fn run<DB: diesel::backend::Backend>(
    conn: &mut impl MigrationHarness<DB>,
    migrations: EmbeddedMigrations,
) -> Result<usize, StoreError>
where
    EmbeddedMigrations: diesel::migration::MigrationSource<DB>,
{
    match conn.run_pending_migrations(migrations) {
        Ok(done) => Ok(done.len()),
        Err(error) => Err(StoreError::Migration(error.to_string())),
    }
}
