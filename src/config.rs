//! Settings: read here from flags and environment, and nowhere else. A flag wins over the environment, an empty
//! variable counts as unset, and all mistakes are found at once.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use crate::fetch::AllowHosts;
use crate::store::DatabaseAddress;

/// The settings as flags, the same for every command. A flag wins over the variable named beside it.
#[derive(clap::Args, Clone, Default, Debug)]
#[command(next_help_heading = "Settings (also from the environment)")]
pub struct Flags {
    /// Folder of the database, the status files and the uploads; DATA_DIR below stands for it.
    /// LOCKSTEP_DATA_DIR, default ./data
    #[arg(long, global = true, value_name = "FOLDER")]
    data_dir: Option<OsString>,
    /// The database: postgres://USER@HOST/NAME, or a SQLite file. DATABASE_URL, default DATA_DIR/lockstep.db
    #[arg(long, global = true, value_name = "ADDRESS")]
    database_url: Option<OsString>,
    /// Address and port to serve on; port 0 takes a free one. LOCKSTEP_BIND, default 127.0.0.1:8080
    #[arg(long, global = true, value_name = "ADDRESS:PORT")]
    bind: Option<OsString>,
    /// How many syncs run at the same time, 1 to 64. LOCKSTEP_WORKERS, default 2
    #[arg(long, global = true, value_name = "NUMBER")]
    workers: Option<OsString>,
    /// How long one fetch may take. LOCKSTEP_FETCH_TIMEOUT, default 120s
    #[arg(long, global = true, value_name = "DURATION")]
    fetch_timeout: Option<OsString>,
    /// How long one sync may take. LOCKSTEP_SYNC_TIMEOUT, default 5m
    #[arg(long, global = true, value_name = "DURATION")]
    sync_timeout: Option<OsString>,
    /// How soon the same sync may be started again by hand; 0 switches this off. LOCKSTEP_COOLDOWN, default 3s
    #[arg(long, global = true, value_name = "DURATION")]
    cooldown: Option<OsString>,
    /// The most bytes one source may have, unpacked. LOCKSTEP_MAX_BYTES, default 200000000
    #[arg(long, global = true, value_name = "BYTES")]
    max_bytes: Option<OsString>,
    /// Hosts that may be fetched from although they are not public: names, addresses, blocks, separated by commas.
    /// LOCKSTEP_ALLOW_HOSTS, default none
    #[arg(long, global = true, value_name = "HOSTS")]
    allow_hosts: Option<OsString>,
    /// Base of Google's addresses, for a stand-in. LOCKSTEP_GOOGLE_URL, default Google's own
    #[arg(long, global = true, value_name = "ADDRESS")]
    google_url: Option<OsString>,
}

/// Every setting, read and checked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `LOCKSTEP_DATA_DIR`, a folder, default `./data`: everything Lockstep keeps on disk.
    pub data_dir: PathBuf,
    /// `DATABASE_URL`, an address, default the SQLite file `lockstep.db` in the data folder.
    pub database: DatabaseAddress,
    /// `LOCKSTEP_BIND`, address and port, default `127.0.0.1:8080`; port 0 takes a free one.
    pub bind: String,
    /// `LOCKSTEP_WORKERS`, a number from 1 to 64, default 2: how many syncs run at the same time.
    pub workers: usize,
    /// `LOCKSTEP_FETCH_TIMEOUT`, a duration, default `120s`: how long one fetch may take.
    pub fetch_timeout: Duration,
    /// `LOCKSTEP_SYNC_TIMEOUT`, a duration, default `5m`: how long one run may take.
    pub sync_timeout: Duration,
    /// `LOCKSTEP_COOLDOWN`, a duration, default `3s`: how soon the same may be started again by hand; 0 is off.
    pub cooldown: Duration,
    /// `LOCKSTEP_MAX_BYTES`, bytes, default 200,000,000: the most one source may have after decompression.
    pub max_bytes: u64,
    /// `LOCKSTEP_ALLOW_HOSTS`, names, addresses and blocks separated by commas, default none: what may be fetched
    /// from although it is not a public address.
    pub allow_hosts: AllowHosts,
    /// `LOCKSTEP_GOOGLE_URL`, an address: what stands in for `https://docs.google.com`, default nothing.
    pub google_base: Option<Url>,
    /// `RUST_LOG`, directives such as `info` or `lockstep=debug`: what is logged. The default is the command's.
    pub log_filter: Option<String>,
    /// Settings that are set although this version does not use them yet.
    pub unused: Vec<&'static str>,
}

