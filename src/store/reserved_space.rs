//! Takes up the reserve of the disk, and refuses what must not use it.

use super::connection::Store;
use super::error::StoreError;

impl Store {
    /// Reserves room for what must be written when the disk is full. Only a SQLite file has a reserve.
    ///
    /// # Errors
    /// [`StoreError::DiskFull`] when the disk has no room for the reserve and for a run.
    pub fn reserve_disk_space(&self) -> Result<(), StoreError> {
        match &self.disk_reserve {
            Some(reserve) if !reserve.take_up() => Err(StoreError::DiskFull),
            _ => Ok(()),
        }
    }

    /// Refuses a large write when only the reserve is left.
    pub(super) fn check_space_for_items(&self) -> Result<(), StoreError> {
        match &self.disk_reserve {
            Some(reserve) if reserve.is_in_use() || reserve.is_full() => Err(StoreError::DiskFull),
            _ => Ok(()),
        }
    }
}
