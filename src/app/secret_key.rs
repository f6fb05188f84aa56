//! Finds the key that the secrets of sources are encrypted with, and creates it for a database that has none.
//!
//! The key is the setting `LOCKSTEP_SECRET_KEY`, or a file in the data folder. The database knows its fingerprint: with
//! another key, or without one, nothing starts, and a second key is never created.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;

use super::busy_database::retry_while_busy;
use super::error::AppError;
use super::secret_key_error::{KEY_FILE_NAME, SecretKeyError, SecretKeyPlace};
use crate::config::Settings;
use crate::data_files::read_small_file;
use crate::domain::audit::{AuditChannel, AuditOrigin};
use crate::domain::defaults::LEASE_DURATION;
use crate::domain::secret::generate_token;
use crate::domain::secret_key::{MAX_SECRET_KEY_BYTES, NotASecretKey, SecretKey};
use crate::store::{DatabaseAddress, Store, StoreError};

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

/// Whether a key is chosen for a database that never had one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyCreation {
    /// The key that is found becomes that of the database, or a new one in a file.
    IfMissing,
    /// None: the caller stores no secrets. The key of a shared database must not be created where somebody only looks
    /// at it.
    Never,
}

/// Returns the key of the database; `None` for a database that never had one, unless `creation` says to choose one.
///
/// # Errors
/// [`AppError::SecretKey`] when the database has another key, or one that is not here.
pub(super) fn find_or_create_key(
    store: &Store,
    settings: &Settings,
    creation: KeyCreation,
) -> Result<Option<Arc<SecretKey>>, AppError> {
    let path = settings.data_dir.join(KEY_FILE_NAME);
    let fingerprint = match (retry_while_busy(|| store.secret_key_fingerprint())?, creation) {
        (Some(fingerprint), _) => fingerprint,
        (None, KeyCreation::IfMissing) => adopt_key(store, settings, &path)?,
        (None, KeyCreation::Never) => return Ok(None),
    };
    match find_key(settings)? {
        Some((key, _)) if key.fingerprint() == fingerprint => Ok(Some(key)),
        Some((key, place)) => {
            Err(SecretKeyError::Different { place, found: key.fingerprint().to_owned(), fingerprint }.into())
        }
        None => Err(SecretKeyError::Missing { fingerprint, path }.into()),
    }
}

/// Makes the key that is found, or a new one, that of the database. Returns the fingerprint of the key of the database,
/// which another server may have chosen at the same time.
fn adopt_key(store: &Store, settings: &Settings, path: &Path) -> Result<String, AppError> {
    let choose = || match find_key(settings)? {
        Some((key, _)) => Ok(key.fingerprint().to_owned()),
        None => create_key_file(path).map(|key| key.fingerprint().to_owned()),
    };
    retry_while_busy(|| store.adopt_secret_key(choose))?
}

/// What became of secrets that cannot be decrypted.
pub struct DiscardedSecrets {
    /// The slugs of the sources whose links are lost.
    pub slugs: Vec<String>,
    /// The key that the next start uses; `None` if it creates one.
    pub next_key: Option<SecretKeyPlace>,
}

/// Discards the secrets that cannot be decrypted with the keys that are there: that of the setting, and that of the
/// file.
///
/// # Errors
/// When there is no database, or when it cannot be opened.
pub fn discard_lost_secrets(settings: &Settings) -> Result<DiscardedSecrets, AppError> {
    if let DatabaseAddress::Sqlite(path) = &settings.database
        && !path.exists()
    {
        let reason = "it does not exist. Set LOCKSTEP_DATA_DIR or DATABASE_URL as the server does".to_owned();
        return Err(StoreError::Unreachable { address: settings.database.for_people(), reason }.into());
    }
    let file = settings.data_dir.join(KEY_FILE_NAME);
    let in_file = match read_key_file(&file) {
        Ok(key) => key.map(|key| (Arc::new(key), SecretKeyPlace::File(file))),
        // A file that holds no key counts as none.
        Err(SecretKeyError::BadFile { .. }) => None,
        // The key may be there, and only not for this user.
        Err(
            error @ (SecretKeyError::Unreadable { .. }
            | SecretKeyError::Missing { .. }
            | SecretKeyError::Different { .. }),
        ) => {
            return Err(error.into());
        }
    };
    let in_setting = settings.secret_key.clone().map(|key| (key, SecretKeyPlace::Setting));
    let found: Vec<(Arc<SecretKey>, SecretKeyPlace)> = in_setting.into_iter().chain(in_file).collect();
    let store = Store::open(&settings.database, 1, LEASE_DURATION)?;
    retry_while_busy(|| store.migrate())?;
    let actor = settings.operator.clone();
    let acting =
        store.on_behalf_of(AuditOrigin { actor, channel: AuditChannel::CommandLine, address: None, credential: None });
    let keys: Vec<&SecretKey> = found.iter().map(|(key, _)| &**key).collect();
    let slugs = retry_while_busy(|| acting.discard_lost_secrets(&keys))?;
    let fingerprint = retry_while_busy(|| store.secret_key_fingerprint())?;
    let is_kept = |(key, _): &&(Arc<SecretKey>, SecretKeyPlace)| Some(key.fingerprint()) == fingerprint.as_deref();
    let kept = found.iter().find(is_kept).map(|(_, place)| place.clone());
    let next_key = kept.or_else(|| found.into_iter().next().map(|(_, place)| place));
    Ok(DiscardedSecrets { slugs, next_key })
}

fn read_key_file(path: &Path) -> Result<Option<SecretKey>, SecretKeyError> {
    let text = match read_small_file(path, MAX_SECRET_KEY_BYTES as u64) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == ErrorKind::FileTooLarge => {
            return Err(SecretKeyError::BadFile { path: path.to_owned(), reason: NotASecretKey::TooLong });
        }
        Err(error) => return Err(SecretKeyError::Unreadable { path: path.to_owned(), error }),
    };
    let text = String::from_utf8(text).map_err(|_| NotASecretKey::NotText);
    let derived = text.and_then(|text| SecretKey::derive_from(&text));
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
        give_to_owner_of_folder(file.as_file(), folder)?;
        file.write_all(format!("{text}\n").as_bytes())?;
        file.as_file().sync_all()?;
        file.persist_noclobber(path).map_err(|error| error.error)?;
        // Only then is the name of the file on the disk, too.
        File::open(folder)?.sync_all()
    };
    create().map_err(|error| SecretKeyError::Unreadable { path: path.to_owned(), error })?;
    log::info!("created the secret key {}: keep a copy of it apart from the copies of the database", path.display());
    let derived = SecretKey::derive_from(&text);
    derived.map_err(|reason| SecretKeyError::BadFile { path: path.to_owned(), reason }.into())
}

/// Gives a file to the owner of its folder, who must be able to read it, if a command of root creates it.
fn give_to_owner_of_folder(file: &File, folder: &Path) -> io::Result<()> {
    let (folder, own) = (std::fs::metadata(folder)?, file.metadata()?);
    if own.uid() == 0 && folder.uid() != 0 {
        std::os::unix::fs::fchown(file, Some(folder.uid()), Some(folder.gid()))?;
    }
    Ok(())
}