/// Everything that is wrong with the settings, one line per mistake.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mistakes(Vec<String>);

impl Mistakes {
    /// The lines.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for Mistakes {}

/// Settings of later versions.
const LATER: [&str; 4] =
    ["LOCKSTEP_REDIS_URL", "LOCKSTEP_GOOGLE_CREDENTIALS", "LOCKSTEP_WEBHOOK_URL", "LOCKSTEP_TRUSTED_PROXIES"];

/// The longest a duration may be.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);

impl Settings {
    /// Reads the settings of this process.
    ///
    /// # Errors
    /// When values are wrong: all of them are named.
    pub fn read(flags: &Flags) -> Result<Self, Mistakes> {
        Self::read_from(flags, &|name| std::env::var_os(name))
    }

    fn read_from(flags: &Flags, env: &dyn Fn(&str) -> Option<OsString>) -> Result<Self, Mistakes> {
        let mut read = Reader { env, mistakes: Vec::new() };
        let data_dir = PathBuf::from(
            read.given("LOCKSTEP_DATA_DIR", flags.data_dir.as_deref())
                .map_or_else(|| OsString::from("./data"), |(_, value)| value),
        );
        let in_data_dir = || DatabaseAddress::Sqlite(data_dir.join("lockstep.db"));
        let settings = Self {
            database: read.one("DATABASE_URL", flags.database_url.as_deref(), database, in_data_dir),
            bind: read.one("LOCKSTEP_BIND", flags.bind.as_deref(), bind, || "127.0.0.1:8080".to_owned()),
            workers: read.one("LOCKSTEP_WORKERS", flags.workers.as_deref(), workers, || 2),
            fetch_timeout: read.one("LOCKSTEP_FETCH_TIMEOUT", flags.fetch_timeout.as_deref(), limit, || seconds(120)),
            sync_timeout: read.one("LOCKSTEP_SYNC_TIMEOUT", flags.sync_timeout.as_deref(), limit, || seconds(300)),
            cooldown: read.one("LOCKSTEP_COOLDOWN", flags.cooldown.as_deref(), duration, || seconds(3)),
            max_bytes: read.one("LOCKSTEP_MAX_BYTES", flags.max_bytes.as_deref(), bytes, || 200_000_000),
            allow_hosts: read.one("LOCKSTEP_ALLOW_HOSTS", flags.allow_hosts.as_deref(), hosts, AllowHosts::default),
            google_base: read.one("LOCKSTEP_GOOGLE_URL", flags.google_url.as_deref(), google_base, || None),
            log_filter: read.one("RUST_LOG", None, |text| log_filter(text).map(Some), || None),
            unused: LATER.into_iter().filter(|name| read.given(name, None).is_some()).collect(),
            data_dir,
        };
        if read.mistakes.is_empty() { Ok(settings) } else { Err(Mistakes(read.mistakes)) }
    }
}

/// Reads one setting after the other and gathers the mistakes.
struct Reader<'a> {
    env: &'a dyn Fn(&str) -> Option<OsString>,
    mistakes: Vec<String>,
}

