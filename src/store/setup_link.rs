//! The token of the set-up link, with which the first admin is created.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;

use super::connection::{AnyConnection, Store};
use super::dialect::clock;
use super::error::StoreError;
use super::installation::{get_fact, insert_fact_if_absent, set_fact};
use super::schema::{installation_facts, users};
use crate::domain::account::Role;

/// The one-time token of the link, until an admin exists.
const SETUP_TOKEN: &str = "setup_token";
/// When the link expires, in epoch milliseconds.
const SETUP_TOKEN_EXPIRY: &str = "setup_token_expires_at";
/// How long a link can be used. The next start prints a new one.
pub const SETUP_LINK_LIFETIME: TimeDelta = TimeDelta::hours(24);

/// Whether the token of a set-up link can be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SetupLinkState {
    /// The token is right, and there is no admin yet.
    Open,
    /// The token is right, but too old.
    Expired,
    /// The token is wrong, or an admin exists.
    Invalid,
}

/// Returns whether an admin exists.
pub(super) fn has_admin(conn: &mut AnyConnection) -> Result<bool, StoreError> {
    let admins = users::table.filter(users::role.eq(Role::Admin.as_str()));
    Ok(admins.count().get_result::<i64>(conn)? > 0)
}

/// Deletes the link. Returns whether there was one.
pub(super) fn delete_setup_link(conn: &mut AnyConnection) -> Result<bool, StoreError> {
    let facts = installation_facts::table.filter(installation_facts::name.eq_any([SETUP_TOKEN, SETUP_TOKEN_EXPIRY]));
    Ok(diesel::delete(facts).execute(conn)? > 0)
}

/// Uses the link, which is gone then. Returns whether `token` is that of the open link.
pub(super) fn use_setup_link(conn: &mut AnyConnection, token: &str) -> Result<bool, StoreError> {
    if link_state(conn, token)? != SetupLinkState::Open {
        return Ok(false);
    }
    // Deleting the token is the lock: if two people use the link at once, only one of them deletes a row.
    let link = installation_facts::table.find(SETUP_TOKEN).filter(installation_facts::value.eq(token));
    let was_used = diesel::delete(link).execute(conn)? == 1;
    delete_setup_link(conn)?;
    // Another transaction may have added an admin after the first look.
    Ok(was_used && !has_admin(conn)?)
}

fn link_state(conn: &mut AnyConnection, token: &str) -> Result<SetupLinkState, StoreError> {
    if get_fact(conn, SETUP_TOKEN)?.as_deref() != Some(token) || has_admin(conn)? {
        return Ok(SetupLinkState::Invalid);
    }
    let now = clock::now(conn)?;
    Ok(match find_expiry(conn)? {
        Some(expiry) if expiry <= now => SetupLinkState::Expired,
        // An earlier version made the link.
        Some(_) | None => SetupLinkState::Open,
    })
}

/// When the stored link expires; `None` if there is none, or if an earlier version made it.
fn find_expiry(conn: &mut AnyConnection) -> Result<Option<DateTime<Utc>>, StoreError> {
    let millis = get_fact(conn, SETUP_TOKEN_EXPIRY)?.and_then(|text| text.parse().ok());
    Ok(millis.and_then(DateTime::from_timestamp_millis))
}

impl Store {
    /// Returns the token of the set-up link: the stored one if it can still be used, or else `new_token`, which is then
    /// stored. Returns `None` once an admin exists.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn setup_token(&self, new_token: &str) -> Result<Option<String>, StoreError> {
        if self.read(has_admin)? {
            return Ok(None);
        }
        self.write(|conn| {
            let now = clock::now(conn)?;
            let expiry = (now + SETUP_LINK_LIFETIME).timestamp_millis().to_string();
            let replaced = match (get_fact(conn, SETUP_TOKEN)?, find_expiry(conn)?) {
                // Of several servers that start at once, the first one adds its token, and the others print it, too.
                (None, _) => insert_fact_if_absent(conn, SETUP_TOKEN, new_token)?,
                (Some(expired), Some(end)) if end <= now => {
                    let expired =
                        installation_facts::table.find(SETUP_TOKEN).filter(installation_facts::value.eq(expired));
                    diesel::update(expired).set(installation_facts::value.eq(new_token)).execute(conn)? > 0
                }
                // An earlier version made the link. It expires from now on.
                (Some(_), None) => true,
                (Some(_), Some(_)) => false,
            };
            if replaced {
                set_fact(conn, SETUP_TOKEN_EXPIRY, &expiry)?;
            }
            get_fact(conn, SETUP_TOKEN)
        })
    }

    /// Returns whether the set-up link with this token can be used.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn setup_link_state(&self, token: &str) -> Result<SetupLinkState, StoreError> {
        self.read(|conn| link_state(conn, token))
    }
}
