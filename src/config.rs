//! Settings: read here from flags and environment, and nowhere else. A flag wins over the environment, an empty
//! variable counts as unset, and all mistakes are found at once.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use crate::domain::text::measures;
use crate::fetch::AllowHosts;
use crate::status::RedisAddress;
use crate::store::DatabaseAddress;

mod credentials;
mod values;
pub use credentials::GoogleCredentials;
use values::StatusWord;

/// The settings as flags, the same for every command. A flag wins over the variable named beside it.
#[derive(clap::Args, Clone, Default)]
#[command(next_help_heading = "Settings (also from the environment)")]
pub struct SettingFlags {
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
    /// A Redis for live status, for several servers: redis://HOST:PORT, rediss:// for TLS. LOCKSTEP_REDIS_URL,
    /// default none
    #[arg(long, global = true, value_name = "ADDRESS")]
    redis_url: Option<OsString>,
    /// Where live status is written: file, redis or database. LOCKSTEP_STATUS_STORE, default redis if there is one
    #[arg(long, global = true, value_name = "PLACE")]
    status_store: Option<OsString>,
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
    /// How long live status is kept after the end of a sync. LOCKSTEP_KEEP_STATUS, default 5m
    #[arg(long, global = true, value_name = "DURATION")]
    keep_status: Option<OsString>,
    /// How long the operation of a sync is kept after its end. LOCKSTEP_KEEP_OPERATIONS, default 24h
    #[arg(long, global = true, value_name = "DURATION")]
    keep_operations: Option<OsString>,
    /// How long the record of a sync is kept, with its changes and issues. LOCKSTEP_KEEP_RECORDS, default 90d
    #[arg(long, global = true, value_name = "DURATION")]
    keep_records: Option<OsString>,
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
    /// JSON key file of the service account that private sheets are shared with. LOCKSTEP_GOOGLE_CREDENTIALS, default
    /// none
    #[arg(long, global = true, value_name = "FILE")]
    google_credentials: Option<OsString>,
}

/// Every setting, read and checked.
#[derive(Clone)]
pub struct Settings {
    /// `LOCKSTEP_DATA_DIR`, a folder, default `./data`: everything Lockstep keeps on disk.
    pub data_dir: PathBuf,
    /// `DATABASE_URL`, an address, default the SQLite file `lockstep.db` in the data folder.
    pub database: DatabaseAddress,
    /// `LOCKSTEP_STATUS_STORE`, `file`, `redis` or `database`, default `redis` if `LOCKSTEP_REDIS_URL` is set and
    /// `file` otherwise: where live status is written for pollers.
    pub status: StatusAt,
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
    /// `LOCKSTEP_KEEP_STATUS`, a duration, default `5m`: how long live status is kept after the end of a run.
    pub keep_status: Duration,
    /// `LOCKSTEP_KEEP_OPERATIONS`, a duration, default `24h`: how long an operation is kept after its end.
    pub keep_operations: Duration,
    /// `LOCKSTEP_KEEP_RECORDS`, a duration, default `90d`: how long records are kept, with changes and issues.
    pub keep_records: Duration,
    /// `LOCKSTEP_MAX_BYTES`, bytes, default 200,000,000: the most one source may have after decompression.
    pub max_bytes: u64,
    /// `LOCKSTEP_ALLOW_HOSTS`, names, addresses and blocks separated by commas, default none: what may be fetched
    /// from although it is not a public address.
    pub allow_hosts: AllowHosts,
    /// `LOCKSTEP_GOOGLE_URL`, an address: what stands in for all of Google's addresses, default nothing.
    pub google_base: Option<Url>,
    /// `RUST_LOG`, directives such as `info` or `lockstep=debug`: what is logged. The default is the command's.
    pub log_filter: Option<String>,
    /// `LOCKSTEP_GOOGLE_CREDENTIALS`, a file or its content, default none: the key of the service account that sheets
    /// are read with.
    pub google_credentials: Option<GoogleCredentials>,
    /// Settings that are set although this version does not use them yet.
    pub unused: Vec<&'static str>,
}

/// What may be shown: an address may hold a password, and the credentials may be the key itself.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("data_dir", &self.data_dir)
            .field("database", &self.database)
            .field("status", &self.status)
            .field("bind", &self.bind)
            .field("workers", &self.workers)
            .finish_non_exhaustive()
    }
}

/// Where live status is written first.
#[derive(Clone, Debug)]
pub enum StatusAt {
    /// In files in the data folder.
    File,
    /// In a Redis, by its address.
    Redis(RedisAddress),
    /// In the database, where it is anyway.
    Database,
}

/// Everything that is wrong with the settings, one line per mistake.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfigErrors(Vec<String>);

impl ConfigErrors {
    /// The lines.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for ConfigErrors {}

/// Settings of later versions.
const LATER: [&str; 2] = ["LOCKSTEP_WEBHOOK_URL", "LOCKSTEP_TRUSTED_PROXIES"];

const HOUR: Duration = seconds(3600);

impl Settings {
    /// Reads the settings of this process. Wrong values are named, all of them, and their defaults stand in for them:
    /// nothing but a look at what is wrong should go on with these.
    #[must_use]
    pub fn read(flags: &SettingFlags) -> (Self, ConfigErrors) {
        Self::read_from(flags, &|name| std::env::var_os(name))
    }

