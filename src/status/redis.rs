//! Stores the status of runs in Redis, which several servers on several machines can share.
//!
//! An unreachable Redis does not slow down polling: after a timeout of a quarter of a second it is skipped for two
//! seconds, and the database is read instead. It is used again as soon as it is available.

mod address;

use std::time::{Duration, Instant};

use parking_lot::Mutex;
use redis::{Client, Cmd, Connection, ErrorKind, FromRedisValue, RedisError, cmd};

use super::{MAX_REPORT_BYTES, StatusError, StatusStore, read_report};
use crate::domain::status_report::StatusReport;
use crate::domain::sync_id::SyncId;

pub use address::{NotARedis, RedisAddress};

/// The timeout for connecting, for sending and for receiving, each.
const REDIS_TIMEOUT: Duration = Duration::from_millis(250);
/// How long Redis is skipped after it did not respond.
const BACKOFF_INTERVAL: Duration = Duration::from_secs(2);
/// The maximum number of connections. Each command needs one for a fraction of a millisecond.
const MAX_CONNECTIONS: u32 = 8;

/// Status reports in Redis, each under a key that expires.
pub struct RedisStatus {
    pool: r2d2::Pool<RedisConnector>,
    address: RedisAddress,
    retention: Duration,
    backoff: RedisBackoff,
}

impl RedisStatus {
    /// Creates a store in the Redis at this address, which need not be reachable yet. A report expires `retention`
    /// after it was last written.
    ///
    /// # Errors
    /// [`StatusError::Redis`] when the address is not usable.
    pub fn open(address: &RedisAddress, retention: Duration) -> Result<Self, StatusError> {
        let client = Client::open((*address.info).clone()).map_err(|error| StatusError::Redis {
            address: address.for_people().to_owned(),
            reason: address.without_password(&error.to_string()),
        })?;
        let pool = r2d2::Pool::builder()
            .max_size(MAX_CONNECTIONS)
            .min_idle(Some(1))
            // A test before each use would double the cost of a poll; `send_command` retries with the next connection
            // instead.
            .test_on_check_out(false)
            // The interval of the pool's attempts to reconnect in the background, at most two a second. Callers do not
            // wait that long, and they get the error, so the pool logs nothing.
            .connection_timeout(Duration::from_secs(1))
            .error_handler(Box::new(r2d2::NopErrorHandler))
            .build_unchecked(RedisConnector(client));
        Ok(Self { pool, address: address.clone(), retention, backoff: RedisBackoff::default() })
    }

    /// Sends a command, regardless of the backoff.
    fn send_command<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, RedisFailure> {
        let started = Instant::now();
        loop {
            let mut pooled = self.pool.get_timeout(REDIS_TIMEOUT).map_err(|error| {
                self.backoff.begin();
                let reported = error.to_string();
                // The pool's own prefix says nothing about the cause.
                RedisFailure::Away(
                    reported.strip_prefix("timed out waiting for connection: ").unwrap_or(&reported).to_owned(),
                )
            })?;
            let error = match command.query(&mut pooled.connection) {
                Ok(answer) => {
                    self.backoff.end();
                    return Ok(answer);
                }
                Err(error) => error,
            };
            if is_server_reply(&error) {
                self.backoff.end();
                return Err(RedisFailure::Refused(error.to_string()));
            }
            // The reply may still arrive later on this connection.
            pooled.reusable = false;
            drop(pooled);
            // A connection that was closed while idle says nothing about the current state of Redis.
            if !error.is_connection_dropped() || started.elapsed() >= REDIS_TIMEOUT {
                self.backoff.begin();
                let late = || format!("no answer within {} ms", REDIS_TIMEOUT.as_millis());
                return Err(RedisFailure::Away(if error.is_timeout() { late() } else { error.to_string() }));
            }
        }
    }

    fn to_status_error(&self, failure: RedisFailure) -> StatusError {
        let reason = match failure {
            RedisFailure::Away(reason) | RedisFailure::Refused(reason) => self.address.without_password(&reason),
        };
        StatusError::Redis { address: self.address.for_people().to_owned(), reason }
    }
}

/// Why a command has no usable reply.
enum RedisFailure {
    /// Redis does not respond.
    Away(String),
    /// Redis refused the command.
    Refused(String),
}

