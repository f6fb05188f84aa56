//! User accounts, their roles and names.

use std::str::FromStr;

use super::text::string_enum::string_enum;

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
#[error("a name must have 1 to 64 characters and no line breaks")]
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
        let fits = (1..=64).contains(&text.chars().count()) && !text.contains(char::is_control);
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
}
