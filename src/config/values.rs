//! How the text of a setting becomes its value, and what is said of one that does not.

use std::time::Duration;

use url::Url;

use crate::fetch::AllowHosts;
use crate::status::RedisAddress;
use crate::store::DatabaseAddress;

const DAY: Duration = Duration::from_secs(24 * 3600);
/// The longest that something may take.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);
/// The longest that something may be kept: ten years.
const LONGEST_KEPT: Duration = Duration::from_secs(3650 * 24 * 3600);

/// A value fit to be shown in one line.
fn shown(text: &str) -> String {
    format!("“{}”", text.escape_debug())
}

pub(super) fn database(text: &str) -> Result<DatabaseAddress, String> {
    const EXAMPLES: &str =
        "Write postgres://lockstep@localhost/lockstep, or the path of a SQLite file such as ./lockstep.db.";
    // The value may hold a password, so only what stands before :// is shown.
    if let Some((scheme, _)) = text.split_once("://")
        && !["postgres", "postgresql", "sqlite", "file"].contains(&scheme)
    {
        return Err(format!("there are no databases of the kind {}. {EXAMPLES}", shown(scheme)));
    }
    if let Some((_, "" | "/")) = text.split_once("://") {
        return Err(format!("after {} nothing follows. {EXAMPLES}", shown(text)));
    }
    match DatabaseAddress::parse(text) {
        DatabaseAddress::Sqlite(path) if path.as_os_str().is_empty() => Err(format!("the path is missing. {EXAMPLES}")),
        DatabaseAddress::Sqlite(path) if path.as_os_str() == ":memory:" => {
            Err(format!("a database in memory is not shared by Lockstep's connections. {EXAMPLES}"))
        }
        address => Ok(address),
    }
}

pub(super) fn bind(text: &str) -> Result<String, String> {
    let is_name =
        |host: &str| !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-');
    let is_named = text.rsplit_once(':').is_some_and(|(host, port)| is_name(host) && port.parse::<u16>().is_ok());
    if is_named || text.parse::<std::net::SocketAddr>().is_ok() {
        return Ok(text.to_owned());
    }
    Err(format!("{} is not an address and a port. Write it like 127.0.0.1:8080 or [::1]:8080.", shown(text)))
}

pub(super) fn workers(text: &str) -> Result<usize, String> {
    let number = text.trim().parse().ok().filter(|number| (1..=64).contains(number));
    number.ok_or_else(|| format!("{} is not a number from 1 to 64. Write it like 2.", shown(text)))
}

/// A duration of at most seven days.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    span(text, LONGEST)
}

fn span(text: &str, longest: Duration) -> Result<Duration, String> {
    const EXAMPLES: &str = "Write it like 500ms, 3s, 5m, 24h or 7d.";
    let trimmed = text.trim();
    let (digits, unit) = trimmed.split_at(trimmed.find(|c: char| !c.is_ascii_digit()).unwrap_or(trimmed.len()));
    let not_one = || format!("{} is not a duration. {EXAMPLES}", shown(text));
    let number: u64 = digits.parse().map_err(|_| not_one())?;
    let millis = match unit.trim() {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "" if number == 0 => 0,
        "" => return Err(format!("{} has no unit. {EXAMPLES}", shown(text))),
        _ => return Err(not_one()),
    };
    let duration = number.checked_mul(millis).map(Duration::from_millis).filter(|duration| *duration <= longest);
    let days = longest.as_secs() / DAY.as_secs();
    duration.ok_or_else(|| format!("{} is longer than {days} days. {EXAMPLES}", shown(text)))
}

/// How long something is kept.
pub(super) fn term(text: &str) -> Result<Duration, String> {
    match span(text, LONGEST_KEPT)? {
        Duration::ZERO => Err(format!("{} would keep nothing at all. Write it like 5m, 24h or 90d.", shown(text))),
        some => Ok(some),
    }
}

/// A duration that something may take, so not none at all.
pub(super) fn limit(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err(format!("{} would leave no time at all. Write it like 30s or 5m.", shown(text))),
        some => Ok(some),
    }
}

pub(super) fn bytes(text: &str) -> Result<u64, String> {
    let number = text.trim().parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| format!("{} is not a number of bytes. Write it like 200000000 for 200 MB.", shown(text)))
}

pub(super) fn hosts(text: &str) -> Result<AllowHosts, String> {
    text.parse()
        .map_err(|error: crate::fetch::NotAllowHosts| format!("{}.", error.to_string().replace(char::is_control, "·")))
}

pub(super) fn google_base(text: &str) -> Result<Option<Url>, String> {
    let url = Url::parse(text.trim()).ok().filter(|url| {
        matches!(url.scheme(), "http" | "https") && url.has_host() && url.query().is_none() && url.fragment().is_none()
    });
    url.map(Some)
        .ok_or_else(|| "that is not the address of a server. Write it like https://docs.google.com.".to_owned())
}

/// The logger skips directives it cannot read, so they are looked at here.
pub(super) fn log_filter(text: &str) -> Result<String, String> {
    let directives = text.split('/').next().unwrap_or_default();
    for directive in directives.split(',').map(str::trim) {
        if let Some((_, level)) = directive.split_once('=')
            && !level.is_empty()
            && level.trim().parse::<log::LevelFilter>().is_err()
        {
            return Err(format!(
                "{} is not a level of logging. Write it like info, or lockstep=debug; levels are off, error, warn, \
                 info, debug, trace.",
                shown(level)
            ));
        }
    }
    Ok(text.to_owned())
}

/// Where live status is written first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum StatusWord {
    File,
    Redis,
    Database,
}

pub(super) fn status_store(text: &str) -> Result<StatusWord, String> {
    match text.trim() {
        "file" => Ok(StatusWord::File),
        "redis" => Ok(StatusWord::Redis),
        "database" => Ok(StatusWord::Database),
        _ => Err(format!("{} is not a place for status. Write file, redis or database.", shown(text))),
    }
}

pub(super) fn redis(text: &str) -> Result<Option<RedisAddress>, String> {
    let parsed = text.parse().map(Some);
    parsed.map_err(|error: crate::status::NotARedis| {
        format!("{error}. Write it like redis://127.0.0.1:6379 or rediss://:PASSWORD@redis.example:6380/0.")
    })
}
