//! Parses the values of settings. An error is the rest of a line after the setting's name: what is wrong, and an
//! example.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::domain::secret_key::SecretKey;
use crate::domain::text::measures::parse_setting;
use crate::domain::trusted_proxies::{NotTrustedProxies, TrustedProxies};
use crate::fetch::AllowHosts;
use crate::status::RedisAddress;
use crate::store::{DatabaseAddress, SqliteSync};

/// The maximum of time limits: seven days.
const MAX_TIME_LIMIT: Duration = Duration::from_secs(7 * 24 * 3600);
/// The maximum of retention times: ten years.
const MAX_RETENTION: Duration = Duration::from_secs(3650 * 24 * 3600);
/// The minimum of the times after which sessions end.
const MIN_SESSION_TIME: Duration = Duration::from_secs(10 * 60);
/// The most syncs that may run at the same time.
const MAX_WORKERS: usize = 64;

/// Quotes a value for a message of one line.
fn quote_value(text: &str) -> String {
    format!("“{}”", text.escape_debug())
}

pub(super) fn parse_database(text: &str) -> Result<DatabaseAddress, String> {
    const EXAMPLES: &str =
        "Use a value like postgres://lockstep@localhost/lockstep, or the path of a SQLite file such as ./lockstep.db.";
    // The value may hold a password, so only the part before :// is shown.
    if let Some((scheme, _)) = text.split_once("://")
        && !["postgres", "postgresql", "sqlite", "file"].contains(&scheme)
    {
        return Err(format!("{} is not a supported database. {EXAMPLES}", quote_value(scheme)));
    }
    if let Some((_, "" | "/")) = text.split_once("://") {
        return Err(format!("{} names no database. {EXAMPLES}", quote_value(text)));
    }
    // These would be taken for the name of a file, with the password in it.
    let is_libpq_string = text.split_whitespace().any(|word| {
        ["host=", "hostaddr=", "port=", "dbname=", "user=", "password=", "service="]
            .iter()
            .any(|key| word.starts_with(key))
    });
    if is_libpq_string || (text.starts_with("postgres") && text.contains(':') && !text.contains("://")) {
        return Err(format!("the value looks like a PostgreSQL database that is not written as a URL. {EXAMPLES}"));
    }
    match DatabaseAddress::parse(text) {
        DatabaseAddress::Sqlite(path) if path.as_os_str().is_empty() => Err(format!("the path is missing. {EXAMPLES}")),
        DatabaseAddress::Sqlite(path) if path.as_os_str() == ":memory:" => {
            Err(format!("a database in memory cannot be shared between connections. {EXAMPLES}"))
        }
        address => Ok(address),
    }
}

pub(super) fn parse_sqlite_sync(text: &str) -> Result<SqliteSync, String> {
    match text.trim() {
        "normal" => Ok(SqliteSync::Normal),
        "full" => Ok(SqliteSync::Full),
        _ => Err(format!("{} is not a mode of SQLite. Use normal or full.", quote_value(text))),
    }
}

pub(super) fn parse_bind_address(text: &str) -> Result<String, String> {
    let is_name =
        |host: &str| !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-');
    let has_name = text.rsplit_once(':').is_some_and(|(host, port)| is_name(host) && port.parse::<u16>().is_ok());
    if has_name || text.parse::<SocketAddr>().is_ok() {
        return Ok(text.to_owned());
    }
    Err(format!("{} is not an address with a port. Use a value like 127.0.0.1:8080 or [::1]:8080.", quote_value(text)))
}

pub(super) fn parse_worker_count(text: &str) -> Result<usize, String> {
    let number = text.trim().parse().ok().filter(|number| (1..=MAX_WORKERS).contains(number));
    number.ok_or_else(|| format!("{} is not a number from 1 to {MAX_WORKERS}. Use a value like 2.", quote_value(text)))
}

/// Parses a duration of at most seven days.
pub(super) fn parse_duration(text: &str) -> Result<Duration, String> {
    parse_setting(text, MAX_TIME_LIMIT)
}

/// Parses a retention time: more than zero, at most ten years.
pub(super) fn parse_retention(text: &str) -> Result<Duration, String> {
    match parse_setting(text, MAX_RETENTION)? {
        Duration::ZERO => Err(format!("{} would keep nothing. Use a value like 5m, 24h or 90d.", quote_value(text))),
        duration => Ok(duration),
    }
}

