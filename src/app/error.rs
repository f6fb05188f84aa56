//! The errors that prevent Lockstep from starting or end it.

use std::io;
use std::path::PathBuf;

use super::secret_key_error::SecretKeyError;
use crate::domain::source::NotASlug;
use crate::status::StatusError;
use crate::store::StoreError;

/// Why Lockstep could not start or keep running.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The data folder cannot be created.
    #[error("cannot create the data folder {}: {error}. Choose another one with LOCKSTEP_DATA_DIR", path.display())]
    DataFolder {
        /// The data folder.
        path: PathBuf,
        /// The error of the operating system.
        error: io::Error,
    },
    /// Another program listens on the address.
    #[error(
        "the address {0} is in use, perhaps by another Lockstep. Stop that one, or choose another address with \
         LOCKSTEP_BIND, such as 127.0.0.1:8081"
    )]
    AddressInUse(String),
    /// The address cannot be listened on for another reason.
    #[error("cannot listen on {address}: {error}. Choose another address with LOCKSTEP_BIND")]
    Bind {
        /// The address as it was set.
        address: String,
        /// The error of the operating system.
        error: io::Error,
    },
    /// The database cannot be opened, migrated, read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key that the secrets of sources are encrypted with is missing, wrong or unusable.
    #[error(transparent)]
    SecretKey(#[from] SecretKeyError),
    /// The primary status store cannot be opened.
    #[error(transparent)]
    Status(#[from] StatusError),
    /// The operating system refused a thread, a signal handler or the web server.
    #[error("the operating system refused a thread, a signal handler or the web server: {0}")]
    System(#[from] io::Error),
    /// The operating system has no random bytes.
    #[error("the operating system has no random bytes: {0}")]
    Random(#[from] getrandom::Error),
    /// The slug of the sample catalog is not valid, which is a bug.
    #[error("the slug of the sample catalog is not valid: {0}")]
    Sample(#[from] NotASlug),
}