impl Reader<'_> {
    /// What was given for a setting, and the name it was given by: the flag's or the variable's.
    fn given(&mut self, name: &'static str, flag: Option<&OsStr>) -> Option<(String, OsString)> {
        if let Some(value) = flag {
            let flag = format!("--{}", name.trim_start_matches("LOCKSTEP_").to_lowercase().replace('_', "-"));
            if value.is_empty() {
                self.mistakes.push(format!("{flag}: there is no value; leave the flag out to get the default."));
                return None;
            }
            return Some((flag, value.to_owned()));
        }
        (self.env)(name).filter(|value| !value.is_empty()).map(|value| (name.to_owned(), value))
    }

    fn one<T>(
        &mut self,
        name: &'static str,
        flag: Option<&OsStr>,
        parse: impl FnOnce(&str) -> Result<T, String>,
        default: impl FnOnce() -> T,
    ) -> T {
        let Some((name, value)) = self.given(name, flag) else { return default() };
        let parsed = value.to_str().ok_or_else(|| "the value is not UTF-8 text.".to_owned()).and_then(parse);
        parsed.unwrap_or_else(|wrong| {
            self.mistakes.push(format!("{name}: {wrong}"));
            default()
        })
    }
}

const fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}

/// A value fit to be shown in one line.
fn shown(text: &str) -> String {
    format!("“{}”", text.escape_debug())
}

fn database(text: &str) -> Result<DatabaseAddress, String> {
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

fn bind(text: &str) -> Result<String, String> {
    let is_name =
        |host: &str| !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-');
    let is_named = text.rsplit_once(':').is_some_and(|(host, port)| is_name(host) && port.parse::<u16>().is_ok());
    if is_named || text.parse::<std::net::SocketAddr>().is_ok() {
        return Ok(text.to_owned());
    }
    Err(format!("{} is not an address and a port. Write it like 127.0.0.1:8080 or [::1]:8080.", shown(text)))
}

fn workers(text: &str) -> Result<usize, String> {
    let number = text.trim().parse().ok().filter(|number| (1..=64).contains(number));
    number.ok_or_else(|| format!("{} is not a number from 1 to 64. Write it like 2.", shown(text)))
}

fn duration(text: &str) -> Result<Duration, String> {
    const EXAMPLES: &str = "Write it like 500ms, 3s, 5m or 24h.";
    let trimmed = text.trim();
    let (digits, unit) = trimmed.split_at(trimmed.find(|c: char| !c.is_ascii_digit()).unwrap_or(trimmed.len()));
    let not_one = || format!("{} is not a duration. {EXAMPLES}", shown(text));
    let number: u64 = digits.parse().map_err(|_| not_one())?;
    let millis = match unit.trim() {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "" if number == 0 => 0,
        "" => return Err(format!("{} has no unit. {EXAMPLES}", shown(text))),
        _ => return Err(not_one()),
    };
    let duration = number.checked_mul(millis).map(Duration::from_millis).filter(|duration| *duration <= LONGEST);
    duration.ok_or_else(|| format!("{} is longer than seven days (168h). {EXAMPLES}", shown(text)))
}

/// A duration that something may take, so not none at all.
fn limit(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err(format!("{} would leave no time at all. Write it like 30s or 5m.", shown(text))),
        some => Ok(some),
    }
}

fn bytes(text: &str) -> Result<u64, String> {
    let number = text.trim().parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| format!("{} is not a number of bytes. Write it like 200000000 for 200 MB.", shown(text)))
}

fn hosts(text: &str) -> Result<AllowHosts, String> {
    text.parse()
        .map_err(|error: crate::fetch::NotAllowHosts| format!("{}.", error.to_string().replace(char::is_control, "·")))
}

fn google_base(text: &str) -> Result<Option<Url>, String> {
    let url = Url::parse(text.trim()).ok().filter(|url| {
        matches!(url.scheme(), "http" | "https") && url.has_host() && url.query().is_none() && url.fragment().is_none()
    });
    url.map(Some)
        .ok_or_else(|| "that is not the address of a server. Write it like https://docs.google.com.".to_owned())
}

/// The logger skips directives it cannot read, so they are looked at here.
fn log_filter(text: &str) -> Result<String, String> {
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

#[cfg(test)]
mod tests;
