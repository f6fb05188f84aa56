//! Makes connections for the pool, and tells which still work.

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::Duration;

use diesel::r2d2::R2D2Connection;
use diesel::result::Error as Statement;
use diesel::{Connection, ConnectionError, ConnectionResult, PgConnection, SqliteConnection};

use super::any_connection::AnyConnection;
use super::database_address::DatabaseAddress;
use super::dialect::session;

/// Where to connect to, and what each connection is told first.
#[derive(Clone, Debug)]
pub(super) struct DatabaseConnector {
    pub(super) address: DatabaseAddress,
    /// Bounds how long a PostgreSQL session may sit inside a transaction.
    pub(super) lease: Duration,
}

/// Why there is no connection, or why one is of no use any more.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectFailure {
    /// None could be made.
    #[error("{0}")]
    Unreachable(#[from] ConnectionError),
    /// It does not answer.
    #[error("{0}")]
    Silent(#[from] Statement),
    /// The file is not where it was.
    #[error("the file {path} is gone: {error}. Put it back, or stop the server before it makes a new one", path = path.display())]
    Gone {
        /// Where it should be.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// There is another file in its place.
    #[error("there is another file in its place")]
    Replaced,
}

/// A connection, and the file that it is to.
pub(super) struct OpenConnection {
    pub(super) conn: AnyConnection,
    /// The number of the file; none for a server.
    file: Option<u64>,
}

impl DatabaseConnector {
    /// A connection, ready to be used. As the kind that the address is of and no other: Diesel, asked for either, takes
    /// the address of a server that is away for the name of a file.
    pub(super) fn make(&self) -> Result<AnyConnection, ConnectFailure> {
        let made: ConnectionResult<AnyConnection> = match &self.address {
            DatabaseAddress::Sqlite(path) => {
                SqliteConnection::establish(&path.display().to_string()).map(AnyConnection::Sqlite)
            }
            DatabaseAddress::Postgres(url) => connect_postgres(url).map(AnyConnection::Postgres),
        };
        let mut made = made?;
        session::prepare_session(&mut made, self.lease)?;
        Ok(made)
    }
}

impl DatabaseConnector {
    /// The number of the file that is at the address now, if it is one of a file. SQLite goes on with a file that was
    /// deleted or replaced, and all that is written to it is lost with the last connection.
    fn file_number(&self) -> Result<Option<u64>, ConnectFailure> {
        match &self.address {
            DatabaseAddress::Sqlite(path) => match std::fs::metadata(path) {
                Ok(file) => Ok(Some(file.ino())),
                Err(error) => Err(ConnectFailure::Gone { path: path.clone(), error }),
            },
            DatabaseAddress::Postgres(_) => Ok(None),
        }
    }
}

impl r2d2::ManageConnection for DatabaseConnector {
    type Connection = OpenConnection;
    type Error = ConnectFailure;

    fn connect(&self) -> Result<OpenConnection, ConnectFailure> {
        // Asked first: a connection would make a file that is missing.
        let file = self.file_number()?;
        Ok(OpenConnection { conn: self.make()?, file })
    }

    fn is_valid(&self, connected: &mut OpenConnection) -> Result<(), ConnectFailure> {
        match connected.file {
            None => Ok(connected.conn.ping()?),
            file if file == self.file_number()? => Ok(()),
            _ => Err(ConnectFailure::Replaced),
        }
    }

    fn has_broken(&self, connected: &mut OpenConnection) -> bool {
        std::thread::panicking() || connected.conn.is_broken()
    }
}

/// How long a server that went away without a word is waited for, where the operator has not said so in the address: a
/// connection is made within three seconds, and one that is there is given up when nobody confirms what was sent for
/// eight, well within a lease. Otherwise libpq waits for as long as the system does, which is a quarter of an hour.
///
/// <https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS>
const TIMEOUT_PARAMETERS: [(&str, &str); 5] = [
    ("connect_timeout", "3"),
    ("tcp_user_timeout", "8000"),
    ("keepalives_idle", "4"),
    ("keepalives_interval", "2"),
    ("keepalives_count", "2"),
];

/// Connects to a server, within limits.
pub(super) fn connect_postgres(url: &str) -> ConnectionResult<PgConnection> {
    // libpq speaks TLS through OpenSSL, which otherwise clears itself away when the process ends, under the hands of a
    // thread of the pool that connects at that moment.
    openssl_sys::init();
    PgConnection::establish(&add_timeouts(url))
}

/// The address of a server with the limits that it does not name itself.
fn add_timeouts(url: &str) -> String {
    let (_, given) = url.split_once('?').unwrap_or((url, ""));
    let names: Vec<&str> = given.split('&').filter_map(|pair| pair.split('=').next()).collect();
    let missing = TIMEOUT_PARAMETERS.iter().filter(|(name, _)| !names.contains(name));
    let more: Vec<String> = missing.map(|(name, value)| format!("{name}={value}")).collect();
    if more.is_empty() {
        return url.to_owned();
    }
    let joint = match url.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some(_) => "&",
    };
    format!("{url}{joint}{}", more.join("&"))
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
