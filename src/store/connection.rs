//! One pool for either database, and the two ways to use it: [`Store::read`] and [`Store::write`].

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::FairMutex;
use r2d2::{NopErrorHandler, Pool};

pub(super) use super::any_connection::AnyConnection;
use super::connector::DatabaseConnector;
pub use super::database_address::DatabaseAddress;
use super::dialect::{migrations, write_tx};
use super::error::StoreError;

/// The database behind one pool of connections. Cloning it shares the pool.
#[derive(Clone)]
pub struct Store {
    pool: Pool<DatabaseConnector>,
    connector: DatabaseConnector,
    /// On SQLite writers queue here in order before they ask the database. Its own lock is not fair: beside
    /// back-to-back batches a heartbeat waited up to 3 s there, and 7 ms here.
    writers: Arc<Option<FairMutex<()>>>,
}

/// How long a writer waits for its turn among the writers of this process. Another program that holds a SQLite file
/// for longer than the busy timeout must not make them wait for each other's timeouts too.
const WRITER_TIMEOUT: Duration = Duration::from_secs(4);
/// How long anybody waits for a connection. Short: a page says soon that the database is away, and a run that outlasts
/// an outage asks again by itself. The pool also waits up to half of this between its attempts to reconnect.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(3);

type PoolConnection = r2d2::PooledConnection<DatabaseConnector>;

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
        let connector = DatabaseConnector { address: address.clone(), lease };
        // One attempt outside the pool: the pool would retry for long and hide the reason.
        let first = connector.make().map_err(|error| StoreError::Unreachable {
            address: address.for_people(),
            reason: address.without_password(&error.to_string()),
        })?;
        drop(first);
        let sqlite = matches!(address, DatabaseAddress::Sqlite(_));
        let pool = build_pool(&connector, connections)?;
        Ok(Self { pool, connector, writers: Arc::new(sqlite.then(|| FairMutex::new(()))) })
    }

    /// The same database through a pool of its own with `connections` connections, so that its users do not wait for
    /// this pool. Writers still take turns with each other.
    ///
    /// # Errors
    /// When no connection can be made.
    pub fn with_own_connections(&self, connections: u32) -> Result<Self, StoreError> {
        let pool = build_pool(&self.connector, connections)?;
        Ok(Self { pool, ..self.clone() })
    }

    /// Brings the database up to date and answers how many migrations that took. Several servers may ask at once.
    ///
    /// # Errors
    /// When one fails; it is rolled back then.
    pub fn migrate(&self) -> Result<usize, StoreError> {
        if !self.is_sqlite() {
            return self.read(migrations::apply_migrations);
        }
        // Looked at first: a file that another program writes to just now may well be up to date.
        if self.read(migrations::are_pending)? { self.write(migrations::apply_migrations) } else { Ok(0) }
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
        work(&mut self.take_connection()?.conn)
    }

    /// Runs `work` as one transaction: committed if it answers `Ok`, rolled back otherwise.
    pub(super) fn write<T>(
        &self,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        // The turn first: writers that wait must not sit on connections that readers could use.
        let _turn = match self.writers.as_ref() {
            Some(writers) => Some(writers.try_lock_for(WRITER_TIMEOUT).ok_or(StoreError::Busy)?),
            None => None,
        };
        write_tx::run_write(&mut self.take_connection()?.conn, work)
    }

    fn take_connection(&self) -> Result<PoolConnection, StoreError> {
        self.pool.get().map_err(|error| pool_error(&self.connector, &error))
    }
}

fn build_pool(connector: &DatabaseConnector, connections: u32) -> Result<Pool<DatabaseConnector>, StoreError> {
    Pool::builder()
        .max_size(connections)
        .min_idle(Some(1))
        .connection_timeout(CONNECTION_TIMEOUT)
        // The caller gets the error and logs it once; the pool would log each of its attempts.
        .error_handler(Box::new(NopErrorHandler))
        // A server may have been restarted between two requests, and a file taken away.
        .test_on_check_out(true)
        .build(connector.clone())
        .map_err(|error| pool_error(connector, &error))
}

fn pool_error(connector: &DatabaseConnector, error: &r2d2::Error) -> StoreError {
    StoreError::Pool(connector.address.without_password(&error.to_string()))
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
