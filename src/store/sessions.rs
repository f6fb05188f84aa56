//! Sessions of users, each identified by the hash of the token in its cookie.

use chrono::{TimeDelta, Utc};
use diesel::prelude::*;

use super::connection::Store;
use super::dialect::clock;
use super::error::StoreError;
use super::schema::{sessions, users};
use super::stored_values::parse_value;
use crate::domain::account::{Actor, UserAccount};

impl Store {
    /// Begins a session that expires after `lifetime`, and deletes all expired sessions.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn begin_session(&self, user: &UserAccount, token_hash: &str, lifetime: TimeDelta) -> Result<(), StoreError> {
        self.write(|conn| {
            let now = clock::now(conn)?.naive_utc();
            diesel::delete(sessions::table.filter(sessions::expires_at.lt(now))).execute(conn)?;
            diesel::insert_into(sessions::table)
                .values((
                    sessions::token_hash.eq(token_hash),
                    sessions::user_id.eq(user.id),
                    sessions::expires_at.eq(now + lifetime),
                ))
                .execute(conn)?;
            Ok(())
        })
    }

    /// Ends a session.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn end_session(&self, token_hash: &str) -> Result<(), StoreError> {
        self.write(|conn| Ok(diesel::delete(sessions::table.find(token_hash)).execute(conn).map(drop)?))
    }

    /// Returns the user of a session, or `None` if the session is unknown or expired.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn session_actor(&self, token_hash: &str) -> Result<Option<Actor>, StoreError> {
        self.read(|conn| {
            let row: Option<(String, String)> = sessions::table
                .inner_join(users::table)
                .filter(sessions::token_hash.eq(token_hash))
                .filter(sessions::expires_at.gt(Utc::now().naive_utc()))
                .select((users::name, users::role))
                .first(conn)
                .optional()?;
            row.map(|(name, role)| Ok(Actor { name, role: parse_value("users.role", &role)? })).transpose()
        })
    }
}
