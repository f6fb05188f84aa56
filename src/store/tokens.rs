//! API tokens, of which only the hash is stored.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::connection::Store;
use super::dialect::clock;
use super::error::StoreError;
use super::schema::api_tokens;
use super::stored_values::{map_taken, parse_value};
use crate::domain::account::{AccountName, Actor, ActorUse, Role};

/// An API token, without its secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ApiToken {
    /// The id in the database, for addresses.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// The permissions of a request with this token.
    pub role: Role,
    /// The time at which it was created.
    pub created_at: DateTime<Utc>,
    /// The time at which it was revoked; `None` while it is active.
    pub revoked_at: Option<DateTime<Utc>>,
    /// The time of the last use, to within five minutes; `None` if it was never used, or not since this is stored.
    pub last_used_at: Option<DateTime<Utc>>,
}

type TokenRow = (i64, String, String, NaiveDateTime, Option<NaiveDateTime>, Option<NaiveDateTime>);

const TOKEN_COLUMNS: (
    api_tokens::id,
    api_tokens::name,
    api_tokens::role,
    api_tokens::created_at,
    api_tokens::revoked_at,
    api_tokens::last_used_at,
) = (
    api_tokens::id,
    api_tokens::name,
    api_tokens::role,
    api_tokens::created_at,
    api_tokens::revoked_at,
    api_tokens::last_used_at,
);

fn to_token((id, name, role, created, revoked, used): TokenRow) -> Result<ApiToken, StoreError> {
    Ok(ApiToken {
        id,
        name,
        role: parse_value("api_tokens.role", &role)?,
        created_at: created.and_utc(),
        revoked_at: revoked.map(|time| time.and_utc()),
        last_used_at: used.map(|time| time.and_utc()),
    })
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

    /// Finds a token by id.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn find_token(&self, id: i64) -> Result<Option<ApiToken>, StoreError> {
        self.read(|conn| {
            let row: Option<TokenRow> = api_tokens::table.find(id).select(TOKEN_COLUMNS).first(conn).optional()?;
            row.map(to_token).transpose()
        })
    }

    /// Returns all tokens, sorted by name.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn list_tokens(&self) -> Result<Vec<ApiToken>, StoreError> {
        self.read(|conn| {
            let rows: Vec<TokenRow> = api_tokens::table.order(api_tokens::name).select(TOKEN_COLUMNS).load(conn)?;
            rows.into_iter().map(to_token).collect()
        })
    }

    /// Returns the name and role of an active token, and when it was last used.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn token_actor(&self, token_hash: &str) -> Result<Option<ActorUse>, StoreError> {
        self.read(|conn| {
            let row: Option<(String, String, Option<NaiveDateTime>)> = api_tokens::table
                .filter(api_tokens::token_hash.eq(token_hash))
                .filter(api_tokens::revoked_at.is_null())
                .select((api_tokens::name, api_tokens::role, api_tokens::last_used_at))
                .first(conn)
                .optional()?;
            row.map(|(name, role, used)| {
                let actor = Actor { name, role: parse_value("api_tokens.role", &role)? };
                Ok(ActorUse { actor, last_used_at: used.map(|time| time.and_utc()) })
            })
            .transpose()
        })
    }
}
