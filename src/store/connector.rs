//! Makes connections for the pool, and checks whether they still work.

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use diesel::r2d2::R2D2Connection;
use diesel::result::Error as Statement;
use diesel::{Connection, ConnectionError, ConnectionResult, PgConnection, SqliteConnection};

use super::any_connection::AnyConnection;
use super::database_address::DatabaseAddress;
use super::dialect::session::{self, SessionSettings};

/// The address of the database, and the settings of each new connection.
#[derive(Clone, Debug)]
pub(super) struct DatabaseConnector {
    pub(super) address: DatabaseAddress,
    pub(super) session: SessionSettings,
}

/// Why a connection cannot be made, or cannot be used any longer.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectFailure {
    /// No connection could be made.
    #[error("{0}")]
    Unreachable(#[from] ConnectionError),
    /// The connection does not respond.
    #[error("{0}")]
    NoReply(#[from] Statement),
    /// The database file no longer exists.
    #[error("the file {path} is missing: {error}. Restore it, or restart the server to create a new \
             database", path = path.display())]
    FileMissing {
        /// The path of the database file.
        path: PathBuf,
        /// The error of the operating system.
        error: std::io::Error,
    },
    /// Another file has the path of the database file.
    #[error("the database file was replaced by another file")]
    FileReplaced,
}

/// A connection, and the database file it belongs to.
pub(super) struct OpenConnection {
    pub(super) conn: AnyConnection,
    /// The inode of the file; `None` for a PostgreSQL server.
    inode: Option<u64>,
}

impl DatabaseConnector {
    /// Makes a connection that is ready for use. The type of the connection follows from the address: if Diesel chose
    /// the type, it would take the address of an unreachable server for the name of a SQLite file.
    pub(super) fn connect_once(&self) -> Result<AnyConnection, ConnectFailure> {
        let conn: ConnectionResult<AnyConnection> = match &self.address {
            DatabaseAddress::Sqlite(path) => {
                SqliteConnection::establish(&path.display().to_string()).map(AnyConnection::Sqlite)
            }
            DatabaseAddress::Postgres(url) => connect_postgres(url).map(AnyConnection::Postgres),
        };
        let mut conn = conn?;
        session::prepare_session(&mut conn, &self.session)?;
        Ok(conn)
    }
}

impl DatabaseConnector {
    /// Returns the inode of the file at the address; `None` for a PostgreSQL server. SQLite continues to use a file
    /// that was deleted or replaced, and everything written to it is lost with the last connection.
    fn file_inode(&self) -> Result<Option<u64>, ConnectFailure> {
        match &self.address {
            DatabaseAddress::Sqlite(path) => match std::fs::metadata(path) {
                Ok(file) => Ok(Some(file.ino())),
                Err(error) => Err(ConnectFailure::FileMissing { path: path.clone(), error }),
            },
            DatabaseAddress::Postgres(_) => Ok(None),
        }
    }
}

impl r2d2::ManageConnection for DatabaseConnector {
    type Connection = OpenConnection;
    type Error = ConnectFailure;

    fn connect(&self) -> Result<OpenConnection, ConnectFailure> {
        // Read before connecting, because a connection would create a missing file.
        let inode = self.file_inode()?;
        Ok(OpenConnection { conn: self.connect_once()?, inode })
    }

    fn is_valid(&self, connected: &mut OpenConnection) -> Result<(), ConnectFailure> {
        match connected.inode {
            None => Ok(connected.conn.ping()?),
            inode if inode == self.file_inode()? => Ok(()),
            _ => Err(ConnectFailure::FileReplaced),
        }
    }

    fn has_broken(&self, connected: &mut OpenConnection) -> bool {
        std::thread::panicking() || connected.conn.is_broken()
    }
}

/// libpq parameters that detect an unreachable server, unless the address sets them: connecting takes at most three
/// seconds, and a connection is given up when sent data is not acknowledged for eight seconds, well within a lease.
/// Without them libpq waits as long as the operating system, which is about fifteen minutes.
///
/// <https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS>
const TIMEOUT_PARAMETERS: [(&str, &str); 5] = [
    ("connect_timeout", "3"),
    ("tcp_user_timeout", "8000"),
    ("keepalives_idle", "4"),
    ("keepalives_interval", "2"),
    ("keepalives_count", "2"),
];

/// Connects to a PostgreSQL server with timeouts.
pub(super) fn connect_postgres(url: &str) -> ConnectionResult<PgConnection> {
    // libpq uses OpenSSL for TLS. Without this call OpenSSL frees its state when the process exits, even while a thread
    // of the pool is connecting.
    openssl_sys::init();
    PgConnection::establish(&add_timeouts(url))
}

/// Returns the address with the timeout parameters that it does not set.
fn add_timeouts(url: &str) -> String {
    let (_, query) = url.split_once('?').unwrap_or((url, ""));
    let names: Vec<&str> = query.split('&').filter_map(|pair| pair.split('=').next()).collect();
    let missing = TIMEOUT_PARAMETERS.iter().filter(|(name, _)| !names.contains(name));
    let added: Vec<String> = missing.map(|(name, value)| format!("{name}={value}")).collect();
    if added.is_empty() {
        return url.to_owned();
    }
    let separator = match url.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some(_) => "&",
    };
    format!("{url}{separator}{}", added.join("&"))
}

#[cfg(test)]
mod tests {
    use super::add_timeouts;

    #[test]
    fn an_address_gets_the_limits_that_it_does_not_name() {
        let plain = add_timeouts("postgres://me@host/db");
        assert!(plain.starts_with("postgres://me@host/db?connect_timeout=3&tcp_user_timeout=8000&"), "{plain}");
        let own = add_timeouts("postgres://me@host/db?sslmode=require&connect_timeout=30");
        assert!(own.starts_with("postgres://me@host/db?sslmode=require&connect_timeout=30&tcp_user"), "{own}");
        assert_eq!(own.matches("connect_timeout").count(), 1);
        assert_eq!(add_timeouts(&own), own);
    }
}
