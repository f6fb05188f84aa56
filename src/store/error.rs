//! The errors of the database, and whether a retry can succeed.

/// A failure of the database, or a write that was not allowed to happen.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be opened.
    #[error("the database {address} cannot be opened: {reason}")]
    Unreachable {
        /// Its address without a password.
        address: String,
        /// The reason, as reported by the database or the operating system.
        reason: String,
    },
    /// No connection became free in time, or none could be made.
    #[error("no connection to the database: {0}")]
    Pool(String),
    /// Another writer kept the database locked for too long.
    #[error("the database is busy: another program has been writing to it for a long time")]
    Busy,
    /// The disk of the database has no room but the reserve for small writes.
    #[error("the disk of the database is full")]
    DiskFull,
    /// A statement failed.
    #[error("the database refused a statement: {0}")]
    Statement(#[from] diesel::result::Error),
    /// The migrations failed.
    #[error("the database could not be migrated: {0}")]
    Migration(String),
    /// The lease was lost. Nothing was written.
    #[error("the lease on this run is lost; nothing was written")]
    Fenced,
    /// A stored value does not have the form that this program writes.
    #[error("the database contains a value that cannot be read ({what}): {reason}")]
    Corrupt {
        /// The table and column.
        what: &'static str,
        /// Why it cannot be parsed.
        reason: String,
    },
    /// A stored value is encrypted, or must be, and this process has no key.
    #[error(
        "the secrets of this database are encrypted with a key that this process does not have. Restart it with that key"
    )]
    NoSecretKey,
    /// The session or token that a change was requested with has ended meanwhile. Nothing was written.
    #[error("the session or token of this request has ended")]
    CallerGone,
    /// A row with that name exists already.
    #[error("{what} already exists")]
    Taken {
        /// The thing that exists, for people, such as `a user called ada`.
        what: String,
    },
}

/// Whether a retry of a failed operation can succeed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Retryability {
    /// The database is unavailable or busy; a later retry succeeds.
    Temporary,
    /// The failure may be temporary; a few retries are useful.
    Unclear,
    /// A retry would fail again.
    Permanent,
}

impl StoreError {
    /// Returns a function that turns a parse error into [`StoreError::Corrupt`].
    pub(super) fn corrupt_value(what: &'static str) -> impl Fn(&dyn std::fmt::Display) -> Self {
        move |reason| Self::Corrupt { what, reason: reason.to_string() }
    }

    /// Returns whether a retry can succeed.
    #[must_use]
    pub fn retryability(&self) -> Retryability {
        use diesel::result::{DatabaseErrorKind as Kind, Error};
        if self.is_disk_full() {
            return Retryability::Permanent;
        }
        match self {
            Self::Pool(_) | Self::Busy | Self::Unreachable { .. } => Retryability::Temporary,
            // The commit and the rollback failed: the connection is broken.
            Self::Statement(Error::BrokenTransactionManager | Error::RollbackErrorOnCommit { .. }) => {
                Retryability::Temporary
            }
            Self::Statement(Error::DatabaseError(kind, _)) => match kind {
                Kind::ClosedConnection | Kind::UnableToSendCommand | Kind::SerializationFailure => {
                    Retryability::Temporary
                }
                // A server that shuts down and a lock held by another transaction all have this kind.
                Kind::Unknown => Retryability::Unclear,
                _ => Retryability::Permanent,
            },
            Self::Statement(_)
            | Self::Migration(_)
            | Self::Fenced
            | Self::Corrupt { .. }
            | Self::DiskFull
            | Self::NoSecretKey
            | Self::CallerGone
            | Self::Taken { .. } => Retryability::Permanent,
        }
    }

    /// Returns whether the disk of the database is full. Diesel exposes no error code for it: SQLite says "database or
    /// disk is full", PostgreSQL quotes the system's "No space left on device".
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        match self {
            Self::DiskFull => true,
            Self::Statement(error) => {
                let text = error.to_string();
                text.contains("disk is full") || text.contains("No space left")
            }
            _ => false,
        }
    }

    /// Returns whether the disk reported an error to SQLite, which says "disk I/O error" for all of them.
    #[must_use]
    pub fn is_disk_error(&self) -> bool {
        matches!(self, Self::Statement(error) if error.to_string().contains("disk I/O error"))
    }

    /// Returns whether the statement violated a unique index.
    pub(super) fn is_unique_violation(&self) -> bool {
        use diesel::result::{DatabaseErrorKind, Error};
        matches!(self, Self::Statement(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)))
    }
}