    fn read_from(flags: &SettingFlags, env: &dyn Fn(&str) -> Option<OsString>) -> (Self, ConfigErrors) {
        let mut read = SettingsReader { env, mistakes: Vec::new() };
        let data_dir = PathBuf::from(
            read.given("LOCKSTEP_DATA_DIR", flags.data_dir.as_deref())
                .map_or_else(|| OsString::from("./data"), |(_, value)| value),
        );
        let in_data_dir = || DatabaseAddress::Sqlite(data_dir.join("lockstep.db"));
        let settings = Self {
            database: read.one("DATABASE_URL", flags.database_url.as_deref(), values::database, in_data_dir),
            status: read.status(flags),
            bind: read.one("LOCKSTEP_BIND", flags.bind.as_deref(), values::bind, || "127.0.0.1:8080".to_owned()),
            workers: read.one("LOCKSTEP_WORKERS", flags.workers.as_deref(), values::workers, || 2),
            fetch_timeout: read.limit("LOCKSTEP_FETCH_TIMEOUT", flags.fetch_timeout.as_deref(), seconds(120)),
            sync_timeout: read.limit("LOCKSTEP_SYNC_TIMEOUT", flags.sync_timeout.as_deref(), seconds(300)),
            cooldown: read.one("LOCKSTEP_COOLDOWN", flags.cooldown.as_deref(), values::duration, || seconds(3)),
            keep_status: read.term("LOCKSTEP_KEEP_STATUS", flags.keep_status.as_deref(), seconds(300)),
            keep_operations: read.term("LOCKSTEP_KEEP_OPERATIONS", flags.keep_operations.as_deref(), HOUR * 24),
            keep_records: read.term("LOCKSTEP_KEEP_RECORDS", flags.keep_records.as_deref(), HOUR * 24 * 90),
            max_bytes: read.one("LOCKSTEP_MAX_BYTES", flags.max_bytes.as_deref(), values::bytes, || 200_000_000),
            allow_hosts: read.one(
                "LOCKSTEP_ALLOW_HOSTS",
                flags.allow_hosts.as_deref(),
                values::hosts,
                AllowHosts::default,
            ),
            google_base: read.one("LOCKSTEP_GOOGLE_URL", flags.google_url.as_deref(), values::google_base, || None),
            log_filter: read.one("RUST_LOG", None, |text| values::log_filter(text).map(Some), || None),
            google_credentials: read.google_credentials(flags.google_credentials.as_deref()),
            unused: LATER.into_iter().filter(|name| read.given(name, None).is_some()).collect(),
            data_dir,
        };
        if read.mistakes.is_empty() {
            read.mistakes.extend(settings.contradictions());
        }
        (settings, ConfigErrors(read.mistakes))
    }

    /// Settings that are good by themselves and not beside each other.
    fn contradictions(&self) -> Vec<String> {
        let kept = self.keep_operations;
        let cases = [
            (self.keep_records, "LOCKSTEP_KEEP_RECORDS", kept, "LOCKSTEP_KEEP_OPERATIONS"),
            (kept, "LOCKSTEP_KEEP_OPERATIONS", self.keep_status, "LOCKSTEP_KEEP_STATUS"),
            (kept, "LOCKSTEP_KEEP_OPERATIONS", self.cooldown, "LOCKSTEP_COOLDOWN"),
        ];
        let wrong = cases.into_iter().filter(|(long, _, short, _)| long < short);
        let times = wrong.map(|(long, name, short, other)| {
            let (long, short) = (measures::setting(long), measures::setting(short));
            format!("{name}: {long} is less than {other}, {short}. Make it at least as long.")
        });
        let given = self.google_credentials.iter();
        let tokens = given.filter_map(|given| given.account.token_address(self.google_base.as_ref()).err());
        times.chain(tokens.map(|wrong| format!("LOCKSTEP_GOOGLE_CREDENTIALS: {wrong}"))).collect()
    }
}

/// Reads one setting after the other and gathers the mistakes.
struct SettingsReader<'a> {
    env: &'a dyn Fn(&str) -> Option<OsString>,
    mistakes: Vec<String>,
}

impl SettingsReader<'_> {
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

    fn google_credentials(&mut self, flag: Option<&OsStr>) -> Option<GoogleCredentials> {
        let (name, value) = self.given("LOCKSTEP_GOOGLE_CREDENTIALS", flag)?;
        let read = credentials::read(&value);
        read.map_err(|wrong| self.mistakes.push(format!("{name}: {wrong}"))).ok()
    }

    fn limit(&mut self, name: &'static str, flag: Option<&OsStr>, default: Duration) -> Duration {
        self.one(name, flag, values::limit, || default)
    }

    fn term(&mut self, name: &'static str, flag: Option<&OsStr>, default: Duration) -> Duration {
        self.one(name, flag, values::term, || default)
    }

    fn status(&mut self, flags: &SettingFlags) -> StatusAt {
        let before = self.mistakes.len();
        let redis = self.one("LOCKSTEP_REDIS_URL", flags.redis_url.as_deref(), values::redis, || None);
        let is_sound = self.mistakes.len() == before;
        let by_default = if redis.is_some() { StatusWord::Redis } else { StatusWord::File };
        let word =
            self.one("LOCKSTEP_STATUS_STORE", flags.status_store.as_deref(), values::status_store, || by_default);
        match (word, redis) {
            (StatusWord::File, _) => StatusAt::File,
            (StatusWord::Database, _) => StatusAt::Database,
            (StatusWord::Redis, Some(address)) => StatusAt::Redis(address),
            (StatusWord::Redis, None) => {
                if is_sound {
                    let line =
                        "LOCKSTEP_STATUS_STORE: for redis set LOCKSTEP_REDIS_URL too, such as redis://127.0.0.1:6379.";
                    self.mistakes.push(line.to_owned());
                }
                StatusAt::File
            }
        }
    }
}

const fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}

#[cfg(test)]
mod tests;
