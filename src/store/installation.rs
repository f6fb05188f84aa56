//! Facts about the installation as a whole, by name.

use diesel::prelude::*;

use super::connection::{AnyConnection, Store};
use super::dialect::bulk;
use super::error::StoreError;
use super::schema::installation_facts;

/// That this database has or had a source: the sample is for databases that never had one.
pub(super) const HAD_A_SOURCE: &str = "had_a_source";
/// The one-time token of the set-up link, until an admin exists.
pub(super) const SETUP_TOKEN: &str = "setup_token";

pub(super) fn get_fact(conn: &mut AnyConnection, name: &str) -> Result<Option<String>, StoreError> {
    Ok(installation_facts::table.find(name).select(installation_facts::value).first(conn).optional()?)
}

/// Stores a fact unless one of that name is there; answers whether it was stored.
pub(super) fn insert_fact_if_absent(conn: &mut AnyConnection, name: &str, value: &str) -> Result<bool, StoreError> {
    Ok(bulk::insert_fact(conn, name, value)? == 1)
}

impl Store {
    /// The token of the set-up link: the stored one, or `fresh`, which is stored then. `None` once an admin exists.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn setup_token(&self, fresh: &str) -> Result<Option<String>, StoreError> {
        if self.has_admin()? {
            return Ok(None);
        }
        self.write(|conn| {
            insert_fact_if_absent(conn, SETUP_TOKEN, fresh)?;
            get_fact(conn, SETUP_TOKEN)
        })
    }
}