/// Parses a time limit: more than zero, at most seven days.
pub(super) fn parse_time_limit(text: &str) -> Result<Duration, String> {
    match parse_duration(text)? {
        Duration::ZERO => Err(format!("{} leaves no time. Use a value like 30s or 5m.", quote_value(text))),
        duration => Ok(duration),
    }
}

/// Parses a time after which a session ends: from ten minutes, because its use is recorded every five, to ten years.
pub(super) fn parse_session_time(text: &str) -> Result<Duration, String> {
    let duration = parse_setting(text, MAX_RETENTION)?;
    if duration < MIN_SESSION_TIME {
        let message = "is less than ten minutes. Use a value like 12h or 14d.";
        return Err(format!("{} {message}", quote_value(text)));
    }
    Ok(duration)
}

pub(super) fn parse_trusted_proxies(text: &str) -> Result<TrustedProxies, String> {
    text.parse().map_err(|error: NotTrustedProxies| error.to_string())
}

/// Derives the key that secrets are encrypted with. The message does not show the value.
pub(super) fn parse_secret_key(text: &str) -> Result<Option<Arc<SecretKey>>, String> {
    let key = SecretKey::derive_from(text)
        .map_err(|error| format!("the value is not usable: {error}. Create one with: openssl rand -base64 32"))?;
    Ok(Some(Arc::new(key)))
}

/// Parses a number of requests in a second; zero means any number.
pub(super) fn parse_rate_limit(text: &str) -> Result<u32, String> {
    let number = text.trim().parse().ok();
    number.ok_or_else(|| {
        format!("{} is not a number of requests a second. Use a value like 600, or 0 for no limit.", quote_value(text))
    })
}

pub(super) fn parse_byte_count(text: &str) -> Result<u64, String> {
    let number = text.trim().parse().ok().filter(|number| *number > 0);
    number
        .ok_or_else(|| format!("{} is not a number of bytes. Use a value like 200000000 (200 MB).", quote_value(text)))
}

pub(super) fn parse_allowed_hosts(text: &str) -> Result<AllowHosts, String> {
    text.parse()
        .map_err(|error: crate::fetch::NotAllowHosts| format!("{}.", error.to_string().replace(char::is_control, "·")))
}

/// Parses a base URL. The message does not show the value, which may hold a password.
pub(super) fn parse_google_base(text: &str) -> Result<Url, String> {
    let url = Url::parse(text.trim()).ok().filter(|url| {
        matches!(url.scheme(), "http" | "https") && url.has_host() && url.query().is_none() && url.fragment().is_none()
    });
    url.ok_or_else(|| "the value is not the URL of a server. Use a value like https://docs.google.com.".to_owned())
}

/// Parses the public URL of this server. It is shown in links, so it must not carry a password.
pub(super) fn parse_public_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text.trim()).ok().filter(|url| {
        let has_credentials = !url.username().is_empty() || url.password().is_some();
        let is_server = matches!(url.scheme(), "http" | "https") && url.has_host();
        is_server && !has_credentials && url.query().is_none() && url.fragment().is_none()
    });
    url.ok_or_else(|| {
        "the value is not the URL of a server. Use a value like https://intranet.example/lockstep.".to_owned()
    })
}

/// Checks the directives of `RUST_LOG`, because the logger skips those that it cannot parse.
pub(super) fn parse_log_filter(text: &str) -> Result<String, String> {
    let directives = text.split('/').next().unwrap_or_default();
    for directive in directives.split(',').map(str::trim) {
        if let Some((_, level)) = directive.split_once('=')
            && !level.is_empty()
            && level.trim().parse::<log::LevelFilter>().is_err()
        {
            return Err(format!(
                "{} is not a log level. Use a value like info or lockstep=debug. Levels: off, error, warn, info, \
                 debug, trace.",
                quote_value(level)
            ));
        }
    }
    Ok(text.to_owned())
}

/// The value of `LOCKSTEP_STATUS_STORE`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum StatusStoreName {
    File,
    Redis,
    Database,
}

pub(super) fn parse_status_store(text: &str) -> Result<StatusStoreName, String> {
    match text.trim() {
        "file" => Ok(StatusStoreName::File),
        "redis" => Ok(StatusStoreName::Redis),
        "database" => Ok(StatusStoreName::Database),
        _ => Err(format!("{} is not a status store. Use file, redis or database.", quote_value(text))),
    }
}

pub(super) fn parse_redis_address(text: &str) -> Result<RedisAddress, String> {
    text.parse().map_err(|error: crate::status::NotARedis| {
        format!("{error}. Use a value like redis://127.0.0.1:6379 or rediss://:PASSWORD@redis.example:6380/0.")
    })
}
