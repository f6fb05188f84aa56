//! Stores named facts about the installation as a whole.

use diesel::prelude::*;

use super::any_connection::AnyConnection;
use super::dialect::insert_once;
use super::error::StoreError;
use super::schema::installation_facts;

/// Set when the first source is added: the sample catalog is only for databases that never had a source.
pub(super) const HAD_A_SOURCE: &str = "had_a_source";

pub(super) fn get_fact(conn: &mut AnyConnection, name: &str) -> Result<Option<String>, StoreError> {
    Ok(installation_facts::table.find(name).select(installation_facts::value).first(conn).optional()?)
}

/// Stores a fact unless a fact with that name exists. Returns whether it was stored.
pub(super) fn insert_fact_if_absent(conn: &mut AnyConnection, name: &str, value: &str) -> Result<bool, StoreError> {
    Ok(insert_once::insert_fact(conn, name, value)? == 1)
}

/// Stores a fact, in place of an earlier one with that name.
pub(super) fn set_fact(conn: &mut AnyConnection, name: &str, value: &str) -> Result<(), StoreError> {
    if !insert_fact_if_absent(conn, name, value)? {
        let fact = installation_facts::table.find(name);
        diesel::update(fact).set(installation_facts::value.eq(value)).execute(conn)?;
    }
    Ok(())
}
