//! The address of the database, and how to show it without its password.

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;

use percent_encoding::percent_decode_str;

/// The address of the database.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseAddress {
    /// The path of a SQLite file.
    Sqlite(PathBuf),
    /// The `postgres://` URL of a PostgreSQL server.
    Postgres(String),
}

/// Replaces error texts that may quote a part of a password.
const UNCLEAR_ADDRESS: &str = "the URL is ambiguous because of a special character in the username or password: write \
                               @ as %40, / as %2F and ? as %3F";

impl DatabaseAddress {
    /// Parses a `DATABASE_URL`: `postgres://…`, `postgresql://…`, `sqlite:PATH`, `sqlite://PATH`, `file:PATH` or a
    /// path.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Self::Postgres(text.to_owned());
        }
        let path = ["sqlite://", "sqlite:", "file:"].iter().find_map(|scheme| text.strip_prefix(scheme));
        Self::Sqlite(PathBuf::from(path.unwrap_or(text)))
    }

    /// Returns the address for people. A PostgreSQL URL is returned without user name, password and query.
    #[must_use]
    pub fn for_people(&self) -> String {
        match self {
            Self::Sqlite(path) => path.display().to_string(),
            Self::Postgres(url) => {
                let parts = AddressParts::parse(url);
                let place = parts.host_and_path().unwrap_or("…");
                format!("{}://{place}{}", parts.scheme, if parts.query.is_some() { "?…" } else { "" })
            }
        }
    }

    /// Returns an error text in one line and without the password, because libpq quotes what it cannot parse.
    #[must_use]
    pub(super) fn without_password(&self, text: &str) -> String {
        let text = text.trim().replace(char::is_control, " ");
        let Self::Postgres(url) = self else { return text };
        let parts = AddressParts::parse(url);
        let Some(place) = parts.host_and_path() else { return UNCLEAR_ADDRESS.to_owned() };
        // A password that equals the name of the user or of the database cannot be hidden, because names must stay
        // readable.
        let is_secret = |word: &str| !word.is_empty() && word != parts.user && !place.contains(word);
        let decoded = |word: &str| percent_decode_str(word).decode_utf8_lossy().into_owned();
        let passwords = parts.list_passwords().into_iter().flat_map(|word| [word.to_owned(), decoded(word)]);
        passwords
            .filter(|word| is_secret(word))
            .fold(text.replace(url.as_str(), &self.for_people()), |text, word| text.replace(&word, "…"))
    }
}

impl fmt::Debug for DatabaseAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => f.debug_tuple("Sqlite").field(path).finish(),
            Self::Postgres(_) => f.debug_tuple("Postgres").field(&self.for_people()).finish(),
        }
    }
}

/// The parts of a PostgreSQL URL as libpq parses it. The `url` crate parses it differently: there may be several hosts
/// or none.
struct AddressParts<'a> {
    scheme: &'a str,
    user: Cow<'a, str>,
    password: Option<&'a str>,
    /// Hosts, ports and the database.
    rest: &'a str,
    query: Option<&'a str>,
}

impl<'a> AddressParts<'a> {
    fn parse(url: &'a str) -> Self {
        let (scheme, rest) = url.split_once("://").unwrap_or((url, ""));
        let names = rest.find('/').map_or(rest, |slash| &rest[..slash]);
        let (login, rest) = names.find('@').map_or(("", rest), |at| (&rest[..at], &rest[at + 1..]));
        let (user, password) = login.split_once(':').map_or((login, None), |(user, word)| (user, Some(word)));
        let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
        Self { scheme, user: percent_decode_str(user).decode_utf8_lossy(), password, rest, query }
    }

    /// Hosts, ports and the database; `None` if they may contain a part of the password.
    fn host_and_path(&self) -> Option<&'a str> {
        let settings = || self.query.into_iter().flat_map(|query| query.split('&'));
        let is_clear = !self.rest.contains('@') && settings().all(|pair| pair.contains('=') || !pair.contains('@'));
        is_clear.then_some(self.rest)
    }

    fn list_passwords(&self) -> Vec<&'a str> {
        let settings = self.query.into_iter().flat_map(|query| query.split('&'));
        let named = settings.filter_map(|pair| pair.split_once('=')).filter(|(name, _)| name.contains("password"));
        self.password.into_iter().chain(named.map(|(_, word)| word)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{DatabaseAddress, UNCLEAR_ADDRESS};

    #[test]
    fn an_address_is_a_server_or_a_file() {
        let file = |path: &str| DatabaseAddress::Sqlite(path.into());
        assert_eq!(DatabaseAddress::parse("sqlite:///a/b.db"), file("/a/b.db"));
        assert_eq!(DatabaseAddress::parse("sqlite:b.db"), file("b.db"));
        assert_eq!(DatabaseAddress::parse("/a/b.db"), file("/a/b.db"));
        let server = DatabaseAddress::parse("postgresql://me:pw@h/db");
        assert_eq!(server.for_people(), "postgresql://h/db");
    }

    #[test]
    fn an_address_is_shown_without_its_password_whatever_is_in_it() {
        let cases = [
            ("postgres://me:s3cret@h:5432/db", "postgres://h:5432/db"),
            ("postgres://me:s3c#r?et@h/db", "postgres://h/db"),
            ("postgres://me:s3cret@h1:5432,h2:5433/db", "postgres://h1:5432,h2:5433/db"),
            ("postgres://me:s3cret@/db?host=/run/x&application_name=a@b", "postgres:///db?…"),
            ("postgres://h/db?user=me&password=s3cret", "postgres://h/db?…"),
            ("postgres://me:s3c@ret@h/db", "postgres://…"),
            ("postgres://me:12/s3cret@h/db", "postgres://…"),
            ("postgres://me:s3c?r/et@h/db", "postgres://…?…"),
        ];
        for (text, shown) in cases {
            let address = DatabaseAddress::parse(text);
            assert_eq!(address.for_people(), shown, "{text}");
            assert!(!format!("{address:?}").contains("s3c"), "{text}");
        }
    }

    #[test]
    fn messages_of_the_database_lose_the_password() {
        let message = |address: &str, text: &str| DatabaseAddress::parse(address).without_password(text);
        let quoted = "invalid percent-encoded token: \"s3c%ret\"\n";
        assert_eq!(message("postgres://me:s3c%ret@h/db", quoted), "invalid percent-encoded token: \"…\"");
        assert_eq!(message("postgres://h/db?password=s%33cret", "no s3cret, no s%33cret"), "no …, no …");
        assert_eq!(message("postgres://me:s3c@ret:1@h/db", "could not translate host name \"ret\""), UNCLEAR_ADDRESS);
        assert_eq!(
            message("postgres://me:s3cret@[::1/db", "in URI: \"postgres://me:s3cret@[::1/db\""),
            "in URI: \"postgres://[::1/db\""
        );
        // Most first installations use these credentials.
        let missing = "role \"lockstep\" does not exist";
        assert_eq!(message("postgres://lockstep:lockstep@localhost/lockstep", missing), missing);
    }
}
