//! Counts attempts to log in, for all servers together, so that passwords cannot be guessed quickly.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use diesel::prelude::*;

use super::connection::{AnyConnection, Store};
use super::dialect::{clock, login_lock};
use super::error::StoreError;
use super::schema::login_attempts;
use crate::domain::client_network::ClientNetwork;
use crate::domain::login_limits::{ACCOUNT_PERIOD, MAX_ACCOUNT_FAILURES, MAX_NETWORK_ATTEMPTS, RecentAttempts};
use crate::domain::secret::token_hash;

/// How far a row may be in the future. The database's clock was set back since a row beyond that was written, which
/// must not block anybody until that time comes again.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::seconds(5);

/// Whether the password of a login may be checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LoginAdmission {
    /// It may, and counts as a failed login until [`Store::forget_login_attempt`] is called with this id.
    Allowed(String),
    /// There were too many attempts. The next one is checked from this time on.
    Blocked {
        /// The end of the wait.
        until: DateTime<Utc>,
        /// The rest of the wait, by the clock of the database.
        wait: TimeDelta,
    },
}

/// The columns that identify the attempts of one caller for one account.
#[derive(Clone, Debug)]
pub struct LoginCaller {
    account: String,
    network: String,
}

impl LoginCaller {
    /// The caller in `network` that wants to log in as `username`, which need not exist.
    #[must_use]
    pub fn new(username: &str, network: ClientNetwork) -> Self {
        Self { account: token_hash(username.trim()), network: network.to_string() }
    }
}

impl Store {
    /// Returns whether an attempt to log in would be blocked now, without counting it. It takes no lock.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn check_login_attempt(&self, caller: &LoginCaller) -> Result<Option<LoginAdmission>, StoreError> {
        self.read(|conn| {
            let now = clock::now(conn)?;
            find_block(conn, caller, now)
        })
    }

    /// Counts an attempt to log in, unless there were too many. The attempts of one network are counted one after the
    /// other, so that simultaneous ones cannot exceed the limit.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn begin_login_attempt(&self, caller: &LoginCaller) -> Result<LoginAdmission, StoreError> {
        self.write(|conn| {
            login_lock::lock_network(conn, &caller.network)?;
            let now = clock::now(conn)?;
            let (oldest, newest) = (now - ACCOUNT_PERIOD, now + CLOCK_TOLERANCE);
            let outdated = login_attempts::attempted_at
                .lt(oldest.naive_utc())
                .or(login_attempts::attempted_at.gt(newest.naive_utc()));
            diesel::delete(login_attempts::table.filter(outdated)).execute(conn)?;
            if let Some(blocked) = find_block(conn, caller, now)? {
                return Ok(blocked);
            }
            let id = uuid::Uuid::new_v4().to_string();
            let attempt = (
                login_attempts::id.eq(&id),
                login_attempts::account.eq(&caller.account),
                login_attempts::network.eq(&caller.network),
                login_attempts::attempted_at.eq(now.naive_utc()),
            );
            diesel::insert_into(login_attempts::table).values(attempt).execute(conn)?;
            Ok(LoginAdmission::Allowed(id))
        })
    }

    /// Deletes an attempt that succeeded. Earlier ones stay: otherwise the owner of one account could guess the
    /// passwords of others without a limit.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement.
    pub fn forget_login_attempt(&self, id: &str) -> Result<(), StoreError> {
        self.write(|conn| Ok(diesel::delete(login_attempts::table.find(id)).execute(conn).map(drop)?))
    }
}

/// Deletes all attempts to log in as `username`, and with them every wait for that account.
pub(super) fn forget_attempts_of(conn: &mut AnyConnection, username: &str) -> QueryResult<usize> {
    let of_account = login_attempts::table.filter(login_attempts::account.eq(token_hash(username.trim())));
    diesel::delete(of_account).execute(conn)
}

/// The wait that the recent attempts cause; `None` if there is none.
fn find_block(
    conn: &mut AnyConnection,
    caller: &LoginCaller,
    now: DateTime<Utc>,
) -> Result<Option<LoginAdmission>, StoreError> {
    let recent =
        login_attempts::attempted_at.between((now - ACCOUNT_PERIOD).naive_utc(), (now + CLOCK_TOLERANCE).naive_utc());
    let newest = |limit: usize| {
        let newest = login_attempts::table.select(login_attempts::attempted_at).filter(recent);
        newest.order(login_attempts::attempted_at.desc()).limit(i64::try_from(limit).unwrap_or(i64::MAX))
    };
    let to_utc = |times: Vec<NaiveDateTime>| times.into_iter().map(|time| time.and_utc()).collect();
    let of_network = newest(MAX_NETWORK_ATTEMPTS).filter(login_attempts::network.eq(&caller.network)).load(conn)?;
    let of_account = newest(MAX_ACCOUNT_FAILURES).filter(login_attempts::account.eq(&caller.account)).load(conn)?;
    let recent = RecentAttempts { of_network: to_utc(of_network), of_account: to_utc(of_account) };
    Ok(recent.blocked_until(now).map(|until| LoginAdmission::Blocked { until, wait: until - now }))
}
