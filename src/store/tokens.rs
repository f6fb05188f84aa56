//! API tokens, of which only the hash is stored.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::connection::Store;
use super::dialect::clock;
use super::error::StoreError;
use super::schema::api_tokens;
use super::stored_values::{map_taken, parse_value};
use crate::domain::account::{AccountName, Actor, Role};

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

impl Store {
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
