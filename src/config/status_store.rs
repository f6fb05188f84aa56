//! The setting that chooses the primary status store.

use crate::status::RedisAddress;

/// Where live status is written first.
#[derive(Clone, Debug)]
pub enum StatusStoreSetting {
    /// Files in the data folder.
    File,
    /// The Redis at this address.
    Redis(RedisAddress),
    /// The database, which keeps the status anyway.
    Database,
}
