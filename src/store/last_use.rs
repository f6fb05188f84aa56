//! Writes when sessions and tokens were last used.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::connection::Store;
use super::dialect::clock;
use super::error::StoreError;
use super::schema::{api_tokens, sessions, users};
use crate::domain::account::{CredentialHash, LAST_USE_PRECISION};
use crate::domain::session_lifetimes::SessionLifetimes;

impl Store {
    /// Writes that a session or a token is used now, unless a server wrote so less than five minutes ago. A session
    /// lasts longer then, as far as `lifetimes` allow. Returns whether it was written.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn record_use(&self, credential: &CredentialHash, lifetimes: SessionLifetimes) -> Result<bool, StoreError> {
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
            let session = sessions::table.find(hash).filter(is_old);
            let known = session.select((sessions::user_id, sessions::created_at, sessions::expires_at));
            type KnownSession = (i64, Option<NaiveDateTime>, NaiveDateTime);
            let Some((user, began, expiry)) = known.first::<KnownSession>(conn).optional()? else { return Ok(false) };
            // Without the time of its login, a session lasts no longer than it would have.
            let until = began.map_or(expiry.min(lifetimes.expiry(now, now)), |began| lifetimes.expiry(began, now));
            // In this order, as in every transaction, so that no two wait for each other.
            diesel::update(users::table.find(user)).set(users::last_active_at.eq(now)).execute(conn)?;
            let session = diesel::update(sessions::table.find(hash));
            Ok(session.set((sessions::last_used_at.eq(now), sessions::expires_at.eq(until))).execute(conn)? > 0)
        })
    }
}
