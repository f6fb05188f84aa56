//! One pool for either database, and the two ways to use it: [`Store::read`] and [`Store::write`].

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::FairMutex;
use r2d2::{NopErrorHandler, Pool};

pub(super) use super::any_connection::AnyConnection;
use super::connector::{ConnectFailure, DatabaseConnector};
pub use super::database_address::DatabaseAddress;
use super::dialect::session::{REQUEST_LOCK_TIMEOUT, RUN_LOCK_TIMEOUT, SessionSettings, SqliteSync};
use super::dialect::{lock, migrations, write_tx};
use super::disk_problem::SharedDiskState;
use super::disk_reserve::DiskReserve;
use super::error::StoreError;
use super::secret_sealer::SecretSealer;
use super::write_count::{WriteCount, WriteMark};
use crate::domain::audit::AuditOrigin;

/// The database, accessed through a pool of connections. Clones share the pool.
#[derive(Clone)]
pub struct Store {
    pool: Pool<DatabaseConnector>,
    connector: DatabaseConnector,
    /// On SQLite, writers queue here in order before they use the database, because SQLite's lock is not fair: next to
    /// back-to-back batches, a heartbeat waited up to 3 s for SQLite's lock, and 7 ms with this mutex.
    writers: Arc<Option<FairMutex<()>>>,
    write_count: Arc<WriteCount>,
    pub(super) disk_state: SharedDiskState,
    /// The room for small writes on a full disk; `None` on PostgreSQL, whose disk is that of its server.
    pub(super) disk_reserve: Option<DiskReserve>,
    pub(super) sealer: SecretSealer,
    /// Who acts; `None` for Lockstep itself.
    pub(super) acting: Option<Arc<AuditOrigin>>,
}

/// How long a writer waits in the queue of this process. If another program holds a SQLite file for longer than the
/// busy timeout, writers must not wait for each other's timeouts as well.
const WRITER_TIMEOUT: Duration = Duration::from_secs(4);
/// How long callers wait for a connection. It is short so that pages soon report that the database is unavailable; runs
/// repeat the step. The pool also waits up to half of this time between attempts to reconnect.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(3);

type PoolConnection = r2d2::PooledConnection<DatabaseConnector>;

impl Store {
    /// Opens the database with up to `connections` connections. The first one is made immediately, so that a wrong
    /// address is an error here. A SQLite file and its folder are created. `lease` is the duration of a worker's lease:
    /// a PostgreSQL session may not stay idle inside a transaction for longer, and a lease that ends much later is from
    /// before the clock was set back.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`] when the database cannot be opened or reached.
    pub fn open(address: &DatabaseAddress, connections: u32, lease: Duration) -> Result<Self, StoreError> {
        Self::open_with_sync(address, connections, lease, SqliteSync::default())
    }

