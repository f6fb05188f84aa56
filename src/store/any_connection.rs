//! A connection to either database.
#![allow(missing_docs, unreachable_pub, reason = "the derive writes public items, and without a word")]

use diesel::{PgConnection, SqliteConnection};

/// A connection to either database. PostgreSQL comes first, because SQLite accepts any address as a file name.
#[derive(diesel::MultiConnection)]
pub enum AnyConnection {
    /// A connection to PostgreSQL.
    Postgres(PgConnection),
    /// A connection to SQLite.
    Sqlite(SqliteConnection),
}
