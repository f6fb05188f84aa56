//! The setting that chooses the primary status store.

use crate::status::RedisAddress;

/// The primary status store, where live status is written first.
#[derive(Clone, Debug)]
pub enum StatusStoreSetting {
    /// Files in the data folder.
    File,
    /// The Redis at this address.
    Redis(RedisAddress),
    /// The database only.
    Database,
}
