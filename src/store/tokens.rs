//! API tokens, of which only the hash is stored.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::audit_log::AuditSubject;
use super::connection::{AnyConnection, Store};
use super::dialect::clock;
use super::error::StoreError;
use super::schema::{api_tokens, sources};
use super::stored_values::{map_taken, parse_value};
use crate::domain::account::{AccountName, Actor, ActorUse, Role, TokenLimits};
use crate::domain::audit::AuditAction;
use crate::domain::source::{Slug, SourceId};

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
    /// The only source that it is for, by slug and name; `None` for all sources.
    pub only_source: Option<(Slug, String)>,
    /// The time from which on it is refused; `None` if it does not expire.
    pub expires_at: Option<DateTime<Utc>>,
    /// The time of the last use, to within five minutes; `None` if it was never used, or not since this is stored.
    pub last_used_at: Option<DateTime<Utc>>,
}

type TokenRow = (
    (i64, String, String, NaiveDateTime),
    (Option<NaiveDateTime>, Option<NaiveDateTime>, Option<NaiveDateTime>),
    Option<(String, String)>,
);

fn to_token(((id, name, role, created), (revoked, used, expires), source): TokenRow) -> Result<ApiToken, StoreError> {
    let source = source.map(|(slug, name)| Ok::<_, StoreError>((parse_value("sources.slug", &slug)?, name)));
    Ok(ApiToken {
        id,
        name,
        role: parse_value("api_tokens.role", &role)?,
        only_source: source.transpose()?,
        created_at: created.and_utc(),
        revoked_at: revoked.map(|time| time.and_utc()),
        expires_at: expires.map(|time| time.and_utc()),
        last_used_at: used.map(|time| time.and_utc()),
    })
}

/// Loads the token with the id `only`, or all tokens, sorted by name.
fn load_tokens(conn: &mut AnyConnection, only: Option<i64>) -> Result<Vec<ApiToken>, StoreError> {
    use api_tokens::{created_at, expires_at, id, last_used_at, name, revoked_at, role};
    let mut query = api_tokens::table
        .left_join(sources::table)
        .order(name)
        .select((
            (id, name, role, created_at),
            (revoked_at, last_used_at, expires_at),
            (sources::slug, sources::name).nullable(),
        ))
        .into_boxed();
    if let Some(only) = only {
        query = query.filter(id.eq(only));
    }
    query.load::<TokenRow>(conn)?.into_iter().map(to_token).collect()
}

/// The names of the tokens for one source that are not revoked.
pub(super) fn active_tokens_of(conn: &mut AnyConnection, source: SourceId) -> QueryResult<Vec<String>> {
    let active = api_tokens::table.filter(api_tokens::source_id.eq(source.0)).filter(api_tokens::revoked_at.is_null());
    active.order(api_tokens::name).select(api_tokens::name).load(conn)
}

/// What a token may do, for the audit log: `viewer, only albums, until 2026-12-31`.
fn describe_limits(conn: &mut AnyConnection, role: Role, limits: TokenLimits) -> QueryResult<String> {
    let mut text = role.to_string();
    if let Some(source) = limits.only_source {
        let slug: String = sources::table.find(source.0).select(sources::slug).first(conn)?;
        text.push_str(", only ");
        text.push_str(&slug);
    }
    if let Some(end) = limits.expires_at {
        text.push_str(&end.format(", until %Y-%m-%d").to_string());
    }
    Ok(text)
}

impl Store {
    /// Adds an API token with these limits.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when the name is in use; another [`StoreError`] when the database is unavailable, stays
    /// busy too long or refuses the statement.
    pub fn add_token(
        &self,
        name: &AccountName,
        role: Role,
        limits: TokenLimits,
        token_hash: &str,
    ) -> Result<(), StoreError> {
        let added = self.write(|conn| {
            let now = clock::now(conn)?.naive_utc();
            diesel::insert_into(api_tokens::table)
                .values((
                    api_tokens::name.eq(name.as_str()),
                    api_tokens::role.eq(role.as_str()),
                    api_tokens::token_hash.eq(token_hash),
                    api_tokens::created_at.eq(now),
                    api_tokens::source_id.eq(limits.only_source.map(|source| source.0)),
                    api_tokens::expires_at.eq(limits.expires_at.map(|time| time.naive_utc())),
                ))
                .execute(conn)?;
            let limits = describe_limits(conn, role, limits)?;
            let (action, token) = (AuditAction::TokenCreated, AuditSubject::Named(name.as_str()));
            self.record_action(conn, action, token, Some(&limits), None)
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
            let revoked = diesel::update(active).set(api_tokens::revoked_at.eq(now)).execute(conn)? > 0;
            if revoked {
                self.record_action(conn, AuditAction::TokenRevoked, AuditSubject::Named(name), None, None)?;
            }
            Ok(revoked)
        })
    }

    /// Finds a token by id.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn find_token(&self, id: i64) -> Result<Option<ApiToken>, StoreError> {
        self.read(|conn| Ok(load_tokens(conn, Some(id))?.pop()))
    }

    /// Returns all tokens, sorted by name.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn list_tokens(&self) -> Result<Vec<ApiToken>, StoreError> {
        self.read(|conn| load_tokens(conn, None))
    }

    /// Returns the name, role and source of an active token, and when it was last used; `None` if it is unknown, was
    /// revoked or has expired.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn token_actor(&self, token_hash: &str) -> Result<Option<ActorUse>, StoreError> {
        self.read(|conn| {
            let now = Utc::now().naive_utc();
            let row: Option<(String, String, Option<i64>, Option<NaiveDateTime>)> = api_tokens::table
                .filter(api_tokens::token_hash.eq(token_hash))
                .filter(api_tokens::revoked_at.is_null())
                .filter(api_tokens::expires_at.is_null().or(api_tokens::expires_at.gt(now)))
                .select((api_tokens::name, api_tokens::role, api_tokens::source_id, api_tokens::last_used_at))
                .first(conn)
                .optional()?;
            row.map(|(name, role, source, used)| {
                let only_source = source.map(SourceId);
                let actor = Actor { name, role: parse_value("api_tokens.role", &role)?, only_source };
                Ok(ActorUse { actor, last_used_at: used.map(|time| time.and_utc()) })
            })
            .transpose()
        })
    }
}
