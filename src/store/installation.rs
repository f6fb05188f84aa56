//! Stores named facts about the installation as a whole.

use diesel::prelude::*;

use super::connection::{AnyConnection, Store};
use super::dialect::insert_once;
use super::error::StoreError;
use super::schema::installation_facts;

/// Set when the first source is added: the sample catalog is only for databases that never had a source.
pub(super) const HAD_A_SOURCE: &str = "had_a_source";
/// The one-time token of the set-up link, until an admin exists.
pub(super) const SETUP_TOKEN: &str = "setup_token";

pub(super) fn get_fact(conn: &mut AnyConnection, name: &str) -> Result<Option<String>, StoreError> {
    Ok(installation_facts::table.find(name).select(installation_facts::value).first(conn).optional()?)
}

/// Stores a fact unless a fact with that name exists. Returns whether it was stored.
pub(super) fn insert_fact_if_absent(conn: &mut AnyConnection, name: &str, value: &str) -> Result<bool, StoreError> {
    Ok(insert_once::insert_fact(conn, name, value)? == 1)
}

impl Store {
    /// Returns the token of the set-up link: the stored token, or else `new_token`, which is then stored. Returns
    /// `None` once an admin exists.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn setup_token(&self, new_token: &str) -> Result<Option<String>, StoreError> {
        if self.has_admin()? {
            return Ok(None);
        }
        self.write(|conn| {
            insert_fact_if_absent(conn, SETUP_TOKEN, new_token)?;
            get_fact(conn, SETUP_TOKEN)
        })
    }
}
