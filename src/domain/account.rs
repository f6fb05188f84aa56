//! Who may do what.

use std::str::FromStr;

use super::text::enum_names::words;

words! {
    /// What a user or a token may do.
    Role {
        /// Everything.
        Admin = "admin",
        /// Read everything.
        Viewer = "viewer",
    }
}

/// The name of a user or a token: 1 to 64 characters, none of them a control character, no white space around it.
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

/// The fewest characters a password may have (NIST SP 800-63B-4 asks for no composition rules, only length).
pub const PASSWORD_MIN_CHARS: usize = 8;
/// The most bytes of one, so that hashing cannot be made to cost much.
pub const PASSWORD_MAX_BYTES: usize = 1024;

/// A user who can log in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UserAccount {
    /// The number in the database.
    pub id: i64,
    /// The name.
    pub name: String,
    /// What the user may do.
    pub role: Role,
}

/// Who is asking: a signed-in user or the bearer of a token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Actor {
    /// The name shown in "started by".
    pub name: String,
    /// What they may do.
    pub role: Role,
}
