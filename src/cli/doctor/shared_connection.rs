//! The database connection that several checks share.

use std::path::Path;

use super::time_limit::{CHECK_TIMEOUT, describe_timeout, wait_for_result};
use crate::store::StoreError;
use crate::store::diagnostics::DatabaseProbe;

/// A connection for one check after the other. A check that times out keeps the connection.
pub(super) struct SharedConnection(Option<DatabaseProbe>);

impl SharedConnection {
    pub(super) fn new(probe: DatabaseProbe) -> Self {
        Self(Some(probe))
    }

    /// Whether a check timed out. All later checks fail.
    pub(super) fn has_timed_out(&self) -> bool {
        self.0.is_none()
    }

    /// Runs `query` on the connection.
    ///
    /// # Errors
    /// A message for people: the query failed or timed out, or an earlier one timed out.
    pub(super) fn run_query<T: Send + 'static>(
        &mut self,
        query: impl FnOnce(&mut DatabaseProbe) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, String> {
        let Some(mut probe) = self.0.take() else { return Err("an earlier check timed out".to_owned()) };
        let result = wait_for_result(CHECK_TIMEOUT, move || {
            let result = query(&mut probe);
            (probe, result)
        });
        let (probe, result) = result.ok_or_else(|| format!("it {}", describe_timeout()))?;
        self.0 = Some(probe);
        result.map_err(|error| error.to_string())
    }
}

/// The fix for a database that cannot be used. `file` is the file of a SQLite database.
pub(super) fn connection_fix(file: Option<&Path>) -> String {
    match file {
        Some(path) => format!("Check that {} is a SQLite file that this user may read and write.", path.display()),
        None => "Check that PostgreSQL is running and accepts this machine, and that DATABASE_URL is right: user, \
                 password, host, port, database. Running syncs wait for it."
            .to_owned(),
    }
}
