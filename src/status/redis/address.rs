//! The address of a Redis server.

use std::fmt;
use std::str::FromStr;

use redis::{ConnectionInfo, IntoConnectionInfo};
use url::Url;

use crate::domain::location::without_secrets;

/// The address of a Redis server: `redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]`, `rediss://…` for TLS, or
/// `unix:///PATH`.
#[derive(Clone)]
pub struct RedisAddress {
    pub(super) info: Box<ConnectionInfo>,
    shown: String,
}

/// Why a text is not a Redis address. The reason does not repeat the text, which may contain a password.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct NotARedis(String);

impl FromStr for RedisAddress {
    type Err = NotARedis;

    fn from_str(text: &str) -> Result<Self, NotARedis> {
        let not = |reason: &str| NotARedis(reason.to_owned());
        let url = Url::parse(text.trim()).map_err(|_| not("this is not a URL"))?;
        if !["redis", "rediss", "unix"].contains(&url.scheme()) {
            return Err(not("a Redis URL must begin with redis://, rediss:// or unix://"));
        }
        if url.fragment().is_some() {
            return Err(not("the URL contains a #; in a password, write it as %23"));
        }
        let shown = without_secrets(url.as_str());
        // The crate's error texts contain no part of the password; one of them quotes an option of the query, which is
        // cut off.
        let info = url.into_connection_info().map_err(|error| {
            let reason = error.to_string();
            NotARedis(reason.split(" - ").next().unwrap_or_default().to_lowercase())
        })?;
        Ok(Self { info: Box::new(info), shown })
    }
}

impl RedisAddress {
    /// Returns the address for people, without user name and password.
    #[must_use]
    pub fn for_people(&self) -> &str {
        &self.shown
    }

    /// Returns `text` without the password. Redis repeats unknown commands in its errors, which may contain the
    /// password.
    pub(super) fn without_password(&self, text: &str) -> String {
        let text = text.replace(char::is_control, " ");
        match self.info.redis_settings().password() {
            Some(password) if !password.is_empty() => text.replace(password, "…"),
            _ => text,
        }
    }
}

impl fmt::Debug for RedisAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RedisAddress").field(&self.shown).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::RedisAddress;

    #[test]
    fn an_address_is_shown_without_its_password() {
        let address: RedisAddress = "rediss://me:s3cret%23@redis.example:6380/2".parse().expect("an address");
        assert_eq!(address.for_people(), "rediss://redis.example:6380/2");
        assert!(!format!("{address:?}").contains("s3cret"));
        let quoted = address.without_password("ERR unknown command 'AUTH', with args beginning with: 's3cret#'");
        assert!(!quoted.contains("s3cret"), "{quoted}");
        let socket: RedisAddress = "unix:///run/redis.sock?pass=s3cret".parse().expect("an address");
        assert!(!socket.for_people().contains("s3cret") && socket.for_people().contains("/run/redis.sock"));
    }

    #[test]
    fn an_invalid_address_is_refused_without_being_repeated() {
        let bad = [
            "",
            "localhost",
            "localhost:6379",
            "http://:s3cret@h",
            "redis://",
            "redis://:s3cret@",
            "redis://h/s3cret",
            "redis://:s3c#ret@h",
            "redis://h:99999",
            "redis://0.0.0.0",
            "redis://h?protocol=s3cret",
        ];
        for text in bad {
            let reason = text.parse::<RedisAddress>().expect_err(text).to_string();
            assert!(!reason.is_empty() && !reason.contains("s3c"), "{text}: {reason}");
        }
    }
}
