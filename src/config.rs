//! Reads all settings from flags and environment variables. Nothing else reads them. A flag wins over its variable, an
//! empty variable counts as unset, and all mistakes are reported at once.

mod credentials;
mod flags;
mod settings_reader;
mod status_store;
mod values;

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::domain::defaults;
use crate::domain::secret_key::SecretKey;
use crate::domain::session_lifetimes::SessionLifetimes;
use crate::domain::text::measures;
use crate::domain::trusted_proxies::TrustedProxies;
use crate::fetch::AllowHosts;
use crate::store::{DatabaseAddress, SqliteSync};
use settings_reader::SettingsReader;

pub use credentials::GoogleCredentials;
pub use flags::SettingFlags;
pub use status_store::StatusStoreSetting;

/// Settings that this version accepts and does not use. `serve` logs a warning for each one that is set, and `doctor`
/// reports it.
const SETTINGS_WITHOUT_EFFECT: [&str; 1] = ["LOCKSTEP_WEBHOOK_URL"];

/// Every setting, read and checked. The defaults are in [`defaults`].
#[derive(Clone)]
pub struct Settings {
    /// `LOCKSTEP_DATA_DIR`: the folder for everything Lockstep keeps on disk.
    pub data_dir: PathBuf,
    /// `DATABASE_URL`: the database. The default is a SQLite file in the data folder.
    pub database: DatabaseAddress,
    /// `LOCKSTEP_SQLITE_SYNC`, `normal` or `full`: when SQLite waits for the disk.
    pub sqlite_sync: SqliteSync,
    /// `LOCKSTEP_STATUS_STORE`, one of `file`, `redis` and `database`: where live status is written for pollers. The
    /// default is `redis` if `LOCKSTEP_REDIS_URL` is set, and `file` otherwise.
    pub status_store: StatusStoreSetting,
    /// `LOCKSTEP_BIND`: the address and port that the server listens on. Port 0 selects a free port.
    pub bind: String,
    /// `LOCKSTEP_PUBLIC_URL`: the URL of this server for its users. Its path begins every link.
    pub public_url: Option<Url>,
    /// `LOCKSTEP_TRUSTED_PROXIES`: the reverse proxies whose forwarded headers are believed.
    pub trusted_proxies: TrustedProxies,
    /// `LOCKSTEP_SESSION_IDLE` and `LOCKSTEP_SESSION_LIFETIME`: when a session ends without a logout.
    pub session_lifetimes: SessionLifetimes,
    /// `LOCKSTEP_RATE_LIMIT`: how many requests for data a token or an address may send in a second; 0 for any number.
    pub rate_limit: u32,
    /// `LOCKSTEP_WORKERS`, from 1 to 64: how many syncs run at the same time.
    pub workers: usize,
    /// `LOCKSTEP_FETCH_TIMEOUT`: how long one fetch may take.
    pub fetch_timeout: Duration,
    /// `LOCKSTEP_SYNC_TIMEOUT`: how long one run may take.
    pub sync_timeout: Duration,
    /// `LOCKSTEP_COOLDOWN`: how long a manual repeat of the same run is refused. Zero switches this off.
    pub cooldown: Duration,
    /// `LOCKSTEP_RETRY_PAUSE`: the pause before the first automatic retry of a scheduled sync. Zero switches retries
    /// off.
    pub retry_pause: Duration,
    /// `LOCKSTEP_KEEP_STATUS`: how long live status is kept after the end of a run.
    pub keep_status: Duration,
    /// `LOCKSTEP_KEEP_OPERATIONS`: how long an operation is kept after its end.
    pub keep_operations: Duration,
    /// `LOCKSTEP_KEEP_RECORDS`: how long records are kept, with their changes and issues.
    pub keep_records: Duration,
    /// For how long after an upgrade the version before can still be used with the database; `None` leaves it as it is.
    pub rollback_period: Option<Duration>,
    /// `LOCKSTEP_MAX_BYTES`: the largest size of one source after decompression, in bytes.
    pub max_bytes: u64,
    /// `LOCKSTEP_ALLOW_HOSTS`: names, addresses and CIDR blocks that may be fetched from although they are not public.
    pub allow_hosts: AllowHosts,
    /// `LOCKSTEP_GOOGLE_URL`: the base URL that replaces Google's own, for tests.
    pub google_base: Option<Url>,
    /// `RUST_LOG`: what is logged, such as `info` or `lockstep=debug`. Each command has its own default.
    pub log_filter: Option<String>,
    /// `LOCKSTEP_GOOGLE_CREDENTIALS`: the key of the service account that private sheets are read with.
    pub google_credentials: Option<GoogleCredentials>,
    /// `LOCKSTEP_SECRET_KEY`: the key that the secrets of sources are encrypted with. Without it, the key is a file in
    /// the data folder.
    pub secret_key: Option<Arc<SecretKey>>,
    /// The name of the user of the operating system, for the record of what was done on the command line.
    pub operator: String,
    /// The names of settings that are set and have no effect in this version.
    pub without_effect: Vec<&'static str>,
}

