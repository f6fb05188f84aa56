//! What a server reports about its own database. [`DatabaseProbe`] reports the same of any database.
//!
//! [`DatabaseProbe`]: super::diagnostics::DatabaseProbe

use super::compaction::{self, ConversionState};
use super::connection::Store;
use super::database_facts::{DatabaseFacts, MigrationDiff};
use super::diagnostics::{self, FailedSource};
use super::dialect::probe;
use super::error::StoreError;

/// The database as a whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DatabaseOverview {
    /// Version, size and limits.
    pub facts: DatabaseFacts,
    /// Which migrations are applied.
    pub migrations: MigrationDiff,
    /// How far the conversion of rows that earlier versions wrote is.
    pub conversion: ConversionState,
    /// The sources whose latest run failed or was interrupted. Previews do not count.
    pub failed_sources: Vec<FailedSource>,
}

impl Store {
    /// Returns version, size and state of the database.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn database_overview(&self) -> Result<DatabaseOverview, StoreError> {
        self.read(|conn| {
            Ok(DatabaseOverview {
                facts: probe::database_facts(conn)?,
                migrations: diagnostics::compare_migrations(conn)?,
                conversion: compaction::conversion_state(conn)?,
                failed_sources: diagnostics::failed_sources(conn)?,
            })
        })
    }
}
