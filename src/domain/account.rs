//! User accounts, their roles and names.

use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};

use super::source::SourceId;
use super::text::string_enum::string_enum;
use super::text::visible_text::mark_stray_invisible;

string_enum! {
    /// The permissions of a user or a token.
    Role {
        /// May read and change everything.
        Admin = "admin",
        /// May read everything.
        Viewer = "viewer",
    }
}

/// The name of a user or a token: 1 to 64 characters, without control characters and without white space at the ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccountName(String);

/// A text that cannot name an account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a name must have 1 to 64 characters, no line breaks and no invisible characters")]
pub struct NotAName;

impl AccountName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AccountName {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        let text = text.trim();
        // Several spaces are no more than one.
        let letters = text.replace(' ', "");
        let fits = (1..=64).contains(&text.chars().count()) && mark_stray_invisible(&letters) == letters;
        if fits { Ok(Self(text.to_owned())) } else { Err(NotAName) }
    }
}

/// The minimum length of a password, in characters. NIST SP 800-63B-4 requires a length and no composition rules.
pub const PASSWORD_MIN_CHARS: usize = 8;
/// The maximum length of a password, in bytes, which limits the cost of hashing.
pub const PASSWORD_MAX_BYTES: usize = 1024;

/// A user who can log in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UserAccount {
    /// The id in the database.
    pub id: i64,
    /// The name.
    pub name: String,
    /// The role of the user.
    pub role: Role,
}

/// The user or token that makes a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Actor {
    /// The name shown in "started by".
    pub name: String,
    /// The role of the user or token.
    pub role: Role,
    /// The only source that a token is for; `None` for all sources, and for users.
    pub only_source: Option<SourceId>,
}

/// What limits a token besides its role.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct TokenLimits {
    /// The only source that it is for; `None` for all sources.
    pub only_source: Option<SourceId>,
    /// The time from which on it is refused; `None` if it does not expire.
    pub expires_at: Option<DateTime<Utc>>,
}

/// How exactly the last use of a session or a token is known. It is written when this has passed since the last time.
pub const LAST_USE_PRECISION: TimeDelta = TimeDelta::minutes(5);

/// The actor that a session or a token belongs to, and when it was last used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ActorUse {
    /// The user or token.
    pub actor: Actor,
    /// The time of the last use, to within [`LAST_USE_PRECISION`]; `None` if it was never used, or that is not known.
    pub last_used_at: Option<DateTime<Utc>>,
}

impl ActorUse {
    /// Whether a use at `now` is late enough after the last one to be written.
    #[must_use]
    pub fn is_news(&self, now: DateTime<Utc>) -> bool {
        self.last_used_at.is_none_or(|last| now - last >= LAST_USE_PRECISION)
    }
}

/// What identifies a session or a token in the database: the hash of its secret.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum CredentialHash {
    /// The hash of the token in the cookie of a session.
    Session(String),
    /// The hash of an API token.
    Token(String),
}

#[cfg(test)]
mod tests {
    use super::AccountName;

    #[test]
    fn a_name_has_no_letters_that_nobody_sees() {
        for name in ["ada", "Ada  Lovelace", "علی\u{200c}رضا", "👩\u{200d}🚀", "Ämil"] {
            assert_eq!(name.parse::<AccountName>().expect("a name").as_str(), name);
        }
        for hidden in ["ad\u{200b}a", "eve\u{202e}nimda", "x\u{2028}y", "a\nb", "a\u{ad}b", "a\u{200d}b", ""] {
            assert!(hidden.parse::<AccountName>().is_err(), "{}", hidden.escape_unicode());
        }
    }
}
