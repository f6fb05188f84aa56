//! The key that the secrets of sources are encrypted with, such as passwords and links that contain a token.

use std::fmt;

use argon2::Argon2;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Prk, Salt};

use super::text::hex::to_hex;

/// The fewest characters of the text that a key is derived from.
pub const MIN_SECRET_KEY_CHARS: usize = 16;
/// The most bytes of that text.
pub const MAX_SECRET_KEY_BYTES: usize = 1024;

/// What encrypted texts begin with. The number is that of the algorithm: ChaCha20-Poly1305 with a random nonce.
pub const SEALED_PREFIX: &str = "sealed:1:";
/// The salt of the derivation. It is constant, because the same text must give the same key on every machine.
const DERIVATION_SALT: &[u8] = b"lockstep secret key 1";
const SEALING_PURPOSE: &[u8] = b"seal stored secrets";
const FINGERPRINT_PURPOSE: &[u8] = b"fingerprint";
/// The bytes of a fingerprint.
const FINGERPRINT_BYTES: usize = 8;

/// The key that encrypts the secrets of sources.
pub struct SecretKey {
    sealing_key: LessSafeKey,
    fingerprint: String,
}

/// Why a text cannot be used as a secret key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotASecretKey {
    /// It is no text.
    #[error("it is not text in UTF-8")]
    NotText,
    /// The text is too short to be safe.
    #[error("it has fewer than {MIN_SECRET_KEY_CHARS} characters")]
    TooShort,
    /// The text is too long.
    #[error("it has more than {MAX_SECRET_KEY_BYTES} bytes")]
    TooLong,
    /// The key could not be computed.
    #[error("a key could not be derived from it")]
    Underivable,
}

/// Why an encrypted text cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealedTextError {
    /// The text is not in the form that [`SecretKey::seal`] writes.
    #[error("it is not an encrypted text")]
    Malformed,
    /// Another key encrypted the text, it belongs to another place, or it was changed.
    #[error("it was encrypted with another key, or changed")]
    WrongKey,
}

impl SecretKey {
    /// Derives the key from a text. White space around it is ignored. Takes some hundredths of a second on purpose, so
    /// that a text that people made up is not quickly guessed.
    ///
    /// # Errors
    /// [`NotASecretKey`] when the text is too short or too long.
    pub fn derive_from(text: &str) -> Result<Self, NotASecretKey> {
        let text = text.trim();
        if text.chars().count() < MIN_SECRET_KEY_CHARS {
            return Err(NotASecretKey::TooShort);
        }
        if text.len() > MAX_SECRET_KEY_BYTES {
            return Err(NotASecretKey::TooLong);
        }
        let mut stretched = [0_u8; 32];
        Argon2::default()
            .hash_password_into(text.as_bytes(), DERIVATION_SALT, &mut stretched)
            .map_err(|_| NotASecretKey::Underivable)?;
        let root = Salt::new(HKDF_SHA256, DERIVATION_SALT).extract(&stretched);
        let sealing_key = expand::<32>(&root, SEALING_PURPOSE)?;
        let sealing_key = UnboundKey::new(&CHACHA20_POLY1305, &sealing_key).map_err(|_| NotASecretKey::Underivable)?;
        let fingerprint = expand::<FINGERPRINT_BYTES>(&root, FINGERPRINT_PURPOSE)?;
        Ok(Self { sealing_key: LessSafeKey::new(sealing_key), fingerprint: to_hex(&fingerprint) })
    }

