//! Writes when sessions and tokens were last used.

use diesel::prelude::*;

use super::connection::Store;
use super::dialect::clock;
use super::error::StoreError;
use super::schema::{api_tokens, sessions, users};
use crate::domain::account::{CredentialHash, LAST_USE_PRECISION};

impl Store {
    /// Writes that a session or a token is used now, unless a server wrote so less than five minutes ago. Returns
    /// whether it was written.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn record_use(&self, credential: &CredentialHash) -> Result<bool, StoreError> {
        self.write(|conn| {
            let now = clock::now(conn)?.naive_utc();
            let before = now - LAST_USE_PRECISION;
            let hash = match credential {
                CredentialHash::Token(hash) => {
                    let is_old = api_tokens::last_used_at.is_null().or(api_tokens::last_used_at.le(before));
                    let used = api_tokens::table.filter(api_tokens::token_hash.eq(hash)).filter(is_old);
                    return Ok(diesel::update(used).set(api_tokens::last_used_at.eq(now)).execute(conn)? > 0);
                }
                CredentialHash::Session(hash) => hash,
            };
            let is_old = sessions::last_used_at.is_null().or(sessions::last_used_at.le(before));
            let user = sessions::table.find(hash).filter(is_old).select(sessions::user_id);
            let Some(user) = user.first::<i64>(conn).optional()? else { return Ok(false) };
            // In this order, as in every transaction, so that no two wait for each other.
            diesel::update(users::table.find(user)).set(users::last_active_at.eq(now)).execute(conn)?;
            let session = diesel::update(sessions::table.find(hash));
            Ok(session.set(sessions::last_used_at.eq(now)).execute(conn)? > 0)
        })
    }
}
