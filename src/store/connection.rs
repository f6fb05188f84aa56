//! One pool for either database, and the two ways to use it: [`Store::read`] and [`Store::write`].

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use diesel::r2d2::{ConnectionManager, CustomizeConnection, Pool, PooledConnection};
use diesel::{Connection, PgConnection, SqliteConnection};
use parking_lot::FairMutex;

pub(super) use super::any_connection::AnyConnection;
use super::dialect::{migrations, session, write_tx};
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
    pool: Pool<ConnectionManager<AnyConnection>>,
    url: String,
    lease: Duration,
    /// On SQLite writers queue here in order before they ask the database. Its own lock is not fair: beside
    /// back-to-back batches a heartbeat waited up to 3 s there, and 7 ms here.
    writers: Arc<Option<FairMutex<()>>>,
}

/// How long a writer waits for its turn among the writers of this process. Another program that holds a SQLite file
/// for longer than the busy timeout must not make them wait for each other's timeouts too.
const TURN: Duration = Duration::from_secs(15);

type Pooled = PooledConnection<ConnectionManager<AnyConnection>>;

#[derive(Debug)]
struct Prepare {
    lease: Duration,
    sqlite: bool,
}

impl CustomizeConnection<AnyConnection, diesel::r2d2::Error> for Prepare {
    fn on_acquire(&self, conn: &mut AnyConnection) -> Result<(), diesel::r2d2::Error> {
        // A server that is away must not be taken for a file of that name.
        if matches!(conn, AnyConnection::Sqlite(_)) != self.sqlite {
            return Err(diesel::r2d2::Error::QueryError(diesel::result::Error::NotFound));
        }
        session::prepare(conn, self.lease).map_err(diesel::r2d2::Error::QueryError)
    }
}

impl Store {
    /// Opens the database with up to `connections` connections; the first is made at once, so that an address that
    /// leads nowhere is an error here. A SQLite file and its folder are created. `lease` is how long a worker's right
    /// to a run lasts: on PostgreSQL no session may sit inside a transaction longer than that.
    ///
    /// # Errors
    /// When the database cannot be opened or reached.
    pub fn open(address: &DatabaseAddress, connections: u32, lease: Duration) -> Result<Self, StoreError> {
        let (url, sqlite) = match address {
            DatabaseAddress::Sqlite(path) => {
                create_private(path)?;
                (path.display().to_string(), true)
            }
            DatabaseAddress::Postgres(url) => (url.clone(), false),
        };
        // One attempt outside the pool: the pool would retry for long and hide the reason.
        // And not as either kind: where PostgreSQL refuses, the other kind takes its address for the name of a file.
        let reached = match address {
            DatabaseAddress::Sqlite(_) => SqliteConnection::establish(&url).map(AnyConnection::Sqlite),
            DatabaseAddress::Postgres(_) => PgConnection::establish(&url).map(AnyConnection::Postgres),
        };
        let mut first = reached.map_err(|error| StoreError::Unreachable {
            address: address.for_people(),
            reason: error.to_string().replace('\n', " "),
        })?;
        session::prepare(&mut first, lease)?;
        drop(first);
        let pool = pool(&url, sqlite, connections, lease)?;
        Ok(Self { pool, url, lease, writers: Arc::new(sqlite.then(|| FairMutex::new(()))) })
    }

    /// The same database through `connections` connections of its own: whoever holds it does not wait for those who
    /// use up this pool. Writers still take turns with each other.
    ///
    /// # Errors
    /// When no connection can be made.
    pub fn with_own_connections(&self, connections: u32) -> Result<Self, StoreError> {
        let pool = pool(&self.url, self.is_sqlite(), connections, self.lease)?;
        Ok(Self { pool, ..self.clone() })
    }

    /// Brings the database up to date and answers how many migrations that took. Several servers may ask at once.
    ///
    /// # Errors
    /// When one fails; it is rolled back then.
    pub fn migrate(&self) -> Result<usize, StoreError> {
        if self.is_sqlite() { self.write(migrations::apply) } else { self.read(migrations::apply) }
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
        work(&mut *self.connection()?)
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
        let mut conn = self.connection()?;
        write_tx::run(&mut conn, work)
    }

    fn connection(&self) -> Result<Pooled, StoreError> {
        Ok(self.pool.get()?)
    }
}

fn pool(
    url: &str,
    sqlite: bool,
    connections: u32,
    lease: Duration,
) -> Result<Pool<ConnectionManager<AnyConnection>>, StoreError> {
    Ok(Pool::builder()
        .max_size(connections)
        .min_idle(Some(1))
        .connection_timeout(Duration::from_secs(10))
        // A file cannot go away between two requests; a server can be restarted.
        .test_on_check_out(!sqlite)
        .connection_customizer(Box::new(Prepare { lease, sqlite }))
        .build(ConnectionManager::new(url))?)
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
