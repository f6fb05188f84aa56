//! Hashes secrets: passwords with argon2; random tokens of sessions and API tokens with SHA-256. Only their hashes are
//! stored. The token of the set-up link is stored as it is, because each start prints it until it is used or too old.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::text::hex::to_hex;

use super::account::{PASSWORD_MAX_BYTES, PASSWORD_MIN_CHARS};

/// Why a password is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPassword {
    /// The password is too short.
    #[error("a password must have at least {PASSWORD_MIN_CHARS} characters")]
    TooShort,
    /// The password is too long.
    #[error("a password must have at most {PASSWORD_MAX_BYTES} bytes")]
    TooLong,
    /// The system gave no random salt, or hashing failed.
    #[error("the password could not be hashed: {0}")]
    Unhashable(String),
}

/// Returns the argon2id hash of a password in PHC form, with the parameters that OWASP recommends (19 MiB, two passes)
/// and a random salt. It takes about ten milliseconds on purpose.
///
/// # Errors
/// [`BadPassword`] when the password is too short or too long, or cannot be hashed.
pub fn hash_password(password: &str) -> Result<String, BadPassword> {
    if password.chars().count() < PASSWORD_MIN_CHARS {
        return Err(BadPassword::TooShort);
    }
    if password.len() > PASSWORD_MAX_BYTES {
        return Err(BadPassword::TooLong);
    }
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|error| BadPassword::Unhashable(error.to_string()))
}

/// Returns whether `password` matches `hash`. Without a hash the same time is spent on a constant one, so that the
/// response time does not reveal whether a user exists.
#[must_use]
pub fn is_password(password: &str, hash: Option<&str>) -> bool {
    /// The hash of a discarded random text.
    const DUMMY_HASH: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$bG9ja3N0ZXAtbm9ib2R5IQ$Y3m2bXxQ0y7c1m0n5k0cVq2d6m7Q9rK3uB1hQ8sJ4tE";
    let known = hash.is_some();
    let Ok(parsed) = PasswordHash::new(hash.unwrap_or(DUMMY_HASH)) else { return false };
    password.len() <= PASSWORD_MAX_BYTES
        && Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok()
        && known
}

/// Returns a new random token of 256 bits, as 43 characters that are valid in URLs and headers.
///
/// # Errors
/// [`getrandom::Error`] when the operating system has no random bytes.
pub fn generate_token() -> Result<String, getrandom::Error> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Returns a new random password of 80 bits that people can read and type: `4wk2-9hqm-0c3d-x7rt`.
///
/// # Errors
/// [`getrandom::Error`] when the operating system has no random bytes.
pub fn generate_password() -> Result<String, getrandom::Error> {
    /// The 32 symbols of Crockford's Base32, of which no two look alike (<https://www.crockford.com/base32.html>).
    const SYMBOLS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes)?;
    let symbols = bytes.iter().map(|byte| char::from(SYMBOLS[usize::from(byte % 32)]));
    let grouped = symbols.enumerate().flat_map(|(at, symbol)| {
        let hyphen = (at > 0 && at % 4 == 0).then_some('-');
        hyphen.into_iter().chain([symbol])
    });
    Ok(grouped.collect())
}

/// Returns the hash under which a token is stored. A token has 256 random bits, so a fast hash is enough.
#[must_use]
pub fn token_hash(token: &str) -> String {
    to_hex(&Sha256::digest(token.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::{generate_password, generate_token, hash_password, is_password, token_hash};

    #[test]
    fn a_password_is_known_by_its_hash_and_no_other_is() {
        let hash = hash_password("correct horse").expect("hashed");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(is_password("correct horse", Some(&hash)));
        assert!(!is_password("correct horsf", Some(&hash)));
        assert!(!is_password("correct horse", None));
    }

    #[test]
    fn short_and_huge_passwords_are_refused() {
        assert!(hash_password("short").is_err());
        assert!(hash_password(&"x".repeat(2000)).is_err());
    }

    #[test]
    fn tokens_differ_and_only_their_hash_is_kept() {
        let (one, two) = (generate_token().expect("random"), generate_token().expect("random"));
        assert_ne!(one, two);
        assert_eq!(one.len(), 43);
        assert_eq!(token_hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn a_generated_password_is_accepted_and_has_groups_of_four() {
        let (one, two) = (generate_password().expect("random"), generate_password().expect("random"));
        assert_ne!(one, two);
        assert!(one.split('-').map(str::len).eq([4; 4]), "{one}");
        assert!(hash_password(&one).is_ok());
    }
}