fn is_server_reply(error: &RedisError) -> bool {
    matches!(error.kind(), ErrorKind::Server(_) | ErrorKind::Extension | ErrorKind::UnexpectedReturnType)
}

fn report_key(id: SyncId) -> String {
    format!("lockstep:sync-status:{id}")
}

impl StatusStore for RedisStatus {
    fn check(&self) -> Result<(), StatusError> {
        self.send_command::<String>(&cmd("PING")).map(drop).map_err(|failure| self.to_status_error(failure))
    }

    fn name(&self) -> &'static str {
        "Redis"
    }

    /// Ignores the backoff: a run that cannot publish here does not try again, and a success ends the backoff.
    fn put(&self, report: &StatusReport) -> Result<(), StatusError> {
        let json = serde_json::to_vec(report)?;
        let retention = u64::try_from(self.retention.as_millis()).unwrap_or(u64::MAX).max(1);
        let key = report_key(report.summary.id);
        self.send_command::<()>(cmd("SET").arg(&key).arg(json).arg("PX").arg(retention)).map_err(|failure| {
            // A Redis without free memory can still delete. An unreachable one cannot; readers recognise the outdated
            // report by its age.
            if let RedisFailure::Refused(_) = failure
                && let Err(RedisFailure::Away(error) | RedisFailure::Refused(error)) =
                    self.send_command::<u64>(cmd("DEL").arg(&key))
            {
                log::debug!("{key}: {}", self.address.without_password(&error));
            }
            self.to_status_error(failure)
        })
    }

    fn get(&self, id: SyncId) -> Result<Option<StatusReport>, StatusError> {
        if !self.backoff.is_over() {
            return Err(self.to_status_error(RedisFailure::Away("no answer a moment ago".to_owned())));
        }
        // GET would read a value of any size into memory. GETRANGE answers with an empty text if there is no value, and
        // a cut-off report is not JSON.
        let command = cmd("GETRANGE").arg(report_key(id)).arg(0).arg(MAX_REPORT_BYTES).take();
        let json: Vec<u8> = self.send_command(&command).map_err(|failure| self.to_status_error(failure))?;
        if json.is_empty() { Ok(None) } else { read_report(id, &json).map(Some) }
    }

    /// Does nothing: reports expire in Redis.
    fn delete_old_reports(&self, _age: Duration) -> Result<usize, StatusError> {
        Ok(0)
    }
}

/// The time until which Redis is skipped, if it did not respond.
#[derive(Default)]
struct RedisBackoff(Mutex<Option<Instant>>);

impl RedisBackoff {
    fn begin(&self) {
        *self.0.lock() = Some(Instant::now() + BACKOFF_INTERVAL);
    }

    fn end(&self) {
        *self.0.lock() = None;
    }

    /// Returns whether Redis may be used. After the backoff a single caller gets true and tries Redis. All others skip
    /// it until that try has ended.
    fn is_over(&self) -> bool {
        let mut until = self.0.lock();
        match *until {
            Some(time) if Instant::now() < time => false,
            Some(_) => {
                *until = Some(Instant::now() + BACKOFF_INTERVAL);
                true
            }
            None => true,
        }
    }
}

/// Makes connections with timeouts. The crate's own connector for r2d2 would wait for a frozen Redis forever.
struct RedisConnector(Client);

/// A connection, and whether it has no outstanding reply.
struct RedisConnection {
    connection: Connection,
    reusable: bool,
}

impl r2d2::ManageConnection for RedisConnector {
    type Connection = RedisConnection;
    type Error = RedisError;

    fn connect(&self) -> Result<RedisConnection, RedisError> {
        let connection = self.0.get_connection_with_timeout(REDIS_TIMEOUT)?;
        connection.set_read_timeout(Some(REDIS_TIMEOUT))?;
        connection.set_write_timeout(Some(REDIS_TIMEOUT))?;
        Ok(RedisConnection { connection, reusable: true })
    }

    fn is_valid(&self, pooled: &mut RedisConnection) -> Result<(), RedisError> {
        cmd("PING").query(&mut pooled.connection)
    }

    fn has_broken(&self, pooled: &mut RedisConnection) -> bool {
        !pooled.reusable || !redis::ConnectionLike::is_open(&pooled.connection)
    }
}
