//! Status in Redis: one place for several servers on several machines.
//!
//! A Redis that is away or frozen costs a poll nothing: it is given a quarter of a second, and after that it is left
//! alone for two, while the database answers. It is in use again as soon as it is back.

mod address;

use std::time::{Duration, Instant};

use parking_lot::Mutex;
use redis::{Client, Cmd, Connection, ErrorKind, FromRedisValue, RedisError, cmd};

use super::{StatusError, StatusStore, read_report};
use crate::domain::status_report::StatusReport;
use crate::domain::sync_id::SyncId;

pub use address::{NotARedis, RedisAddress};

/// How long connecting, sending or an answer may take, each.
const REDIS_TIMEOUT: Duration = Duration::from_millis(250);
/// How long it is left alone when it did not answer.
const BACKOFF_INTERVAL: Duration = Duration::from_secs(2);
/// The most connections at a time. One is in use for a fraction of a millisecond.
const MAX_CONNECTIONS: u32 = 8;

/// Status reports in a Redis, each under a key of its own that expires by itself.
pub struct RedisStatus {
    pool: r2d2::Pool<RedisConnector>,
    address: RedisAddress,
    kept: Duration,
    rest: RedisBackoff,
}

impl RedisStatus {
    /// A store in the Redis at that address, which need not be there yet. A report is kept for `kept` after it was
    /// last put.
    ///
    /// # Errors
    /// When the address cannot be used.
    pub fn open(address: &RedisAddress, kept: Duration) -> Result<Self, StatusError> {
        let client = Client::open((*address.info).clone()).map_err(|error| StatusError::Redis {
            address: address.for_people().to_owned(),
            reason: address.without_password(&error.to_string()),
        })?;
        let pool = r2d2::Pool::builder()
            .max_size(MAX_CONNECTIONS)
            .min_idle(Some(1))
            // A test before each use would double what a poll costs; `ask` takes the next connection instead.
            .test_on_check_out(false)
            // What the pool tries again in the background, and how often, at most twice a second. Callers do not wait
            // for as long, and it logs nothing: callers get the error.
            .connection_timeout(Duration::from_secs(1))
            .error_handler(Box::new(r2d2::NopErrorHandler))
            .build_unchecked(RedisConnector(client));
        Ok(Self { pool, address: address.clone(), kept, rest: RedisBackoff::default() })
    }

    /// Asks it, whether it is resting or not.
    fn send_command<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, RedisFailure> {
        let begun = Instant::now();
        loop {
            let mut line = self.pool.get_timeout(REDIS_TIMEOUT).map_err(|error| {
                self.rest.begin();
                let reported = error.to_string();
                // What the pool waited for is not what was wrong.
                RedisFailure::Away(
                    reported.strip_prefix("timed out waiting for connection: ").unwrap_or(&reported).to_owned(),
                )
            })?;
            let error = match command.query(&mut line.connection) {
                Ok(answer) => {
                    self.rest.end();
                    return Ok(answer);
                }
                Err(error) => error,
            };
            if is_server_reply(&error) {
                self.rest.end();
                return Err(RedisFailure::Refused(error.to_string()));
            }
            // What was asked may still be answered on it, later.
            line.sound = false;
            drop(line);
            // A connection that ended while nobody used it says nothing about the Redis of today.
            if !error.is_connection_dropped() || begun.elapsed() >= REDIS_TIMEOUT {
                self.rest.begin();
                let late = || format!("it did not answer within {} ms", REDIS_TIMEOUT.as_millis());
                return Err(RedisFailure::Away(if error.is_timeout() { late() } else { error.to_string() }));
            }
        }
    }

    fn to_status_error(&self, trouble: RedisFailure) -> StatusError {
        let reason = match trouble {
            RedisFailure::Away(reason) | RedisFailure::Refused(reason) => self.address.without_password(&reason),
        };
        StatusError::Redis { address: self.address.for_people().to_owned(), reason }
    }
}

/// Why there is no answer that can be used.
enum RedisFailure {
    /// It does not answer.
    Away(String),
    /// It answers that it will not.
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
        self.send_command::<String>(&cmd("PING")).map(drop).map_err(|trouble| self.to_status_error(trouble))
    }

    fn name(&self) -> &'static str {
        "Redis"
    }

    /// Tries in any case: a run that cannot tell its status here does not try again, and one that can is what ends a
    /// rest.
    fn put(&self, report: &StatusReport) -> Result<(), StatusError> {
        let json = serde_json::to_vec(report)?;
        let kept = u64::try_from(self.kept.as_millis()).unwrap_or(u64::MAX).max(1);
        let key = report_key(report.summary.id);
        self.send_command::<()>(cmd("SET").arg(&key).arg(json).arg("PX").arg(kept)).map_err(|trouble| {
            // One that is full still deletes. One that is away cannot be asked to; readers tell by the report's age.
            if let RedisFailure::Refused(_) = trouble
                && let Err(RedisFailure::Away(error) | RedisFailure::Refused(error)) =
                    self.send_command::<u64>(cmd("DEL").arg(&key))
            {
                log::debug!("{key}: {}", self.address.without_password(&error));
            }
            self.to_status_error(trouble)
        })
    }

    fn get(&self, id: SyncId) -> Result<Option<StatusReport>, StatusError> {
        if !self.rest.is_over() {
            return Err(self.to_status_error(RedisFailure::Away("it did not answer a moment ago".to_owned())));
        }
        let json: Option<Vec<u8>> =
            self.send_command(cmd("GET").arg(report_key(id))).map_err(|trouble| self.to_status_error(trouble))?;
        json.map(|json| read_report(id, &json)).transpose()
    }

    /// Nothing is left to do: reports expire by themselves.
    fn sweep(&self, _age: Duration) -> Result<usize, StatusError> {
        Ok(0)
    }
}

/// Whether a Redis that did not answer is left alone for now.
#[derive(Default)]
struct RedisBackoff(Mutex<Option<Instant>>);

impl RedisBackoff {
    fn begin(&self) {
        *self.0.lock() = Some(Instant::now() + BACKOFF_INTERVAL);
    }

    fn end(&self) {
        *self.0.lock() = None;
    }

    /// Whether it may be asked. After a rest one asker is told so and finds out; the others leave it alone meanwhile.
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

/// Makes connections that never wait for long. The crate's own part for the pool would wait for ever for a Redis that
/// is frozen.
struct RedisConnector(Client);

/// A connection, and whether nothing is left unanswered on it.
struct RedisConnection {
    connection: Connection,
    sound: bool,
}

impl r2d2::ManageConnection for RedisConnector {
    type Connection = RedisConnection;
    type Error = RedisError;

    fn connect(&self) -> Result<RedisConnection, RedisError> {
        let connection = self.0.get_connection_with_timeout(REDIS_TIMEOUT)?;
        connection.set_read_timeout(Some(REDIS_TIMEOUT))?;
        connection.set_write_timeout(Some(REDIS_TIMEOUT))?;
        Ok(RedisConnection { connection, sound: true })
    }

    fn is_valid(&self, line: &mut RedisConnection) -> Result<(), RedisError> {
        cmd("PING").query(&mut line.connection)
    }

    fn has_broken(&self, line: &mut RedisConnection) -> bool {
        !line.sound || !redis::ConnectionLike::is_open(&line.connection)
    }
}
