//! A fresh database for one test, SQLite or PostgreSQL, and queries that bypass the store.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection};
use lockstep::domain::secret_key::SecretKey;
use lockstep::store::{DatabaseAddress, Store};
use tempfile::TempDir;

use super::postgres_database::PostgresDatabase;
use super::waiting::wait_for_value;

/// The lease of the stores made here. It only limits how long a PostgreSQL session may idle inside a transaction; each
/// claim names its own lease.
const LEASE: Duration = lockstep::domain::defaults::LEASE_DURATION;

/// Makes two tests of each function: `sqlite::name` and `postgres::name`.
macro_rules! on_both_databases {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[test] fn $name() { super::$name(&$crate::support::TestDatabase::sqlite()); })+
        }
        mod postgres {
            $(#[test] fn $name() { super::$name(&$crate::support::TestDatabase::postgres()); })+
        }
    };
}
pub(crate) use on_both_databases;

/// What the servers of the tests have in `LOCKSTEP_SECRET_KEY`.
pub(crate) const TEST_SECRET_KEY_TEXT: &str = "the secret key of all tests";

/// The key of the stores of the tests.
pub(crate) static TEST_SECRET_KEY: LazyLock<Arc<SecretKey>> =
    LazyLock::new(|| Arc::new(SecretKey::derive_from(TEST_SECRET_KEY_TEXT).expect("a key")));

enum DatabaseBackend {
    Sqlite(TempDir),
    Postgres(PostgresDatabase),
}

/// A fresh, migrated database. It is deleted when this is dropped.
pub(crate) struct TestDatabase {
    store: Option<Store>,
    side: DatabaseBackend,
}

/// A connection of the test itself, for queries that the store has no function for.
pub(crate) enum RawConnection {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

#[derive(QueryableByName)]
struct SelectedText {
    #[diesel(sql_type = Nullable<Text>)]
    value: Option<String>,
}

#[derive(QueryableByName)]
struct SelectedNumber {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

impl TestDatabase {
    pub(crate) fn sqlite() -> Self {
        let database = Self::with_backend(DatabaseBackend::Sqlite(tempfile::tempdir().expect("a folder")));
        database.store().migrate().expect("a migrated database");
        adopt_test_key(&database.store());
        database
    }

    pub(crate) fn postgres() -> Self {
        Self::with_backend(DatabaseBackend::Postgres(PostgresDatabase::create()))
    }

    /// An empty PostgreSQL database, not migrated.
    pub(crate) fn empty_postgres() -> Self {
        Self::with_backend(DatabaseBackend::Postgres(PostgresDatabase::create_empty()))
    }

    fn with_backend(side: DatabaseBackend) -> Self {
        let mut database = Self { store: None, side };
        database.store = Some(database.second_store());
        database
    }

    /// Closes the connections of the test, so that the next program that opens the database is alone with it.
    pub(crate) fn close_store(&mut self) {
        self.store = None;
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        matches!(self.side, DatabaseBackend::Sqlite(_))
    }

    pub(crate) fn address(&self) -> DatabaseAddress {
        match &self.side {
            DatabaseBackend::Sqlite(folder) => DatabaseAddress::Sqlite(folder.path().join("lockstep.db")),
            DatabaseBackend::Postgres(database) => DatabaseAddress::Postgres(database.url().to_owned()),
        }
    }

    /// The first server's store.
    pub(crate) fn store(&self) -> Store {
        self.store.clone().expect("the store of a database in use")
    }

    /// A separate pool on the same database, as another server has.
    pub(crate) fn second_store(&self) -> Store {
        open_store(&self.address(), 12)
    }

    pub(crate) fn raw_connection(&self) -> RawConnection {
        match self.address() {
            DatabaseAddress::Sqlite(path) => {
                let mut conn = SqliteConnection::establish(&path.display().to_string()).expect("a connection");
                conn.batch_execute("PRAGMA busy_timeout = 10000").expect("a prepared connection");
                RawConnection::Sqlite(conn)
            }
            DatabaseAddress::Postgres(url) => {
                RawConnection::Postgres(PgConnection::establish(&url).expect("a connection"))
            }
        }
    }

    /// Runs statements.
    pub(crate) fn run_sql(&self, sql: &str) {
        self.raw_connection().run_sql(sql);
    }