/// Shows only settings that contain no secret: a URL may contain a password, and the credentials may be the key itself.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("data_dir", &self.data_dir)
            .field("database", &self.database)
            .field("status_store", &self.status_store)
            .field("bind", &self.bind)
            .field("workers", &self.workers)
            .finish_non_exhaustive()
    }
}

/// All mistakes in the settings, one line each.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfigErrors(Vec<String>);

impl ConfigErrors {
    /// Returns one line per mistake: the name of the setting, what is wrong, and an example.
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

impl Settings {
    /// Reads the settings of this process, and all mistakes in them. An invalid value is replaced by its default, so
    /// that `doctor` can check the rest.
    #[must_use]
    pub fn read(flags: &SettingFlags) -> (Self, ConfigErrors) {
        Self::read_from(flags, &|name| std::env::var_os(name))
    }

    fn read_from(flags: &SettingFlags, env: &dyn Fn(&str) -> Option<OsString>) -> (Self, ConfigErrors) {
        let mut reader = SettingsReader::new(env);
        let data_dir = reader.read_data_dir(flags.data_dir.as_deref());
        let sqlite_file = || DatabaseAddress::Sqlite(data_dir.join(defaults::SQLITE_FILE_NAME));
        let settings = Self {
            database: reader.read_setting(
                "DATABASE_URL",
                flags.database_url.as_deref(),
                values::parse_database,
                sqlite_file,
            ),
            sqlite_sync: reader.read_setting(
                "LOCKSTEP_SQLITE_SYNC",
                flags.sqlite_sync.as_deref(),
                values::parse_sqlite_sync,
                SqliteSync::default,
            ),
            status_store: reader.read_status_store(flags.status_store.as_deref(), flags.redis_url.as_deref()),
            bind: reader.read_setting("LOCKSTEP_BIND", flags.bind.as_deref(), values::parse_bind_address, || {
                defaults::BIND_ADDRESS.to_owned()
            }),
            public_url: reader.read_setting(
                "LOCKSTEP_PUBLIC_URL",
                flags.public_url.as_deref(),
                |text| values::parse_public_url(text).map(Some),
                || None,
            ),
            trusted_proxies: reader.read_setting(
                "LOCKSTEP_TRUSTED_PROXIES",
                flags.trusted_proxies.as_deref(),
                values::parse_trusted_proxies,
                TrustedProxies::default,
            ),
            session_lifetimes: reader
                .read_session_lifetimes(flags.session_idle.as_deref(), flags.session_lifetime.as_deref()),
            rate_limit: reader.read_setting(
                "LOCKSTEP_RATE_LIMIT",
                flags.rate_limit.as_deref(),
                values::parse_rate_limit,
                || defaults::RATE_LIMIT_PER_SECOND,
            ),
            workers: reader.read_setting(
                "LOCKSTEP_WORKERS",
                flags.workers.as_deref(),
                values::parse_worker_count,
                || defaults::WORKER_COUNT,
            ),
            fetch_timeout: reader.read_time_limit(
                "LOCKSTEP_FETCH_TIMEOUT",
                flags.fetch_timeout.as_deref(),
                defaults::FETCH_TIMEOUT,
            ),
            sync_timeout: reader.read_time_limit(
                "LOCKSTEP_SYNC_TIMEOUT",
                flags.sync_timeout.as_deref(),
                defaults::SYNC_TIMEOUT,
            ),
            cooldown: reader.read_setting(
                "LOCKSTEP_COOLDOWN",
                flags.cooldown.as_deref(),
                values::parse_duration,
                || defaults::SYNC_COOLDOWN,
            ),
            retry_pause: reader.read_setting(
                "LOCKSTEP_RETRY_PAUSE",
                flags.retry_pause.as_deref(),
                values::parse_duration,
                || defaults::RETRY_PAUSE,
            ),
            keep_status: reader.read_retention(
                "LOCKSTEP_KEEP_STATUS",
                flags.keep_status.as_deref(),
                defaults::STATUS_RETENTION,
            ),
            keep_operations: reader.read_retention(
                "LOCKSTEP_KEEP_OPERATIONS",
                flags.keep_operations.as_deref(),
                defaults::OPERATION_RETENTION,
            ),
            keep_records: reader.read_retention(
                "LOCKSTEP_KEEP_RECORDS",
                flags.keep_records.as_deref(),
                defaults::RECORD_RETENTION,
            ),
            rollback_period: reader.read_setting(
                "LOCKSTEP_ROLLBACK_PERIOD",
                flags.rollback_period.as_deref(),
                |text| values::parse_duration(text).map(Some),
                || None,
            ),
            max_bytes: reader.read_setting(
                "LOCKSTEP_MAX_BYTES",
                flags.max_bytes.as_deref(),
                values::parse_byte_count,
                || defaults::MAX_SOURCE_BYTES,
            ),
            allow_hosts: reader.read_setting(
                "LOCKSTEP_ALLOW_HOSTS",
                flags.allow_hosts.as_deref(),
                values::parse_allowed_hosts,
                AllowHosts::default,
            ),
            google_base: reader.read_setting(
                "LOCKSTEP_GOOGLE_URL",
                flags.google_url.as_deref(),
                |text| values::parse_google_base(text).map(Some),
                || None,
            ),
            log_filter: reader.read_setting("RUST_LOG", None, |text| values::parse_log_filter(text).map(Some), || None),
            google_credentials: reader.read_google_credentials(flags.google_credentials.as_deref()),
            // Only from the environment: other users of the machine can see the flags of a process.
            secret_key: reader.read_setting("LOCKSTEP_SECRET_KEY", None, values::parse_secret_key, || None),
            operator: reader.read_operator(),
            without_effect: reader.keep_set(&SETTINGS_WITHOUT_EFFECT),
            data_dir,
        };
        let mut mistakes = reader.into_mistakes();
        if mistakes.is_empty() {
            mistakes = settings.find_contradictions();
        }
        (settings, ConfigErrors(mistakes))
    }

    /// Finds settings that are valid but contradict each other.
    fn find_contradictions(&self) -> Vec<String> {
        let operations = (self.keep_operations, "LOCKSTEP_KEEP_OPERATIONS");
        let pairs = [
            ((self.keep_records, "LOCKSTEP_KEEP_RECORDS"), operations),
            (operations, (self.keep_status, "LOCKSTEP_KEEP_STATUS")),
            (operations, (self.cooldown, "LOCKSTEP_COOLDOWN")),
        ];
        let too_short = pairs.into_iter().filter(|((longer, _), (shorter, _))| longer < shorter);
        let durations = too_short.map(|((longer, name), (shorter, other))| {
            let (longer, shorter) = (measures::format_setting(longer), measures::format_setting(shorter));
            format!("{name}: {longer} is shorter than {other} ({shorter}). Make it at least as long.")
        });
        let credentials = self.google_credentials.iter();
        let token_urls = credentials.filter_map(|key| key.account.token_address(self.google_base.as_ref()).err());
        durations.chain(token_urls.map(|problem| format!("LOCKSTEP_GOOGLE_CREDENTIALS: {problem}"))).collect()
    }
}

#[cfg(test)]
mod tests;
