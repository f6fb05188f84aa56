//! What diagnostics report about a database: version, size, migrations and sessions.

/// Version, size and limits of a database.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DatabaseFacts {
    /// Name and version of the database, such as `SQLite 3.46.0`.
    pub version: String,
    /// The size in bytes.
    pub bytes: u64,
    /// Whether readers and a writer do not block each other (WAL on SQLite).
    pub write_ahead: bool,
    /// Whether the database is read-only.
    pub read_only: bool,
    /// The number of connections it would still accept, if there is a limit.
    pub connections_left: Option<i64>,
}

/// How the migrations of a database and of this program differ, by their names or versions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MigrationDiff {
    /// The number of applied migrations.
    pub applied: usize,
    /// Migrations that are missing in the database.
    pub missing: Vec<String>,
    /// Migrations that this program does not know, applied by a newer version.
    pub unknown: Vec<String>,
}

/// A session that blocks others, is blocked, or is idle inside a transaction. Only PostgreSQL has sessions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BlockingSession {
    /// The process id on the database server.
    pub pid: i32,
    /// The application name; may be empty.
    pub name: String,
    /// The client's address.
    pub client: String,
    /// The state, such as `idle in transaction`.
    pub state: String,
    /// How long it has been in that state, in seconds.
    pub seconds: u64,
    /// The process ids of the sessions it waits for.
    pub blocked_by: Vec<i32>,
}
