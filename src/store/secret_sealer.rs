//! Encrypts stored texts that may contain secrets of sources: links with passwords or tokens, and what was learned
//! about the feeds behind them.
//!
//! The version before this one cannot read encrypted texts. So that it may still run beside this one, or be started
//! again, texts are stored as they are until the time that [`super::rollback_period`] sets. Both forms are always read.

use std::borrow::Cow;
use std::sync::Arc;

use super::any_connection::AnyConnection;
use super::dialect::clock;
use super::error::StoreError;
use super::installation::get_fact;
use super::stored_values::parse_value;
use crate::domain::secret_key::{SecretKey, is_sealed};

/// The fingerprint of the key of the database.
pub(super) const KEY_FINGERPRINT: &str = "secret_key_fingerprint";
/// From when on secrets are encrypted, in epoch milliseconds.
pub(super) const SEALED_FROM: &str = "secrets_sealed_from";

/// Encrypts and decrypts with the key of this process, if it has one.
#[derive(Clone, Default)]
pub(super) struct SecretSealer(pub(super) Option<Arc<SecretKey>>);

impl SecretSealer {
    /// Returns the text to store: encrypted, unless the version before this one may still be in use.
    pub(super) fn seal(
        &self,
        conn: &mut AnyConnection,
        place: &'static str,
        text: String,
    ) -> Result<String, StoreError> {
        if clock::now(conn)?.timestamp_millis() < sealed_from(conn)? {
            Ok(text)
        } else {
            self.seal_now(conn, place, &text)
        }
    }

    /// Returns the encrypted text. The key must be that of the database at this moment: it may have been given up, or
    /// the database replaced by another one, since this process started.
    pub(super) fn seal_now(
        &self,
        conn: &mut AnyConnection,
        place: &'static str,
        text: &str,
    ) -> Result<String, StoreError> {
        let key = self.key()?;
        if get_fact(conn, KEY_FINGERPRINT)?.as_deref() != Some(key.fingerprint()) {
            return Err(StoreError::NoSecretKey);
        }
        self.encrypt(place, text)
    }

    /// Returns the encrypted text, whatever the key of the database is.
    pub(super) fn encrypt(&self, place: &'static str, text: &str) -> Result<String, StoreError> {
        self.key()?.seal(place, text).map_err(|error| StoreError::corrupt_value(place)(&error))
    }

    /// Returns the text that is stored as `text`, encrypted or not.
    pub(super) fn open<'a>(&self, place: &'static str, text: &'a str) -> Result<Cow<'a, str>, StoreError> {
        if !is_sealed(text) {
            return Ok(Cow::Borrowed(text));
        }
        let opened = self.key()?.open(place, text);
        opened.map(Cow::Owned).map_err(|error| StoreError::corrupt_value(place)(&error))
    }

    fn key(&self) -> Result<&SecretKey, StoreError> {
        self.0.as_deref().ok_or(StoreError::NoSecretKey)
    }
}

/// Returns from when on secrets are encrypted, in epoch milliseconds.
pub(super) fn sealed_from(conn: &mut AnyConnection) -> Result<i64, StoreError> {
    get_fact(conn, SEALED_FROM)?.map_or(Ok(i64::MAX), |from| parse_value("house_facts.value", &from))
}
