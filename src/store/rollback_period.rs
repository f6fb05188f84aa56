//! Says in which form rows of items and changes, and secrets of sources, are written.
//!
//! The version before this one cannot read the newest form. So that it may still run beside this one, or be started
//! again, the form that it reads is written until a day has passed since the upgrade, or as long as the operator sets.
//! Both forms are always read.

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::connection::{AnyConnection, Store};
use super::error::StoreError;
use super::installation::get_fact;
use super::row_form::RowForm;
use super::schema::installation_facts;
use super::secret_sealer::SEALED_FROM;
use super::stored_values::parse_value;

/// When the tables of the compact form were added, in epoch milliseconds; 0 in a database that was new then.
const FORM_ADDED_AT: &str = "compact_form_added_at";
/// From when on rows are written in the compact form, in epoch milliseconds.
const FORM_FROM: &str = "compact_form_from";
/// When encryption was added, in epoch milliseconds; 0 in a database that was new then.
const SEALING_ADDED_AT: &str = "secrets_sealing_added_at";

/// The facts of each form: when it was added, and from when on it is written.
const FORM_FACTS: [(&str, &str); 2] = [(FORM_ADDED_AT, FORM_FROM), (SEALING_ADDED_AT, SEALED_FROM)];

/// Returns the form of rows that are written at `now`.
pub(super) fn form_at(conn: &mut AnyConnection, now: DateTime<Utc>) -> Result<RowForm, StoreError> {
    let is_compact = now.timestamp_millis() >= compact_form_from(conn)?;
    Ok(if is_compact { RowForm::Compact } else { RowForm::Named })
}

/// Returns from when on rows are written in the compact form, in epoch milliseconds.
pub(super) fn compact_form_from(conn: &mut AnyConnection) -> Result<i64, StoreError> {
    match get_fact(conn, FORM_FROM)? {
        Some(from) => parse_value("house_facts.value", &from),
        None => Ok(i64::MAX),
    }
}

impl Store {
    /// Sets for how long after the upgrade to this version the version before it can still be used with the database.
    /// Has no effect in a database that this version created.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn set_rollback_period(&self, period: Duration) -> Result<(), StoreError> {
        let period = i64::try_from(period.as_millis()).unwrap_or(i64::MAX);
        for (added_fact, from_fact) in FORM_FACTS {
            let from = self.read(|conn| {
                let Some(added) = get_fact(conn, added_fact)? else { return Ok(None) };
                let added: i64 = parse_value("house_facts.value", &added)?;
                let from = if added == 0 { 0 } else { added.saturating_add(period) }.to_string();
                Ok((get_fact(conn, from_fact)? != Some(from.clone())).then_some(from))
            })?;
            // Usually nothing changed, and the check needs no write lock.
            let Some(from) = from else { continue };
            self.write(|conn| {
                let fact = installation_facts::table.find(from_fact);
                diesel::update(fact).set(installation_facts::value.eq(&from)).execute(conn)?;
                Ok(())
            })?;
        }
        Ok(())
    }
}
