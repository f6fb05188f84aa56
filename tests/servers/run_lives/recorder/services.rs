//! What the servers depend on and what can be away: the database and Redis.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use lockstep::store::DatabaseAddress;

use super::recording::HistoryRecording;
use crate::servers::run_lives::history::{FaultKind, HistoryEvent, InjectedFault};
use crate::support::redis_server::RedisServer;
use crate::support::test_database::RawConnection;
use crate::support::waiting::WAIT_LIMIT;
use crate::support::{FlakyPgProxy, TestDatabase};

/// The services of a cluster.
pub(super) struct ClusterServices<'a> {
    db: &'a TestDatabase,
    /// The way to PostgreSQL.
    proxy: Option<FlakyPgProxy>,
    redis: Option<Mutex<RedisServer>>,
}

impl<'a> ClusterServices<'a> {
    pub(super) fn new(db: &'a TestDatabase, has_redis: bool) -> Self {
        let proxy = (!db.is_sqlite()).then(|| FlakyPgProxy::to_database(db));
        Self { db, proxy, redis: has_redis.then(|| Mutex::new(RedisServer::start())) }
    }

    pub(super) fn has_redis(&self) -> bool {
        self.redis.is_some()
    }

    pub(super) fn redis_url(&self) -> Option<String> {
        self.redis.as_ref().map(|redis| redis.lock().expect("Redis").url())
    }

    /// The address at which the servers find the database.
    pub(super) fn database_address(&self) -> DatabaseAddress {
        self.proxy.as_ref().map_or_else(|| self.db.address(), FlakyPgProxy::address)
    }

    /// PostgreSQL: closes all connections and refuses new ones. SQLite: holds the write lock.
    pub(super) fn take_database_away(&self, time: Duration, recording: &HistoryRecording) {
        let begin = recording.now();
        let (in_effect, lifted);
        if let Some(proxy) = &self.proxy {
            proxy.cut_connections();
            in_effect = recording.now();
            std::thread::sleep(time);
            lifted = recording.now();
            proxy.restore_connections();
        } else {
            let RawConnection::Sqlite(mut conn) = self.db.raw_connection() else { return };
            let started = Instant::now();
            // A frozen server may hold the lock.
            while conn.batch_execute("BEGIN IMMEDIATE").is_err() {
                assert!(started.elapsed() < WAIT_LIMIT, "nobody else can write");
            }
            in_effect = recording.now();
            std::thread::sleep(time);
            lifted = recording.now();
            conn.batch_execute("ROLLBACK").expect("the end of a transaction");
        }
        let (fault, target, end) = (FaultKind::DatabaseAway, "database".to_owned(), recording.now());
        recording.add_event(HistoryEvent::Fault(InjectedFault { fault, target, begin, in_effect, lifted, end }));
    }

    /// Kills or stops Redis for a time.
    pub(super) fn take_redis_away(&self, fault: FaultKind, time: Duration, recording: &HistoryRecording) {
        let Some(redis) = &self.redis else { return };
        let mut redis = redis.lock().expect("Redis");
        let begin = recording.now();
        if fault == FaultKind::RedisKilled {
            redis.kill();
        } else {
            redis.freeze();
        }
        let in_effect = recording.now();
        std::thread::sleep(time);
        let lifted = recording.now();
        if fault == FaultKind::RedisKilled {
            redis.start_again();
        } else {
            redis.thaw();
        }
        let (target, end) = ("Redis".to_owned(), recording.now());
        recording.add_event(HistoryEvent::Fault(InjectedFault { fault, target, begin, in_effect, lifted, end }));
    }

    /// How many runs are pending or running.
    pub(super) fn count_active_runs(&self) -> i64 {
        self.db.count_rows("sync_operations", "status IN ('pending', 'running')")
    }
}
