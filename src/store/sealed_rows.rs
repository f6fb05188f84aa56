//! Encrypts the secrets that earlier versions stored as they are, source by source, once those versions need not read
//! them any more. Each step is a transaction of its own, so it goes on after a restart, and several servers share the
//! work.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::compaction::{CompactionStep, ConversionState};
use super::connection::{AnyConnection, Store};
use super::dialect::erased_text::with_erasure;
use super::dialect::{clock, lock};
use super::error::StoreError;
use super::installation::get_fact;
use super::schema::{catalogs, sources};
use super::secret_sealer::{KEY_FINGERPRINT, SecretSealer, sealed_from};
use crate::domain::secret_key::{SEALED_PREFIX, SecretKey, is_sealed};

/// How the secrets of sources are stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SecretStorage {
    /// The fingerprint of the key of the database; `None` before the first one.
    pub key_fingerprint: Option<String>,
    /// How far the secrets that earlier versions stored are encrypted.
    pub state: ConversionState,
}

/// Returns how the secrets of sources are stored.
pub(super) fn secret_storage(conn: &mut AnyConnection) -> Result<SecretStorage, StoreError> {
    let key_fingerprint = get_fact(conn, KEY_FINGERPRINT)?.filter(|fingerprint| !fingerprint.is_empty());
    let (now, from) = (clock::now(conn)?, sealed_from(conn)?);
    let begins = DateTime::from_timestamp_millis(from).unwrap_or(DateTime::<Utc>::MAX_UTC);
    let state = if begins > now {
        ConversionState::Begins(begins)
    } else if first_unsealed(conn)?.is_some() {
        ConversionState::Started
    } else {
        ConversionState::Done
    };
    Ok(SecretStorage { key_fingerprint, state })
}

/// Returns the slugs of the sources whose encrypted texts cannot be decrypted with `key`.
pub(super) fn unreadable_secrets(conn: &mut AnyConnection, key: &SecretKey) -> Result<Vec<String>, StoreError> {
    let texts: Vec<(String, String, String, String)> = sources::table
        .inner_join(catalogs::table)
        .order(sources::slug)
        .select((sources::slug, sources::location, catalogs::validators, catalogs::feeds))
        .load(conn)?;
    let is_unreadable = |place: &str, text: &str| is_sealed(text) && key.open(place, text).is_err();
    let unreadable = texts.into_iter().filter(|(_, location, validators, feeds)| {
        is_unreadable("sources.location", location)
            || is_unreadable("catalogs.validators", validators)
            || is_unreadable("catalogs.feeds", feeds)
    });
    Ok(unreadable.map(|(slug, ..)| slug).collect())
}

impl Store {
    /// Encrypts the stored secrets of the next source.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement. Nothing is
    /// changed then.
    pub fn seal_next_source(&self) -> Result<CompactionStep, StoreError> {
        let waits = |conn: &mut AnyConnection| Ok(clock::now(conn)?.timestamp_millis() < sealed_from(conn)?);
        let Some(id) = self.read(first_unsealed)? else { return Ok(CompactionStep::Done) };
        if self.read(waits)? {
            return Ok(CompactionStep::Waiting);
        }
        self.write(|conn| {
            // The lock also keeps runs from being admitted meanwhile.
            if lock::wait_for_source(conn, id)? {
                with_erasure(conn, |conn| seal_source(conn, &self.sealer, id))?;
            }
            Ok(CompactionStep::Converted)
        })
    }
}

/// Returns the first source with a text that is to be encrypted.
fn first_unsealed(conn: &mut AnyConnection) -> Result<Option<i64>, StoreError> {
    let sealed = format!("{SEALED_PREFIX}%");
    let first = sources::table
        .inner_join(catalogs::table)
        .filter(
            // The links of a source, and not the path of a file.
            sources::location
                .like(r#"{"at":"url%"#)
                // The link of a lost key.
                .and(sources::location.ne(r#"{"at":"url","where":""}"#))
                .or(catalogs::validators.ne("{}").and(catalogs::validators.not_like(&sealed)))
                .or(catalogs::feeds.ne("[]").and(catalogs::feeds.not_like(&sealed))),
        )
        .order(sources::id)
        .select(sources::id);
    Ok(first.first(conn).optional()?)
}

fn seal_source(conn: &mut AnyConnection, sealer: &SecretSealer, id: i64) -> Result<(), StoreError> {
    let location: String = sources::table.find(id).select(sources::location).first(conn)?;
    if location.starts_with(r#"{"at":"url"#) {
        let sealed = sealer.seal_now(conn, "sources.location", &location)?;
        diesel::update(sources::table.find(id)).set(sources::location.eq(sealed)).execute(conn)?;
    }
    let texts = catalogs::table.find(id).select((catalogs::validators, catalogs::feeds));
    let (validators, feeds): (String, String) = texts.first(conn)?;
    // A run may store newer texts meanwhile, which are encrypted already.
    if validators != "{}" && !validators.starts_with(SEALED_PREFIX) {
        let sealed = sealer.seal_now(conn, "catalogs.validators", &validators)?;
        let unchanged = catalogs::table.find(id).filter(catalogs::validators.eq(&validators));
        diesel::update(unchanged).set(catalogs::validators.eq(sealed)).execute(conn)?;
    }
    if feeds != "[]" && !feeds.starts_with(SEALED_PREFIX) {
        let sealed = sealer.seal_now(conn, "catalogs.feeds", &feeds)?;
        let unchanged = catalogs::table.find(id).filter(catalogs::feeds.eq(&feeds));
        diesel::update(unchanged).set(catalogs::feeds.eq(sealed)).execute(conn)?;
    }
    Ok(())
}
