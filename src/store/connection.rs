//! One pool for either database, and the two ways to use it: [`Store::read`] and [`Store::write`].

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::FairMutex;
use r2d2::{NopErrorHandler, Pool};

pub(super) use super::any_connection::AnyConnection;
use super::connector::Connector;
use super::dialect::{migrations, write_tx};
use super::error::StoreError;

/// Which database this house stands on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DatabaseAddress {
    /// A file.
    Sqlite(PathBuf),
    /// A server, by its `postgres://` address.
    Postgres(String),
}

impl DatabaseAddress {
    /// Reads a `DATABASE_URL`: `postgres://…`, `postgresql://…`, `sqlite:PATH`, `sqlite://PATH`, `file:PATH` or a path.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Self::Postgres(text.to_owned());
        }
        let path = ["sqlite://", "sqlite:", "file:"].iter().find_map(|scheme| text.strip_prefix(scheme));
        Self::Sqlite(PathBuf::from(path.unwrap_or(text)))
    }

    /// The address for people: a server's loses its password.
    #[must_use]
    pub fn for_people(&self) -> String {
        match self {
            Self::Sqlite(path) => path.display().to_string(),
            Self::Postgres(address) => crate::domain::source::without_secrets(address),
        }
    }
}

/// The cellar: everything that is kept, behind one pool of connections. Cloning it shares the pool.
#[derive(Clone)]
pub struct Store {
    pool: Pool<Connector>,
    connector: Connector,
    /// On SQLite writers queue here in order before they ask the database. Its own lock is not fair: beside
    /// back-to-back batches a heartbeat waited up to 3 s there, and 7 ms here.
    writers: Arc<Option<FairMutex<()>>>,
}

/// How long a writer waits for its turn among the writers of this process. Another program that holds a SQLite file
/// for longer than the busy timeout must not make them wait for each other's timeouts too.
const TURN: Duration = Duration::from_secs(4);
/// How long anybody waits for a connection. Short: a page says soon that the database is away, and a run that outlasts
/// an outage asks again by itself. The pool also waits up to half of this between its attempts to reconnect.
const CONNECTION: Duration = Duration::from_secs(3);

type Pooled = r2d2::PooledConnection<Connector>;

impl Store {
    /// Opens the database with up to `connections` connections; the first is made at once, so that an address that
    /// leads nowhere is an error here. A SQLite file and its folder are created. `lease` is how long a worker's right
    /// to a run lasts: on PostgreSQL no session may sit inside a transaction longer than that.
    ///
    /// # Errors
    /// When the database cannot be opened or reached.
    pub fn open(address: &DatabaseAddress, connections: u32, lease: Duration) -> Result<Self, StoreError> {
        if let DatabaseAddress::Sqlite(path) = address {
            create_private(path)?;
        }
        let connector = Connector { address: address.clone(), lease };
        // One attempt outside the pool: the pool would retry for long and hide the reason.
        let first = connector.make().map_err(|error| StoreError::Unreachable {
            address: address.for_people(),
            reason: error.to_string().replace('\n', " "),
        })?;
        drop(first);
        let sqlite = matches!(address, DatabaseAddress::Sqlite(_));
        let pool = pool(&connector, connections)?;
        Ok(Self { pool, connector, writers: Arc::new(sqlite.then(|| FairMutex::new(()))) })
    }

    /// The same database through `connections` connections of its own: whoever holds it does not wait for those who
    /// use up this pool. Writers still take turns with each other.
    ///
    /// # Errors
    /// When no connection can be made.
    pub fn with_own_connections(&self, connections: u32) -> Result<Self, StoreError> {
        let pool = pool(&self.connector, connections)?;
        Ok(Self { pool, ..self.clone() })
    }

    /// Brings the database up to date and answers how many migrations that took. Several servers may ask at once.
    ///
    /// # Errors
    /// When one fails; it is rolled back then.
    pub fn migrate(&self) -> Result<usize, StoreError> {
        if !self.is_sqlite() {
            return self.read(migrations::apply);
        }
        // Looked at first: a file that another program writes to just now may well be up to date.
        if self.read(migrations::are_pending)? { self.write(migrations::apply) } else { Ok(0) }
    }

    /// Whether the database is a SQLite file.
    #[must_use]
    pub fn is_sqlite(&self) -> bool {
        self.writers.is_some()
    }

    /// Runs statements that only read. Each sees what is committed when it begins.
    pub(super) fn read<T>(
        &self,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        work(&mut self.connection()?.conn)
    }

    /// Runs `work` as one transaction: committed if it answers `Ok`, rolled back otherwise.
    pub(super) fn write<T>(
        &self,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        // The turn first: writers that wait must not sit on connections that readers could use.
        let _turn = match self.writers.as_ref() {
            Some(writers) => Some(writers.try_lock_for(TURN).ok_or(StoreError::Busy)?),
            None => None,
        };
        write_tx::run(&mut self.connection()?.conn, work)
    }

    fn connection(&self) -> Result<Pooled, StoreError> {
        Ok(self.pool.get()?)
    }
}

fn pool(connector: &Connector, connections: u32) -> Result<Pool<Connector>, StoreError> {
    Ok(Pool::builder()
        .max_size(connections)
        .min_idle(Some(1))
        .connection_timeout(CONNECTION)
        // Whoever asked for the connection is told, and says it once; the pool would say it at each of its attempts.
        .error_handler(Box::new(NopErrorHandler))
        // A server may have been restarted between two requests, and a file taken away.
        .test_on_check_out(true)
        .build(connector.clone())?)
}

/// Creates the database file readable by its owner alone (it holds password hashes), and its folder.
fn create_private(path: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
    let trouble = |error: std::io::Error| StoreError::Unreachable {
        address: path.display().to_string(),
        reason: error.to_string(),
    };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(trouble)?;
    }
    std::fs::OpenOptions::new().append(true).create(true).mode(0o600).open(path).map_err(trouble)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::DatabaseAddress;

    #[test]
    fn an_address_is_a_server_or_a_file() {
        let file = |path: &str| DatabaseAddress::Sqlite(path.into());
        assert_eq!(DatabaseAddress::parse("sqlite:///a/b.db"), file("/a/b.db"));
        assert_eq!(DatabaseAddress::parse("sqlite:b.db"), file("b.db"));
        assert_eq!(DatabaseAddress::parse("/a/b.db"), file("/a/b.db"));
        let server = DatabaseAddress::parse("postgresql://me:pw@h/db");
        assert_eq!(server.for_people(), "postgresql://h/db");
    }
}
