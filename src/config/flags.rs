//! The settings as command-line flags, with their help texts.

use std::ffi::OsString;
use std::time::Duration;

use crate::domain::defaults;
use crate::domain::text::measures;

/// The settings as flags, the same for every command. A flag wins over the variable named in its help text.
#[derive(clap::Args, Clone, Default)]
#[command(next_help_heading = "Settings (also from the environment)")]
pub struct SettingFlags {
    #[arg(long, global = true, value_name = "FOLDER", help = describe(
        "Folder for the database, status files, logs and uploads",
        "LOCKSTEP_DATA_DIR",
        defaults::DATA_DIR,
    ))]
    pub(super) data_dir: Option<OsString>,
    #[arg(long, global = true, value_name = "URL", help = describe(
        "Database: postgres://USER@HOST/NAME, or the path of a SQLite file",
        "DATABASE_URL",
        &format!("{} in the data folder", defaults::SQLITE_FILE_NAME),
    ))]
    pub(super) database_url: Option<OsString>,
    #[arg(long, global = true, value_name = "ADDRESS:PORT", help = describe(
        "Address and port to listen on; port 0 takes a free port",
        "LOCKSTEP_BIND",
        defaults::BIND_ADDRESS,
    ))]
    pub(super) bind: Option<OsString>,
    #[arg(long, global = true, value_name = "URL", help = describe(
        "URL of this server for its users, with a path if a reverse proxy adds one",
        "LOCKSTEP_PUBLIC_URL",
        "none",
    ))]
    pub(super) public_url: Option<OsString>,
    #[arg(long, global = true, value_name = "ADDRESSES", help = describe(
        "Reverse proxies whose X-Forwarded headers are believed: addresses and CIDR blocks, separated by commas",
        "LOCKSTEP_TRUSTED_PROXIES",
        "none",
    ))]
    pub(super) trusted_proxies: Option<OsString>,
    #[arg(long, global = true, value_name = "NUMBER", help = describe(
        "API requests that a token or an address may send in a second; 0 means any number. Polls are not limited",
        "LOCKSTEP_RATE_LIMIT",
        &defaults::RATE_LIMIT_PER_SECOND.to_string(),
    ))]
    pub(super) rate_limit: Option<OsString>,
    #[arg(long, global = true, value_name = "DURATION", help = describe_duration(
        "Time without use after which a session ends",
        "LOCKSTEP_SESSION_IDLE",
        defaults::SESSION_IDLE,
    ))]
    pub(super) session_idle: Option<OsString>,
    #[arg(long, global = true, value_name = "DURATION", help = describe_duration(
        "Time after the login at which a session ends, however much it is used",
        "LOCKSTEP_SESSION_LIFETIME",
        defaults::SESSION_LIFETIME,
    ))]
    pub(super) session_lifetime: Option<OsString>,
    #[arg(long, global = true, value_name = "URL", help = describe(
        "Redis for live status: redis://HOST:PORT, or rediss:// with TLS",
        "LOCKSTEP_REDIS_URL",
        "none",
    ))]
    pub(super) redis_url: Option<OsString>,
    #[arg(long, global = true, value_name = "STORE", help = describe(
        "Where live status is written: file, redis or database",
        "LOCKSTEP_STATUS_STORE",
        "redis if --redis-url is set, else file",
    ))]
    pub(super) status_store: Option<OsString>,
    #[arg(long, global = true, value_name = "NUMBER", help = describe(
        "How many syncs run at the same time, from 1 to 64",
        "LOCKSTEP_WORKERS",
        &defaults::WORKER_COUNT.to_string(),
    ))]
    pub(super) workers: Option<OsString>,
    #[arg(long, global = true, value_name = "DURATION", help = describe_duration(
        "Time limit for one fetch",
        "LOCKSTEP_FETCH_TIMEOUT",
        defaults::FETCH_TIMEOUT,
    ))]
    pub(super) fetch_timeout: Option<OsString>,
    #[arg(long, global = true, value_name = "DURATION", help = describe_duration(
        "Time limit for one sync",
        "LOCKSTEP_SYNC_TIMEOUT",
        defaults::SYNC_TIMEOUT,
    ))]
    pub(super) sync_timeout: Option<OsString>,
    #[arg(long, global = true, value_name = "DURATION", help = describe_duration(
        "Time before the same sync can be started again by hand; 0 means at once",
        "LOCKSTEP_COOLDOWN",
        defaults::SYNC_COOLDOWN,
    ))]
    pub(super) cooldown: Option<OsString>,
    #[arg(long, global = true, value_name = "DURATION", help = describe_duration(
        "Pause before a scheduled sync that failed is retried; 0 switches retries off",
        "LOCKSTEP_RETRY_PAUSE",
        defaults::RETRY_PAUSE,
    ))]
    pub(super) retry_pause: Option<OsString>,
    #[arg(long, global = true, value_name = "MODE", help = describe(
        "When SQLite waits for the disk: at each checkpoint (normal) or at each commit, too (full)",
        "LOCKSTEP_SQLITE_SYNC",
        "normal",
    ))]
    pub(super) sqlite_sync: Option<OsString>,
    #[arg(long, global = true, value_name = "DURATION", help = describe_duration(
        "How long live status is kept after a sync",
        "LOCKSTEP_KEEP_STATUS",
        defaults::STATUS_RETENTION,
    ))]
    pub(super) keep_status: Option<OsString>,
    #[arg(long, global = true, value_name = "DURATION", help = describe_duration(
        "How long the operation of a sync, with its last status, is kept after its end",
        "LOCKSTEP_KEEP_OPERATIONS",
        defaults::OPERATION_RETENTION,
    ))]
    pub(super) keep_operations: Option<OsString>,
    #[arg(long, global = true, value_name = "DURATION", help = describe_duration(
        "How long the history of syncs is kept, with changes and issues",
        "LOCKSTEP_KEEP_RECORDS",
        defaults::RECORD_RETENTION,
    ))]
    pub(super) keep_records: Option<OsString>,
    #[arg(long, global = true, value_name = "DURATION", help = describe_duration(
        "For how long after an upgrade the version before can still be used with the database; 0 means not at all",
        "LOCKSTEP_ROLLBACK_PERIOD",
        defaults::ROLLBACK_PERIOD,
    ))]
    pub(super) rollback_period: Option<OsString>,
    #[arg(long, global = true, value_name = "BYTES", help = describe(
        "Maximum size of one source in bytes, after decompression",
        "LOCKSTEP_MAX_BYTES",
        &defaults::MAX_SOURCE_BYTES.to_string(),
    ))]
    pub(super) max_bytes: Option<OsString>,
    #[arg(long, global = true, value_name = "HOSTS", help = describe(
        "Private hosts that may be fetched from: names, addresses and CIDR blocks, separated by commas",
        "LOCKSTEP_ALLOW_HOSTS",
        "none",
    ))]
    pub(super) allow_hosts: Option<OsString>,
    #[arg(long, global = true, value_name = "URL", help = describe(
        "Base URL that replaces Google's own, for tests",
        "LOCKSTEP_GOOGLE_URL",
        "Google's own",
    ))]
    pub(super) google_url: Option<OsString>,
    #[arg(long, global = true, value_name = "FILE", help = describe(
        "JSON key file of the service account that private sheets are shared with",
        "LOCKSTEP_GOOGLE_CREDENTIALS",
        "none",
    ))]
    pub(super) google_credentials: Option<OsString>,
}

/// A help text with the setting's variable and default, in the form that clap uses.
fn describe(text: &str, variable: &str, default: &str) -> String {
    format!("{text} [env: {variable}] [default: {default}]")
}

fn describe_duration(text: &str, variable: &str, default: Duration) -> String {
    describe(text, variable, &measures::format_setting(default))
}
