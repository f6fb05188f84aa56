//! The database connection that several checks share.

use std::path::Path;

use super::time_limit::{LIMIT, bounded, late};
use crate::store::StoreError;
use crate::store::checkup::DatabaseProbe;

/// The connection that the checks share. A check that takes too long keeps it.
pub(super) struct SharedConnection(pub(super) Option<DatabaseProbe>);

impl SharedConnection {
    /// Whether a check took too long.
    pub(super) fn is_silent(&self) -> bool {
        self.0.is_none()
    }

    /// What a check answers.
    pub(super) fn ask<T: Send + 'static>(
        &mut self,
        question: impl FnOnce(&mut DatabaseProbe) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, String> {
        let Some(mut checkup) = self.0.take() else { return Err("it did not answer before".to_owned()) };
        let answer = bounded(LIMIT, move || {
            let answer = question(&mut checkup);
            (checkup, answer)
        });
        let (checkup, answer) = answer.ok_or_else(|| format!("it {}", late()))?;
        self.0 = Some(checkup);
        answer.map_err(|error| error.to_string())
    }
}

pub(super) fn reach(file: Option<&Path>) -> String {
    match file {
        Some(path) => format!("See whether {} is a SQLite file that this user may read and write.", path.display()),
        None => {
            "See whether PostgreSQL runs and lets this machine in, and whether DATABASE_URL is right: user, password, \
                 host, port, database. Syncs that run wait for it."
                .to_owned()
        }
    }
}
