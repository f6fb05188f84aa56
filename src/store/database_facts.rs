//! What a checkup learns about a database: its version and size, its migrations, its other sessions.

/// What a database says of itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DatabaseFacts {
    /// Its name and version.
    pub version: String,
    /// Its size.
    pub bytes: u64,
    /// Whether readers and a writer do not stand in each other's way.
    pub write_ahead: bool,
    /// Whether it takes no writes at all.
    pub read_only: bool,
    /// How many more connections it would take, where there is such a limit.
    pub connections_left: Option<i64>,
}

/// How the migrations of a database and of this program differ, by their names or versions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MigrationDiff {
    /// How many were applied.
    pub applied: usize,
    /// The database lacks these.
    pub missing: Vec<String>,
    /// This program does not know these: a newer one was here.
    pub unknown: Vec<String>,
}

/// A session of another program that is worth a look. Only PostgreSQL has sessions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BlockingSession {
    /// The server's process for it.
    pub pid: i32,
    /// What the program calls itself; may be empty.
    pub name: String,
    /// Where it comes from.
    pub client: String,
    /// What it does.
    pub state: String,
    /// For how long.
    pub seconds: u64,
    /// The sessions that it waits for.
    pub blocked_by: Vec<i32>,
}
