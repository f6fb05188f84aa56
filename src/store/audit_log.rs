//! Records what people and programs do, in the transaction that does it. Nothing changes an entry; old ones are
//! deleted.

use std::sync::Arc;

use chrono::{NaiveDateTime, TimeDelta};
use diesel::prelude::*;
use uuid::Uuid;

use super::connection::{AnyConnection, Store};
use super::dialect::clock;
use super::error::StoreError;
use super::schema::{api_tokens, audit_entries, sessions, sources, users};

use crate::domain::account::CredentialHash;
use crate::domain::audit::{AUDIT_RETENTION_DAYS, AuditAction, AuditEntry, AuditOrigin};

/// The most entries that one step deletes.
const MAX_ROWS_PER_STEP: i64 = 500;

/// What an action was done to.
#[derive(Clone, Copy, Debug)]
pub(super) enum AuditSubject<'a> {
    /// A source or a user or a token with this slug or name.
    Named(&'a str),
    /// The source with this id.
    Source(i64),
    /// The user with this id.
    User(i64),
}

type EntryRow = (NaiveDateTime, String, String, Option<String>, String, String, Option<String>, Option<String>);

/// Words that only a later version knows are kept as they are: it may run beside this one.
fn to_entry((at, actor, channel, address, action, subject, detail, sync_id): EntryRow) -> AuditEntry {
    AuditEntry { at: at.and_utc(), actor, channel, address, action, subject, detail, sync_id }
}

/// Returns whether a session or token can still be used.
fn is_active(conn: &mut AnyConnection, credential: &CredentialHash) -> Result<bool, StoreError> {
    let now = clock::now(conn)?.naive_utc();
    let found: i64 = match credential {
        CredentialHash::Session(hash) => {
            sessions::table.find(hash).filter(sessions::expires_at.gt(now)).count().get_result(conn)?
        }
        CredentialHash::Token(hash) => api_tokens::table
            .filter(api_tokens::token_hash.eq(hash))
            .filter(api_tokens::revoked_at.is_null())
            .filter(api_tokens::expires_at.is_null().or(api_tokens::expires_at.gt(now)))
            .count()
            .get_result(conn)?,
    };
    Ok(found > 0)
}

impl Store {
    /// Returns the same database for somebody who acts: what is changed through it is recorded with their name. Without
    /// this, Lockstep itself acts, and nothing is recorded.
    #[must_use]
    pub fn on_behalf_of(&self, origin: AuditOrigin) -> Self {
        let mut store = self.clone();
        store.acting = Some(Arc::new(origin));
        store
    }

    /// Records an action inside the current transaction, before what ends the session or token that it is done with.
    ///
    /// # Errors
    /// [`StoreError::CallerGone`] when that session or token has ended since the request began.
    pub(super) fn record_action(
        &self,
        conn: &mut AnyConnection,
        action: AuditAction,
        subject: AuditSubject<'_>,
        detail: Option<&str>,
        run: Option<&str>,
    ) -> Result<(), StoreError> {
        let Some(origin) = &self.acting else { return Ok(()) };
        if let Some(credential) = &origin.credential
            && !is_active(conn, credential)?
        {
            return Err(StoreError::CallerGone);
        }
        let subject = match subject {
            AuditSubject::Named(name) => name.to_owned(),
            AuditSubject::Source(id) => {
                sources::table.find(id).select(sources::slug).first(conn).optional()?.unwrap_or_default()
            }
            AuditSubject::User(id) => {
                users::table.find(id).select(users::name).first(conn).optional()?.unwrap_or_default()
            }
        };
        let now = clock::now(conn)?.naive_utc();
        diesel::insert_into(audit_entries::table)
            .values((
                // Ids of one moment are in the order of their creation.
                audit_entries::id.eq(Uuid::now_v7().to_string()),
                audit_entries::at.eq(now),
                audit_entries::actor.eq(&origin.actor),
                audit_entries::channel.eq(origin.channel.as_str()),
                audit_entries::address.eq(origin.address.map(|address| address.to_string())),
                audit_entries::action.eq(action.as_str()),
                audit_entries::subject.eq(subject),
                audit_entries::detail.eq(detail),
                audit_entries::sync_id.eq(run),
            ))
            .execute(conn)?;
        Ok(())
    }

    /// Returns up to `limit` entries, the newest first, after the first `offset` ones, and the number of all entries.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn list_audit_entries(&self, offset: u64, limit: u64) -> Result<(Vec<AuditEntry>, u64), StoreError> {
        use audit_entries::{action, actor, address, at, channel, detail, id, subject, sync_id};
        let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        self.read(|conn| {
            let total: i64 = audit_entries::table.count().get_result(conn)?;
            let rows = audit_entries::table
                .order((at.desc(), id.desc()))
                .offset(number(offset))
                .limit(number(limit))
                .select((at, actor, channel, address, action, subject, detail, sync_id));
            let rows: Vec<EntryRow> = rows.load(conn)?;
            Ok((rows.into_iter().map(to_entry).collect(), u64::try_from(total).unwrap_or(0)))
        })
    }

    /// Deletes entries that are older than a year. Returns the number of deleted entries; 0 means that none is left.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn clear_audit_entries(&self) -> Result<usize, StoreError> {
        let old = |conn: &mut AnyConnection| -> Result<Vec<String>, StoreError> {
            let before = clock::now(conn)?.naive_utc() - TimeDelta::days(AUDIT_RETENTION_DAYS);
            let old = audit_entries::table.filter(audit_entries::at.lt(before)).limit(MAX_ROWS_PER_STEP);
            Ok(old.select(audit_entries::id).load(conn)?)
        };
        // Usually there is nothing to delete, and this check needs no write lock.
        if self.read(old)?.is_empty() {
            return Ok(0);
        }
        self.write(|conn| {
            let ids = old(conn)?;
            Ok(diesel::delete(audit_entries::table.filter(audit_entries::id.eq_any(ids))).execute(conn)?)
        })
    }
}
