//! The primary status store: opened, and described for people.

use crate::config::{Settings, StatusStoreSetting};
use crate::status::{DatabaseStatus, FileStatus, RedisStatus, StatusError, StatusStore};
use crate::store::Store;

/// Opens the primary status store. A Redis that does not respond is not an error: until it does, status is read from
/// the database.
pub(super) fn open_status_store(settings: &Settings, store: &Store) -> Result<Box<dyn StatusStore>, StatusError> {
    Ok(match &settings.status_store {
        StatusStoreSetting::File => Box::new(FileStatus::new(settings.data_dir.join("status"))),
        StatusStoreSetting::Database => Box::new(DatabaseStatus::new(store.clone())),
        StatusStoreSetting::Redis(address) => Box::new(RedisStatus::open(address, settings.keep_status)?),
    })
}

/// Where the status store keeps live status, for people.
pub(super) fn describe_status_store(settings: &Settings) -> String {
    match &settings.status_store {
        StatusStoreSetting::File => "Files in the data folder".to_owned(),
        StatusStoreSetting::Database => "The database".to_owned(),
        StatusStoreSetting::Redis(address) => format!("Redis at {}", address.for_people()),
    }
}
