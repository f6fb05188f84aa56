//! The default values of settings and time limits. Each is written here only: settings, help texts, the engine and the
//! tests take them from here.

use std::time::Duration;

const ONE_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The data folder, relative to the working directory.
pub const DATA_DIR: &str = "./data";
/// The name of the SQLite database in the data folder.
pub const SQLITE_FILE_NAME: &str = "lockstep.db";
/// The address that the server listens on.
pub const BIND_ADDRESS: &str = "127.0.0.1:8080";
/// The slug of the sample catalog, which a new database has.
pub const SAMPLE_SLUG: &str = "sample-albums";
/// How many syncs run at the same time.
pub const WORKER_COUNT: usize = 2;
/// The largest size of one source after decompression.
pub const MAX_SOURCE_BYTES: u64 = 200_000_000;

/// How long one fetch may take.
pub const FETCH_TIMEOUT: Duration = Duration::from_secs(120);
/// How long one sync may take.
pub const SYNC_TIMEOUT: Duration = Duration::from_secs(5 * 60);
/// How long a manual repeat of the same sync is refused.
pub const SYNC_COOLDOWN: Duration = Duration::from_secs(3);
/// The pause before the first automatic retry of a scheduled sync.
pub const RETRY_PAUSE: Duration = Duration::from_secs(60);

/// How many requests for data a token or an address may send in a second.
pub const RATE_LIMIT_PER_SECOND: u32 = 600;
/// The time without use after which a session ends.
pub const SESSION_IDLE: Duration = Duration::from_secs(14 * ONE_DAY.as_secs());
/// The time after the login at which a session ends, however much it is used.
pub const SESSION_LIFETIME: Duration = Duration::from_secs(30 * ONE_DAY.as_secs());

/// How long a worker's lease lasts without renewal.
pub const LEASE_DURATION: Duration = Duration::from_secs(15);
/// How often a worker renews its lease.
pub const LEASE_RENEWAL_INTERVAL: Duration = Duration::from_secs(3);

/// The shortest time between two progress reports to the primary status store within one stage.
pub const PRIMARY_REPORT_INTERVAL: Duration = Duration::from_millis(200);
/// The longest time between two progress reports to the database while there is progress.
pub const DATABASE_REPORT_INTERVAL: Duration = Duration::from_secs(2);

/// How long the primary status store keeps the status of a finished run.
pub const STATUS_RETENTION: Duration = Duration::from_secs(5 * 60);
/// How long the operation of a finished run is kept.
pub const OPERATION_RETENTION: Duration = ONE_DAY;
/// For how long after an upgrade the version before can still be used with the database.
pub const ROLLBACK_PERIOD: Duration = ONE_DAY;
/// How long the record of a run is kept, with its changes and issues.
pub const RECORD_RETENTION: Duration = Duration::from_secs(90 * ONE_DAY.as_secs());
