//! Takes up the reserve of the disk, and refuses what must not use it.

use super::connection::Store;
use super::dialect::checkpoint::shorten_log;
use super::error::StoreError;

impl Store {
    /// Reserves room for what must be written when the disk is full. Only a SQLite file has a reserve.
    ///
    /// # Errors
    /// [`StoreError::DiskFull`] when the disk has no room for the reserve and for a run.
    pub fn reserve_disk_space(&self) -> Result<(), StoreError> {
        match &self.disk_reserve {
            Some(reserve) if !reserve.hold() => {
                // The log may be long and empty.
                self.shorten_log();
                if reserve.hold() { Ok(()) } else { Err(StoreError::DiskFull) }
            }
            _ => Ok(()),
        }
    }

    /// Gives back what a write that found the disk full has added to SQLite's log.
    pub(super) fn shorten_log_if_disk_full(&self, error: &StoreError) {
        if self.is_sqlite() && error.is_disk_full() {
            self.shorten_log();
        }
    }

    /// Moves SQLite's log into the database, and makes its file empty. A failure leaves it as it is. Does nothing on
    /// PostgreSQL.
    pub fn shorten_log(&self) {
        let shortened = self.read(|conn| Ok(shorten_log(conn)?));
        if let Err(error) = shortened {
            log::debug!("the log of the database could not be shortened: {error}");
        }
    }

    /// Refuses a large write when only the reserve is left.
    pub(super) fn check_space_for_items(&self) -> Result<(), StoreError> {
        match &self.disk_reserve {
            Some(reserve) if reserve.is_released() || reserve.is_disk_full() => Err(StoreError::DiskFull),
            _ => Ok(()),
        }
    }
}