    /// Opens the database like [`Store::open`]. `sqlite_sync` says when SQLite waits for the disk.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_with_sync(
        address: &DatabaseAddress,
        connections: u32,
        lease: Duration,
        sqlite_sync: SqliteSync,
    ) -> Result<Self, StoreError> {
        if let DatabaseAddress::Sqlite(path) = address {
            create_private(path)?;
        }
        let connector = DatabaseConnector {
            address: address.clone(),
            session: SessionSettings { lease, lock_timeout: RUN_LOCK_TIMEOUT, sqlite_sync },
        };
        let disk_reserve = match address {
            DatabaseAddress::Sqlite(path) => Some(DiskReserve::beside(path)),
            DatabaseAddress::Postgres(_) => None,
        };
        // The first attempt is made outside the pool, which would retry for a long time and hide the reason.
        let first = connect_with_reserve(&connector, disk_reserve.as_ref()).map_err(|error| {
            let reason = address.without_password(&error.to_string());
            StoreError::Unreachable { address: address.for_people(), reason }
        })?;
        drop(first);
        let sqlite = matches!(address, DatabaseAddress::Sqlite(_));
        let pool = build_pool(&connector, connections)?;
        Ok(Self {
            pool,
            connector,
            writers: Arc::new(sqlite.then(|| FairMutex::new(()))),
            write_count: Arc::default(),
            disk_state: Arc::default(),
            disk_reserve,
            sealer: SecretSealer::default(),
            acting: None,
        })
    }

    /// Returns the same database with a separate pool of `connections` connections, so that its callers do not wait for
    /// this pool. Both pools share the queue of writers and their count.
    ///
    /// # Errors
    /// [`StoreError::Pool`] when no connection can be made.
    pub fn with_own_connections(&self, connections: u32) -> Result<Self, StoreError> {
        let pool = build_pool(&self.connector, connections)?;
        Ok(Self { pool, ..self.clone() })
    }

    /// Returns the same database for pages and commands, with a separate pool of `connections` connections. On
    /// PostgreSQL a statement waits at most [`REQUEST_LOCK_TIMEOUT`] for a lock, so that people soon learn that the
    /// database is busy.
    ///
    /// # Errors
    /// [`StoreError::Pool`] when no connection can be made.
    pub fn for_requests(&self, connections: u32) -> Result<Self, StoreError> {
        let session = SessionSettings { lock_timeout: REQUEST_LOCK_TIMEOUT, ..self.connector.session };
        let connector = DatabaseConnector { session, ..self.connector.clone() };
        let pool = build_pool(&connector, connections)?;
        Ok(Self { pool, connector, ..self.clone() })
    }

    /// The duration of a worker's lease.
    pub(super) const fn lease_term(&self) -> Duration {
        self.connector.session.lease
    }

    /// Applies the missing migrations and returns their number. Several servers may call this at the same time.
    ///
    /// # Errors
    /// [`StoreError::Migration`] when a migration fails; it is rolled back.
    pub fn migrate(&self) -> Result<usize, StoreError> {
        if !self.is_sqlite() {
            return self.read(migrations::apply_migrations);
        }
        // Checked before the write lock is taken, because a database that another program is writing to may already be
        // up to date.
        if self.read(migrations::has_pending)? { self.write(migrations::apply_migrations) } else { Ok(0) }
    }

    /// Returns a mark of what this process has written, to be compared with a later one; `None` while it writes. Stores
    /// with their own connections have the same marks. Other processes are not known.
    #[must_use]
    pub fn write_mark(&self) -> Option<WriteMark> {
        self.write_count.mark()
    }

    /// Returns whether the database is a SQLite file.
    #[must_use]
    pub fn is_sqlite(&self) -> bool {
        self.writers.is_some()
    }

    /// Runs statements that only read. Each statement sees the data committed before it begins.
    pub(super) fn read<T>(
        &self,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut connection = self.take_connection()?;
        let started = Instant::now();
        work(&mut connection.conn).map_err(|error| self.recognize_lock_timeout(error, started))
    }

    /// Runs `work` in one transaction, which is committed if `work` returns `Ok` and rolled back otherwise. On a full
    /// disk it uses the reserve; `work` is then run again, as long as there is more of it.
    pub(super) fn write<T>(
        &self,
        mut work: impl FnMut(&mut AnyConnection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let Some(reserve) = &self.disk_reserve else { return self.write_once(work) };
        loop {
            let held = reserve.held_bytes();
            reserve.release_if_disk_full();
            match self.write_once(&mut work) {
                // Another writer, here or in another process, may have released some of it in the same moment.
                Err(error) if error.is_disk_full() && (reserve.held_bytes() < held || reserve.release_step()) => {}
                result => return result.inspect_err(|error| self.shorten_log_if_disk_full(error)),
            }
        }
    }

    /// Runs `work`, which may write much, in one transaction like [`Store::write`], but never uses the reserve of a
    /// full disk.
    pub(super) fn write_items<T>(
        &self,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.check_space_for_items()?;
        self.write_once(work).inspect_err(|error| self.shorten_log_if_disk_full(error))
    }

    fn write_once<T>(&self, work: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        // The queue comes first: waiting writers must not hold connections that readers could use.
        let _turn = match self.writers.as_ref() {
            Some(writers) => Some(writers.try_lock_for(WRITER_TIMEOUT).ok_or(StoreError::Busy)?),
            None => None,
        };
        let _counted = self.write_count.begin();
        let mut connection = self.take_connection()?;
        let started = Instant::now();
        write_tx::run_write(&mut connection.conn, work).map_err(|error| {
            if self.is_sqlite() && error.is_disk_error() {
                // SQLite reports its shared memory, which is a file, like this when that cannot grow.
                if self.disk_reserve.as_ref().is_some_and(DiskReserve::is_disk_full) {
                    return StoreError::DiskFull;
                }
                self.record_disk_problem(error.to_string());
            }
            self.recognize_lock_timeout(error, started)
        })
    }

    /// Turns the failure of a statement that waited too long for a lock into [`StoreError::Busy`].
    fn recognize_lock_timeout(&self, error: StoreError, started: Instant) -> StoreError {
        match &error {
            StoreError::Statement(cause)
                if !self.is_sqlite()
                    && !error.is_disk_full()
                    && lock::is_lock_timeout(cause, started.elapsed(), self.connector.session.lock_timeout) =>
            {
                log::debug!("{error}");
                StoreError::Busy
            }
            _ => error,
        }
    }

    fn take_connection(&self) -> Result<PoolConnection, StoreError> {
        self.pool.get().map_err(|error| pool_error(&self.connector, &error))
    }
}

/// Makes a connection. SQLite needs room on the disk for its log to open the file at all: on a full one it uses the
/// reserve.
fn connect_with_reserve(
    connector: &DatabaseConnector,
    reserve: Option<&DiskReserve>,
) -> Result<AnyConnection, ConnectFailure> {
    loop {
        let is_repeatable = reserve.is_some_and(DiskReserve::release_if_disk_full);
        match connector.connect_once() {
            Err(_) if is_repeatable => {}
            result => return result,
        }
    }
}

fn build_pool(connector: &DatabaseConnector, connections: u32) -> Result<Pool<DatabaseConnector>, StoreError> {
    Pool::builder()
        .max_size(connections)
        .min_idle(Some(1))
        .connection_timeout(CONNECTION_TIMEOUT)
        // The caller gets the error and logs it once; the pool would log each of its attempts.
        .error_handler(Box::new(NopErrorHandler))
        // The server may have been restarted, or the file removed, since the last use.
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
    let to_error = |error: std::io::Error| StoreError::Unreachable {
        address: path.display().to_string(),
        reason: error.to_string(),
    };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(to_error)?;
    }
    std::fs::OpenOptions::new().append(true).create(true).mode(0o600).open(path).map_err(to_error)?;
    Ok(())
}
