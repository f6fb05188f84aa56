//! Finds the key that the secrets of sources are encrypted with, and creates it for a database that has none.
//!
//! The key is the setting `LOCKSTEP_SECRET_KEY`, or a file in the data folder. The database knows its fingerprint: with
//! another key, or without one, nothing starts, and a second key is never created.

use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use super::busy_database::retry_while_busy;
use super::error::AppError;
use super::secret_key_error::{KEY_FILE_NAME, SecretKeyError, SecretKeyPlace};
use crate::config::Settings;
use crate::data_files::read_small_file;
use crate::domain::defaults::LEASE_DURATION;
use crate::domain::secret::generate_token;
use crate::domain::secret_key::{MAX_SECRET_KEY_BYTES, SecretKey};
use crate::store::Store;

/// Returns the key that is set, or in the file of the data folder, and where it is; `None` if there is neither. Whether
/// it is the key of the database is not checked.
///
/// # Errors
/// [`SecretKeyError`] when the file cannot be read or does not hold a key.
pub fn find_key(settings: &Settings) -> Result<Option<(Arc<SecretKey>, SecretKeyPlace)>, SecretKeyError> {
    if let Some(key) = &settings.secret_key {
        return Ok(Some((Arc::clone(key), SecretKeyPlace::Setting)));
    }
    let path = settings.data_dir.join(KEY_FILE_NAME);
    let key = read_key_file(&path)?;
    Ok(key.map(|key| (Arc::new(key), SecretKeyPlace::File(path))))
}

/// Returns the key of the database. A database that never had one gets the key that is found, or a new one in a file.
///
/// # Errors
/// [`AppError::SecretKey`] when the database has another key, or one that is not here.
pub(super) fn find_or_create_key(store: &Store, settings: &Settings) -> Result<Arc<SecretKey>, AppError> {
    let path = settings.data_dir.join(KEY_FILE_NAME);
    let fingerprint = match retry_while_busy(|| store.secret_key_fingerprint())? {
        Some(fingerprint) => fingerprint,
        None => store.adopt_secret_key(|| match find_key(settings)? {
            Some((key, _)) => Ok(key.fingerprint().to_owned()),
            None => create_key_file(&path).map(|key| key.fingerprint().to_owned()),
        })?,
    };
    match find_key(settings)? {
        Some((key, _)) if key.fingerprint() == fingerprint => Ok(key),
        Some((key, place)) => {
            Err(SecretKeyError::Different { place, found: key.fingerprint().to_owned(), fingerprint }.into())
        }
        None => Err(SecretKeyError::Missing { fingerprint, path }.into()),
    }
}

/// Gives up what is encrypted with the key of the database, if that key is lost. Returns the slugs of the sources whose
/// links are lost with it, or `None` if the key is here, so that nothing is lost.
///
/// # Errors
/// When the data folder or the database cannot be opened, or when the file of the key cannot be read.
pub fn forget_lost_secrets(settings: &Settings) -> Result<Option<Vec<String>>, AppError> {
    let store = Store::open(&settings.database, 1, LEASE_DURATION)?;
    retry_while_busy(|| store.migrate())?;
    let found = find_key(settings)?.map(|(key, _)| key.fingerprint().to_owned());
    match retry_while_busy(|| store.secret_key_fingerprint())? {
        Some(fingerprint) if found.as_ref() != Some(&fingerprint) => {
            Ok(Some(retry_while_busy(|| store.forget_sealed_secrets())?))
        }
        _ => Ok(None),
    }
}

fn read_key_file(path: &Path) -> Result<Option<SecretKey>, SecretKeyError> {
    let text = match read_small_file(path, MAX_SECRET_KEY_BYTES as u64) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(SecretKeyError::Unreadable { path: path.to_owned(), error }),
    };
    let derived = SecretKey::derive_from(&String::from_utf8_lossy(&text));
    derived.map(Some).map_err(|reason| SecretKeyError::BadFile { path: path.to_owned(), reason })
}

/// Creates the file with a new key, for its owner alone. The file appears with its whole content or not at all. Never
/// replaces a file.
fn create_key_file(path: &Path) -> Result<SecretKey, AppError> {
    let text = generate_token()?;
    let create = || -> io::Result<()> {
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(folder)?;
        file.as_file().set_permissions(std::fs::Permissions::from_mode(0o600))?;
        file.write_all(format!("{text}\n").as_bytes())?;
        file.as_file().sync_all()?;
        file.persist_noclobber(path).map_err(|error| error.error)?;
        // Only then is the name of the file on the disk, too.
        std::fs::File::open(folder)?.sync_all()
    };
    create().map_err(|error| SecretKeyError::Unreadable { path: path.to_owned(), error })?;
    log::info!("created the secret key {}: keep a copy of it apart from the copies of the database", path.display());
    let derived = SecretKey::derive_from(&text);
    derived.map_err(|reason| SecretKeyError::BadFile { path: path.to_owned(), reason }.into())
}
