//! Sessions of users, each identified by the hash of the token in its cookie.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::audit_log::AuditSubject;
use super::connection::{AnyConnection, Store};
use super::dialect::clock;
use super::error::StoreError;
use super::schema::{sessions, users};
use super::stored_values::parse_value;
use super::users::to_account;
use crate::domain::account::{Actor, ActorUse, UserAccount};
use crate::domain::audit::AuditAction;
use crate::domain::secret;
use crate::domain::session_lifetimes::SessionLifetimes;

/// The most characters of a `User-Agent` that are stored.
const MAX_USER_AGENT_CHARS: usize = 300;

/// A session of a user.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UserSession {
    /// Names the session in forms. It is computed from the hash of its token, and neither can be computed from it.
    pub public_id: String,
    /// Whether the session has the token hash that was asked for.
    pub is_current: bool,
    /// The `User-Agent` of the browser that logged in; empty if it is not known.
    pub user_agent: String,
    /// The time of the login; `None` if an earlier version of Lockstep began the session.
    pub created_at: Option<DateTime<Utc>>,
    /// The time of the last use, to within five minutes.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// The id of a session for forms. A token has 256 random bits, so its hash cannot be guessed either.
fn public_id(token_hash: &str) -> String {
    secret::token_hash(token_hash)[..32].to_owned()
}

/// The ids and hashes of the sessions of a user.
fn session_hashes(conn: &mut AnyConnection, user_id: i64) -> QueryResult<Vec<String>> {
    sessions::table.filter(sessions::user_id.eq(user_id)).select(sessions::token_hash).load(conn)
}

impl Store {
    /// Begins a session that ends as `lifetimes` say, and deletes all expired sessions. `user_agent` describes the
    /// browser; empty if it sent none.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn begin_session(
        &self,
        user: &UserAccount,
        token_hash: &str,
        lifetimes: SessionLifetimes,
        user_agent: &str,
    ) -> Result<(), StoreError> {
        let user_agent: String = user_agent.chars().take(MAX_USER_AGENT_CHARS).collect();
        self.write(|conn| {
            let now = clock::now(conn)?.naive_utc();
            // The user comes first in every transaction, so that no two wait for each other.
            diesel::update(users::table.find(user.id)).set(users::last_active_at.eq(now)).execute(conn)?;
            diesel::delete(sessions::table.filter(sessions::expires_at.lt(now))).execute(conn)?;
            diesel::insert_into(sessions::table)
                .values((
                    sessions::token_hash.eq(token_hash),
                    sessions::user_id.eq(user.id),
                    sessions::expires_at.eq(lifetimes.expiry(now, now)),
                    sessions::created_at.eq(now),
                    sessions::last_used_at.eq(now),
                    sessions::user_agent.eq(&user_agent),
                ))
                .execute(conn)?;
            self.record_action(conn, AuditAction::LoggedIn, AuditSubject::Named(&user.name), None, None)
        })
    }

    /// Ends a session.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn end_session(&self, token_hash: &str) -> Result<(), StoreError> {
        self.write(|conn| Ok(diesel::delete(sessions::table.find(token_hash)).execute(conn).map(drop)?))
    }

    /// Ends the session of a user with this [`UserSession::public_id`]. Returns whether there was one.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn end_user_session(&self, user_id: i64, id: &str) -> Result<bool, StoreError> {
        self.write(|conn| {
            let Some(hash) = session_hashes(conn, user_id)?.into_iter().find(|hash| public_id(hash) == id) else {
                return Ok(false);
            };
            // It may be the session of the request.
            self.record_action(conn, AuditAction::SessionsEnded, AuditSubject::User(user_id), None, None)?;
            Ok(diesel::delete(sessions::table.find(hash)).execute(conn)? > 0)
        })
    }

    /// Ends all sessions of a user except the one with this token hash. Returns the number of ended sessions.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn end_other_sessions(&self, user_id: i64, kept: &str) -> Result<usize, StoreError> {
        let others = sessions::table.filter(sessions::user_id.eq(user_id)).filter(sessions::token_hash.ne(kept));
        self.write(|conn| {
            let ended = diesel::delete(others).execute(conn)?;
            if ended > 0 {
                self.record_action(conn, AuditAction::SessionsEnded, AuditSubject::User(user_id), None, None)?;
            }
            Ok(ended)
        })
    }

    /// Returns the sessions of a user that have not expired: first the one with the token hash `current`, then those
    /// that were used last.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn list_sessions(&self, user_id: i64, current: &str) -> Result<Vec<UserSession>, StoreError> {
        type SessionRow = (String, Option<String>, Option<NaiveDateTime>, Option<NaiveDateTime>);
        let rows: Vec<SessionRow> = self.read(|conn| {
            Ok(sessions::table
                .filter(sessions::user_id.eq(user_id))
                .filter(sessions::expires_at.gt(Utc::now().naive_utc()))
                .select((sessions::token_hash, sessions::user_agent, sessions::created_at, sessions::last_used_at))
                .load(conn)?)
        })?;
        let session = |(hash, user_agent, created, used): SessionRow| UserSession {
            public_id: public_id(&hash),
            is_current: hash == current,
            user_agent: user_agent.unwrap_or_default(),
            created_at: created.map(|time| time.and_utc()),
            last_used_at: used.map(|time| time.and_utc()),
        };
        let mut listed: Vec<UserSession> = rows.into_iter().map(session).collect();
        listed.sort_by_key(|session| std::cmp::Reverse((session.is_current, session.last_used_at, session.created_at)));
        Ok(listed)
    }

    /// Returns the user of a session, and when it was last used; `None` if the session is unknown or expired.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn session_actor(&self, token_hash: &str) -> Result<Option<ActorUse>, StoreError> {
        self.read(|conn| {
            let row: Option<(String, String, Option<NaiveDateTime>)> = sessions::table
                .inner_join(users::table)
                .filter(sessions::token_hash.eq(token_hash))
                .filter(sessions::expires_at.gt(Utc::now().naive_utc()))
                .select((users::name, users::role, sessions::last_used_at))
                .first(conn)
                .optional()?;
            row.map(|(name, role, used)| {
                let actor = Actor { name, role: parse_value("users.role", &role)?, only_source: None };
                Ok(ActorUse { actor, last_used_at: used.map(|time| time.and_utc()) })
            })
            .transpose()
        })
    }

    /// Returns the account of a session, or `None` if the session is unknown or expired.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn session_account(&self, token_hash: &str) -> Result<Option<UserAccount>, StoreError> {
        self.read(|conn| {
            let row: Option<(i64, String, String)> = sessions::table
                .inner_join(users::table)
                .filter(sessions::token_hash.eq(token_hash))
                .filter(sessions::expires_at.gt(Utc::now().naive_utc()))
                .select((users::id, users::name, users::role))
                .first(conn)
                .optional()?;
            row.map(to_account).transpose()
        })
    }
}
