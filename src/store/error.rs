//! The errors of the database, and which of them pass.

/// A failure of the database, or a write that was not allowed to happen.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be opened.
    #[error("the database {address} cannot be opened: {reason}")]
    Unreachable {
        /// Its address without a password.
        address: String,
        /// What the database or the system said.
        reason: String,
    },
    /// No connection came free, or none could be made.
    #[error("no connection to the database: {0}")]
    Pool(String),
    /// Another writer has held the database for longer than is worth waiting.
    #[error("the database is busy: somebody else has been writing to it for a long time")]
    Busy,
    /// A statement failed.
    #[error("the database refused a statement: {0}")]
    Statement(#[from] diesel::result::Error),
    /// The migrations failed.
    #[error("the database could not be brought up to date: {0}")]
    Migration(String),
    /// The lease is no longer ours: nothing was written.
    #[error("the lease on this run is lost; nothing was written")]
    Fenced,
    /// A stored value is not of the form this program writes.
    #[error("the database holds a value that cannot be read ({what}): {reason}")]
    Corrupt {
        /// Where.
        what: &'static str,
        /// Why.
        reason: String,
    },
    /// Something of that name exists already.
    #[error("{what} exists already")]
    Taken {
        /// What it is, for people.
        what: String,
    },
}

/// What a second try of what failed would come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Retryability {
    /// The database is away or busy; when it is back the same succeeds.
    Passing,
    /// It may be passing or not: worth a few tries.
    Unclear,
    /// The same would fail again.
    Final,
}

impl StoreError {
    /// A [`StoreError::Corrupt`] made from what the reader said.
    pub(super) fn corrupt(what: &'static str) -> impl Fn(&dyn std::fmt::Display) -> Self {
        move |reason| Self::Corrupt { what, reason: reason.to_string() }
    }

    /// What a second try would make of this.
    #[must_use]
    pub fn retryability(&self) -> Retryability {
        use diesel::result::{DatabaseErrorKind as Kind, Error};
        match self {
            Self::Pool(_) | Self::Busy | Self::Unreachable { .. } => Retryability::Passing,
            // A commit that failed, and so did taking it back: the connection is gone.
            Self::Statement(Error::BrokenTransactionManager | Error::RollbackErrorOnCommit { .. }) => {
                Retryability::Passing
            }
            Self::Statement(Error::DatabaseError(kind, _)) => match kind {
                Kind::ClosedConnection | Kind::UnableToSendCommand | Kind::SerializationFailure => {
                    Retryability::Passing
                }
                // A server that shuts down, a full disk and a lock that somebody else holds all come without a kind.
                Kind::Unknown => Retryability::Unclear,
                _ => Retryability::Final,
            },
            Self::Statement(_) | Self::Migration(_) | Self::Fenced | Self::Corrupt { .. } | Self::Taken { .. } => {
                Retryability::Final
            }
        }
    }

    /// Whether the disk of the database is full. Neither database has an error code of its own for it: SQLite says
    /// "database or disk is full", PostgreSQL quotes the system's "No space left on device".
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        let text = self.to_string();
        matches!(self, Self::Statement(_)) && (text.contains("disk is full") || text.contains("No space left"))
    }

    /// Whether the statement failed because a unique index said no.
    pub(super) fn is_unique_violation(&self) -> bool {
        use diesel::result::{DatabaseErrorKind, Error};
        matches!(self, Self::Statement(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)))
    }
}
