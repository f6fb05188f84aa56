//! Users, their sessions and API tokens. Passwords and tokens arrive here as hashes only.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;

use super::connection::{AnyConnection, Store};
use super::dialect::clock;
use super::error::StoreError;
use super::installation;
use super::schema::{api_tokens, installation_facts, sessions, users};
use super::stored_values::{map_taken, parse_value};
use crate::domain::account::{AccountName, Actor, Role, UserAccount};

/// An API token, without its secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ApiToken {
    /// Its name.
    pub name: String,
    /// The permissions of a request with this token.
    pub role: Role,
    /// The time at which it was created.
    pub created_at: DateTime<Utc>,
    /// The time at which it was revoked; `None` while it is active.
    pub revoked_at: Option<DateTime<Utc>>,
}

fn insert_user(conn: &mut AnyConnection, name: &str, role: Role, hash: &str) -> Result<(), StoreError> {
    let now = clock::now(conn)?.naive_utc();
    diesel::insert_into(users::table)
        .values((
            users::name.eq(name),
            users::role.eq(role.as_str()),
            users::password_hash.eq(hash),
            users::created_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

fn count_admins(conn: &mut AnyConnection) -> Result<i64, StoreError> {
    Ok(users::table.filter(users::role.eq(Role::Admin.as_str())).count().get_result(conn)?)
}

impl Store {
    /// Returns whether an admin exists.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn has_admin(&self) -> Result<bool, StoreError> {
        self.read(|conn| Ok(count_admins(conn)? > 0))
    }

    /// Adds a user. `hash` is the hash of the password in PHC form.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when the name is in use; another [`StoreError`] when the database is unavailable, stays
    /// busy too long or refuses the statement.
    pub fn add_user(&self, name: &AccountName, role: Role, hash: &str) -> Result<(), StoreError> {
        let added = self.write(|conn| insert_user(conn, name.as_str(), role, hash));
        map_taken(added, &format!("a user called {}", name.as_str()))
    }

    /// Adds the first admin if `token` is the token of the set-up link and no admin exists. Returns whether the admin
    /// was added.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when the name is in use; another [`StoreError`] when the database is unavailable, stays
    /// busy too long or refuses the statement.
    pub fn add_first_admin(&self, token: &str, name: &AccountName, hash: &str) -> Result<bool, StoreError> {
        let added = self.write(|conn| {
            // Deleting the token is the lock: if two people use the link at once, only one of them deletes a row.
            let link =
                installation_facts::table.find(installation::SETUP_TOKEN).filter(installation_facts::value.eq(token));
            if diesel::delete(link).execute(conn)? == 0 || count_admins(conn)? > 0 {
                return Ok(false);
            }
            insert_user(conn, name.as_str(), Role::Admin, hash).map(|()| true)
        });
        map_taken(added, &format!("a user called {}", name.as_str()))
    }

    /// Returns whether `token` is the token of the open set-up link.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn is_setup_token(&self, token: &str) -> Result<bool, StoreError> {
        self.read(|conn| {
            Ok(installation::get_fact(conn, installation::SETUP_TOKEN)?.as_deref() == Some(token)
                && count_admins(conn)? == 0)
        })
    }

    /// Changes a user's password and ends all sessions of the user. Returns whether the user exists.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn change_password(&self, name: &str, hash: &str) -> Result<bool, StoreError> {
        self.write(|conn| {
            let user = users::table.filter(users::name.eq(name));
            let Some(id) = user.select(users::id).first::<i64>(conn).optional()? else { return Ok(false) };
            diesel::update(users::table.find(id)).set(users::password_hash.eq(hash)).execute(conn)?;
            diesel::delete(sessions::table.filter(sessions::user_id.eq(id))).execute(conn)?;
            Ok(true)
        })
    }

    /// Finds a user by name, with the hash of the password.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn user_by_name(&self, name: &str) -> Result<Option<(UserAccount, String)>, StoreError> {
        self.read(|conn| {
            let row: Option<(i64, String, String, String)> = users::table
                .filter(users::name.eq(name))
                .select((users::id, users::name, users::role, users::password_hash))
                .first(conn)
                .optional()?;
            row.map(|(id, name, role, hash)| {
                Ok((UserAccount { id, name, role: parse_value("users.role", &role)? }, hash))
            })
            .transpose()
        })
    }

    /// Returns all users, sorted by name.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn list_users(&self) -> Result<Vec<UserAccount>, StoreError> {
        self.read(|conn| {
            let rows: Vec<(i64, String, String)> =
                users::table.order(users::name).select((users::id, users::name, users::role)).load(conn)?;
            rows.into_iter()
                .map(|(id, name, role)| Ok(UserAccount { id, name, role: parse_value("users.role", &role)? }))
                .collect()
        })
    }

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

    /// Adds an API token.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when the name is in use; another [`StoreError`] when the database is unavailable, stays
    /// busy too long or refuses the statement.
    pub fn add_token(&self, name: &AccountName, role: Role, token_hash: &str) -> Result<(), StoreError> {
        let added = self.write(|conn| {
            let now = clock::now(conn)?.naive_utc();
            diesel::insert_into(api_tokens::table)
                .values((
                    api_tokens::name.eq(name.as_str()),
                    api_tokens::role.eq(role.as_str()),
                    api_tokens::token_hash.eq(token_hash),
                    api_tokens::created_at.eq(now),
                ))
                .execute(conn)?;
            Ok(())
        });
        map_taken(added, &format!("a token called {}", name.as_str()))
    }

    /// Revokes a token. Returns whether there was an active token of this name.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn revoke_token(&self, name: &str) -> Result<bool, StoreError> {
        self.write(|conn| {
            let now = clock::now(conn)?.naive_utc();
            let active = api_tokens::table.filter(api_tokens::name.eq(name)).filter(api_tokens::revoked_at.is_null());
            Ok(diesel::update(active).set(api_tokens::revoked_at.eq(now)).execute(conn)? > 0)
        })
    }

    /// Returns all tokens, sorted by name.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn list_tokens(&self) -> Result<Vec<ApiToken>, StoreError> {
        self.read(|conn| {
            let rows: Vec<(String, String, chrono::NaiveDateTime, Option<chrono::NaiveDateTime>)> = api_tokens::table
                .order(api_tokens::name)
                .select((api_tokens::name, api_tokens::role, api_tokens::created_at, api_tokens::revoked_at))
                .load(conn)?;
            rows.into_iter()
                .map(|(name, role, created, revoked)| {
                    let role = parse_value("api_tokens.role", &role)?;
                    let revoked_at = revoked.map(|time| time.and_utc());
                    Ok(ApiToken { name, role, created_at: created.and_utc(), revoked_at })
                })
                .collect()
        })
    }

    /// Returns the name and role of an active token.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn token_actor(&self, token_hash: &str) -> Result<Option<Actor>, StoreError> {
        self.read(|conn| {
            let row: Option<(String, String)> = api_tokens::table
                .filter(api_tokens::token_hash.eq(token_hash))
                .filter(api_tokens::revoked_at.is_null())
                .select((api_tokens::name, api_tokens::role))
                .first(conn)
                .optional()?;
            row.map(|(name, role)| Ok(Actor { name, role: parse_value("api_tokens.role", &role)? })).transpose()
        })
    }
}
