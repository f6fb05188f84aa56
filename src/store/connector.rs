//! Makes connections for the pool, and tells which still work.

use std::time::Duration;

use diesel::r2d2::R2D2Connection;
use diesel::result::Error as Statement;
use diesel::{Connection, ConnectionError, ConnectionResult, PgConnection, SqliteConnection};

use super::any_connection::AnyConnection;
use super::connection::DatabaseAddress;
use super::dialect::session;

/// Where to connect to, and what each connection is told first.
#[derive(Clone, Debug)]
pub(super) struct Connector {
    pub(super) address: DatabaseAddress,
    /// Bounds how long a PostgreSQL session may sit inside a transaction.
    pub(super) lease: Duration,
}

/// Why there is no connection, or why one is of no use any more.
#[derive(Debug, thiserror::Error)]
pub(super) enum Disconnected {
    /// None could be made.
    #[error("{0}")]
    Unreachable(#[from] ConnectionError),
    /// It does not answer.
    #[error("{0}")]
    Silent(#[from] Statement),
}

impl Connector {
    /// A connection, ready to be used. As the kind that the address is of and no other: Diesel, asked for either, takes
    /// the address of a server that is away for the name of a file.
    pub(super) fn make(&self) -> Result<AnyConnection, Disconnected> {
        let made: ConnectionResult<AnyConnection> = match &self.address {
            DatabaseAddress::Sqlite(path) => {
                SqliteConnection::establish(&path.display().to_string()).map(AnyConnection::Sqlite)
            }
            DatabaseAddress::Postgres(url) => PgConnection::establish(url).map(AnyConnection::Postgres),
        };
        let mut made = made?;
        session::prepare(&mut made, self.lease)?;
        Ok(made)
    }
}

impl r2d2::ManageConnection for Connector {
    type Connection = AnyConnection;
    type Error = Disconnected;

    fn connect(&self) -> Result<AnyConnection, Disconnected> {
        self.make()
    }

    fn is_valid(&self, conn: &mut AnyConnection) -> Result<(), Disconnected> {
        Ok(conn.ping()?)
    }

    fn has_broken(&self, conn: &mut AnyConnection) -> bool {
        std::thread::panicking() || conn.is_broken()
    }
}
