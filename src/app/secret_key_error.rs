//! Why there is no key to start with, and where keys are.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::domain::secret_key::NotASecretKey;

/// The name of the file in the data folder.
pub const KEY_FILE_NAME: &str = "secret.key";

/// Where the key is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SecretKeyPlace {
    /// In `LOCKSTEP_SECRET_KEY`.
    Setting,
    /// In this file.
    File(PathBuf),
}

impl fmt::Display for SecretKeyPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setting => f.write_str("LOCKSTEP_SECRET_KEY"),
            Self::File(path) => write!(f, "the file {}", path.display()),
        }
    }
}

/// Why there is no key to start with.
#[derive(Debug, thiserror::Error)]
pub enum SecretKeyError {
    /// The database uses a key that is not here.
    #[error(
        "the secrets of this database (links and passwords of sources) are encrypted with the key {fingerprint}, which is \
         neither in LOCKSTEP_SECRET_KEY nor in {}. Set LOCKSTEP_SECRET_KEY as the server does that uses this database, or \
         copy the file {KEY_FILE_NAME} from its data folder. docs/troubleshooting.md says what to do if the key is lost",
        path.display()
    )]
    Missing {
        /// The fingerprint of the key that the database uses.
        fingerprint: String,
        /// Where the file would be.
        path: PathBuf,
    },
    /// The database uses another key.
    #[error(
        "{place} has the key {found}, and the secrets of this database (links and passwords of sources) are encrypted \
         with the key {fingerprint}. Use that key: LOCKSTEP_SECRET_KEY, or the file {KEY_FILE_NAME} in the data folder of \
         the server that has it"
    )]
    Different {
        /// Where the other key is.
        place: SecretKeyPlace,
        /// Its fingerprint.
        found: String,
        /// The fingerprint of the key that the database uses.
        fingerprint: String,
    },
    /// The file does not hold a key.
    #[error("the file {} is not usable as a secret key: {reason}. Restore it from a copy", path.display())]
    BadFile {
        /// The path of the file.
        path: PathBuf,
        /// What is wrong with it.
        reason: NotASecretKey,
    },
    /// The file cannot be read or created.
    #[error("the secret key {} cannot be read or created: {error}", path.display())]
    Unreadable {
        /// The path of the file.
        path: PathBuf,
        /// The error of the operating system.
        error: io::Error,
    },
}