    /// The number that `sql`, which selects one expression of type BIGINT, selects.
    pub(crate) fn select_number(&self, sql: &str) -> i64 {
        let sql = format!("SELECT ({sql}) AS value");
        let row: SelectedNumber = match self.raw_connection() {
            RawConnection::Sqlite(mut conn) => diesel::sql_query(sql).get_result(&mut conn),
            RawConnection::Postgres(mut conn) => diesel::sql_query(sql).get_result(&mut conn),
        }
        .expect("a number");
        row.value
    }

    /// How many rows `table` has that fulfil a condition.
    pub(crate) fn count_rows(&self, table: &str, condition: &str) -> i64 {
        self.select_number(&format!("SELECT count(*) FROM {table} WHERE {condition}"))
    }

    /// The texts that `sql`, which selects one column called `value`, selects; NULL is `None`.
    pub(crate) fn select_texts(&self, sql: &str) -> Vec<Option<String>> {
        let rows: Vec<SelectedText> = match self.raw_connection() {
            RawConnection::Sqlite(mut conn) => diesel::sql_query(sql).load(&mut conn),
            RawConnection::Postgres(mut conn) => diesel::sql_query(sql).load(&mut conn),
        }
        .expect("texts");
        rows.into_iter().map(|row| row.value).collect()
    }

    /// The names of all tables.
    pub(crate) fn table_names(&self) -> Vec<String> {
        let sql = match self.is_sqlite() {
            true => "SELECT name AS value FROM sqlite_master WHERE type = 'table'",
            false => "SELECT tablename::text AS value FROM pg_tables WHERE schemaname = 'public'",
        };
        self.select_texts(sql).into_iter().flatten().collect()
    }

    /// All rows of a table, each as one text.
    pub(crate) fn select_rows_as_text(&self, table: &str) -> Vec<String> {
        let sql = match self.is_sqlite() {
            false => format!("SELECT t::text AS value FROM \"{table}\" t"),
            true => {
                let columns = format!("SELECT '\"' || name || '\"' AS value FROM pragma_table_info('{table}')");
                let columns: Vec<String> = self.select_texts(&columns).into_iter().flatten().collect();
                let texts = columns.iter().map(|column| {
                    format!("CASE typeof({column}) WHEN 'blob' THEN hex({column}) ELSE coalesce(CAST({column} AS TEXT), '') END")
                });
                format!("SELECT {} AS value FROM \"{table}\"", texts.collect::<Vec<_>>().join(" || '|' || "))
            }
        };
        self.select_texts(&sql).into_iter().flatten().collect()
    }

    /// All stored columns of the items, one line each, with the row versions of PostgreSQL: equal snapshots mean
    /// that no item was written in between.
    pub(crate) fn items_as_written(&self) -> Vec<Option<String>> {
        let version = if self.is_sqlite() { "''" } else { "xmin || '/' || ctid" };
        self.select_texts(&format!(
            "SELECT {version} || id || '|' || key || '|' || fields || '|' || added_at || '|' || changed_at || '|' ||
                    coalesce(CAST(removed_at AS TEXT), '') || '|' || added_by || '|' || changed_by AS value
             FROM items ORDER BY id"
        ))
    }
}

/// Opens a store. On a busy machine the database may need more time than the store gives it, so it is tried again.
pub(crate) fn open_store(address: &DatabaseAddress, connections: u32) -> Store {
    let mut store = None;
    let mut open = || {
        let opened = Store::open(address, connections, LEASE).map_err(|error| error.to_string())?;
        store = Some(opened.with_secret_key(Arc::clone(&TEST_SECRET_KEY)));
        Ok::<_, String>(())
    };
    wait_for_value("an open store", &mut open, Result::is_ok).expect("an open store");
    let store = store.expect("an open store");
    if matches!(store.secret_key_fingerprint(), Ok(None)) {
        adopt_test_key(&store);
    }
    store
}

/// Makes the key of the tests that of a migrated database, unless it has one.
pub(crate) fn adopt_test_key(store: &Store) {
    let adopted = store.adopt_secret_key(|| Ok::<_, String>(TEST_SECRET_KEY.fingerprint().to_owned()));
    adopted.expect("a database").expect("a key");
}

impl RawConnection {
    /// Runs statements.
    pub(crate) fn run_sql(&mut self, sql: &str) {
        match self {
            Self::Sqlite(conn) => conn.batch_execute(sql),
            Self::Postgres(conn) => conn.batch_execute(sql),
        }
        .expect("statements that run");
    }
}