    /// Returns what identifies the key without revealing it: 16 hexadecimal digits.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Encrypts `text`. `place` is where it is stored, such as a table and column; it can only be decrypted as a text
    /// of that place. The same text is encrypted differently each time.
    ///
    /// # Errors
    /// [`getrandom::Error`] when the operating system has no random bytes.
    pub fn seal(&self, place: &str, text: &str) -> Result<String, getrandom::Error> {
        let mut nonce = [0_u8; NONCE_LEN];
        getrandom::fill(&mut nonce)?;
        let mut sealed = text.as_bytes().to_vec();
        self.sealing_key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(place.as_bytes()), &mut sealed)
            .map_err(|_| getrandom::Error::UNEXPECTED)?;
        let bytes = [&nonce[..], &sealed].concat();
        Ok(format!("{SEALED_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// Decrypts a text that [`seal`](Self::seal) returned for the same place.
    ///
    /// # Errors
    /// [`SealedTextError`] when it is not such a text, or when another key encrypted it.
    pub fn open(&self, place: &str, sealed: &str) -> Result<String, SealedTextError> {
        let encoded = sealed.strip_prefix(SEALED_PREFIX).ok_or(SealedTextError::Malformed)?;
        let bytes = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| SealedTextError::Malformed)?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LEN>().ok_or(SealedTextError::Malformed)?;
        let mut text = sealed.to_vec();
        let opened = self
            .sealing_key
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(place.as_bytes()), &mut text)
            .map_err(|_| SealedTextError::WrongKey)?;
        String::from_utf8(opened.to_vec()).map_err(|_| SealedTextError::WrongKey)
    }
}

/// Returns whether a stored text is encrypted.
#[must_use]
pub fn is_sealed(text: &str) -> bool {
    text.starts_with(SEALED_PREFIX)
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({})", self.fingerprint)
    }
}

/// The number of bytes to derive, as ring wants it.
struct OutputLength(usize);

impl ring::hkdf::KeyType for OutputLength {
    fn len(&self) -> usize {
        self.0
    }
}

fn expand<const N: usize>(root: &Prk, purpose: &[u8]) -> Result<[u8; N], NotASecretKey> {
    let mut bytes = [0_u8; N];
    let expanded = root.expand(&[purpose], OutputLength(N)).and_then(|output| output.fill(&mut bytes));
    expanded.map(|()| bytes).map_err(|_| NotASecretKey::Underivable)
}

#[cfg(test)]
mod tests {
    use super::{NotASecretKey, SealedTextError, SecretKey, is_sealed};

    fn key(text: &str) -> SecretKey {
        SecretKey::derive_from(text).expect("a key")
    }

    #[test]
    fn a_sealed_text_is_opened_by_the_same_key_in_the_same_place_only() {
        let ours = key("a text of enough characters");
        let sealed = ours.seal("sources.location", "https://me:pa$$@h.example/é").expect("sealed");
        assert!(is_sealed(&sealed) && !sealed.contains("h.example"));
        assert_eq!(ours.open("sources.location", &sealed).as_deref(), Ok("https://me:pa$$@h.example/é"));
        let same = key(" a text of enough characters\n");
        assert_eq!(same.fingerprint(), ours.fingerprint());
        assert!(same.open("sources.location", &sealed).is_ok());
        let other = key("another text of enough characters");
        assert_ne!(other.fingerprint(), ours.fingerprint());
        assert_eq!(other.open("sources.location", &sealed), Err(SealedTextError::WrongKey));
        assert_eq!(ours.open("catalogs.feeds", &sealed), Err(SealedTextError::WrongKey));
        let again = ours.seal("sources.location", "https://me:pa$$@h.example/é").expect("sealed");
        assert_ne!(again, sealed, "each text has its own nonce");
    }

    #[test]
    fn a_changed_or_cut_text_is_not_opened() {
        let key = key("a text of enough characters");
        let sealed = key.seal("place", "a secret").expect("sealed");
        for at in 0..sealed.len() {
            let mut bytes = sealed.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).expect("ASCII");
            assert!(key.open("place", &changed).is_err(), "changed at {at}");
            assert!(key.open("place", &sealed[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn the_key_of_a_text_never_changes() {
        // Stored secrets depend on it.
        let key = key("0123456789abcdef");
        assert_eq!(key.fingerprint(), "6dc0caae3abaa3ed");
        assert_eq!(
            key.open("place", "sealed:1:JOxDTUEBwGYVo41u_GDh66H_-cknRuJ30W6Ch0fYiJxcyVVD").as_deref(),
            Ok("a secret")
        );
        assert_eq!(format!("{key:?}"), "SecretKey(6dc0caae3abaa3ed)");
    }

    #[test]
    fn short_and_huge_texts_are_no_keys() {
        assert_eq!(SecretKey::derive_from(" 0123456789abcde ").err(), Some(NotASecretKey::TooShort));
        assert_eq!(SecretKey::derive_from(&"x".repeat(1025)).err(), Some(NotASecretKey::TooLong));
    }
}
