//! Remembers which key the secrets of sources are encrypted with, so that no server uses another one.

use std::borrow::Cow;
use std::sync::Arc;

use diesel::prelude::*;

use super::audit_log::AuditSubject;
use super::connection::Store;
use super::error::StoreError;
use super::feed_counts::save_feed_counts;
use super::installation::{get_fact, insert_fact_if_absent, set_fact};
use super::schema::{catalogs, installation_facts, sources};
use super::secret_sealer::{KEY_FINGERPRINT, SecretSealer};
use super::stored_values::to_json;
use crate::domain::audit::AuditAction;
use crate::domain::location::SourceLocation;
use crate::domain::secret_key::{SecretKey, is_sealed};

impl Store {
    /// Returns the same database, with the key that secrets of sources are encrypted with. Whether it is the key of the
    /// database is not checked here: see [`Store::adopt_secret_key`].
    #[must_use]
    pub fn with_secret_key(mut self, key: Arc<SecretKey>) -> Self {
        self.sealer = SecretSealer(Some(key));
        self
    }

    /// Encrypts a text that is stored outside of the database. `place` is where; only a text of that place can be
    /// decrypted as one.
    ///
    /// # Errors
    /// [`StoreError::NoSecretKey`] without a key; [`StoreError`] when the operating system has no random bytes.
    pub fn encrypt_text(&self, place: &'static str, text: &str) -> Result<String, StoreError> {
        self.sealer.encrypt(place, text)
    }

    /// Decrypts a text that [`Store::encrypt_text`] returned for the same place. A text that is not encrypted is
    /// returned as it is.
    ///
    /// # Errors
    /// [`StoreError`] without the key that encrypted it.
    pub fn decrypt_text(&self, place: &'static str, text: &str) -> Result<String, StoreError> {
        self.sealer.open(place, text).map(Cow::into_owned)
    }

    /// Returns the fingerprint of the key that this database uses; `None` before the first one.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn secret_key_fingerprint(&self) -> Result<Option<String>, StoreError> {
        self.read(|conn| Ok(get_fact(conn, KEY_FINGERPRINT)?.filter(|fingerprint| !fingerprint.is_empty())))
    }

    /// Returns the fingerprint of the key of this database. If it has none, `choose` returns that of the key to use
    /// from now on. `choose` is called by one server only, while others that start at the same time wait; what it
    /// created must be kept even if an error is returned afterwards. An error of `choose` is returned as it is, and the
    /// database still has no key then.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn adopt_secret_key<E>(&self, choose: impl Fn() -> Result<String, E>) -> Result<Result<String, E>, StoreError> {
        self.write(|conn| {
            // The fact serves as a lock: on PostgreSQL a second server waits for its key until this transaction ends.
            insert_fact_if_absent(conn, KEY_FINGERPRINT, "")?;
            if let Some(fingerprint) = get_fact(conn, KEY_FINGERPRINT)?.filter(|known| !known.is_empty()) {
                return Ok(Ok(fingerprint));
            }
            let chosen = choose();
            match &chosen {
                Ok(fingerprint) => set_fact(conn, KEY_FINGERPRINT, fingerprint)?,
                Err(_) => drop(diesel::delete(installation_facts::table.find(KEY_FINGERPRINT)).execute(conn)?),
            }
            Ok(chosen)
        })
    }

    /// Discards what cannot be decrypted with one of `keys`, those that are there: the links of sources, and what is
    /// known about their feeds. Catalogs and history are kept. If none is the key of the database, the next start uses
    /// another one. Returns the slugs of the sources whose links are lost.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn discard_lost_secrets(&self, keys: &[&SecretKey]) -> Result<Vec<String>, StoreError> {
        self.write(|conn| {
            let fingerprint = get_fact(conn, KEY_FINGERPRINT)?;
            let own = keys.iter().find(|key| Some(key.fingerprint()) == fingerprint.as_deref());
            // Only one key can be used from now on.
            let present = own.or(keys.first());
            let is_lost =
                |place: &str, text: &str| is_sealed(text) && present.is_none_or(|key| key.open(place, text).is_err());
            let rows = sources::table.order(sources::slug).select((sources::id, sources::slug, sources::location));
            let rows: Vec<(i64, String, String)> = rows.load(conn)?;
            let lost = to_json("sources.location", &SourceLocation::Url(String::new()))?;
            let mut slugs = Vec::new();
            for (id, slug, location) in rows {
                if is_lost("sources.location", &location) {
                    diesel::update(sources::table.find(id)).set(sources::location.eq(&lost)).execute(conn)?;
                    slugs.push(slug);
                }
                let texts = catalogs::table.find(id).select((catalogs::validators, catalogs::feeds));
                let Some((validators, feeds)) = texts.first::<(String, String)>(conn).optional()? else { continue };
                let validators = if is_lost("catalogs.validators", &validators) { "{}" } else { &validators };
                let has_lost_feeds = is_lost("catalogs.feeds", &feeds);
                let feeds = if has_lost_feeds { "[]" } else { &feeds };
                if has_lost_feeds {
                    save_feed_counts(conn, id, &[])?;
                }
                diesel::update(catalogs::table.find(id))
                    .set((catalogs::validators.eq(validators), catalogs::feeds.eq(feeds)))
                    .execute(conn)?;
            }
            if own.is_none() {
                diesel::delete(installation_facts::table.find(KEY_FINGERPRINT)).execute(conn)?;
            }
            if own.is_none() || !slugs.is_empty() {
                self.record_action(conn, AuditAction::SecretsDiscarded, AuditSubject::Named(""), None, None)?;
            }
            Ok(slugs)
        })
    }
}
