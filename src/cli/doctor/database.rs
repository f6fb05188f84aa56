//! Checks the database: whether it responds, is migrated, accepts writes and agrees about the time.

use std::path::Path;
use std::time::Duration;

use chrono::TimeDelta;

use super::check_result::CheckResult;
use super::shared_connection::{SharedConnection, connection_fix};
use super::shell_quote::quote_for_shell;
use super::time_limit::{CHECK_TIMEOUT, describe_timeout, wait_for_result};
use super::{file_system, proxies, runs, secret_key, writer};
use crate::app::SPARE_CONNECTIONS;
use crate::config::Settings;
use crate::domain::text::measures;
use crate::store::DatabaseAddress;
use crate::store::compaction::ConversionState;
use crate::store::database_facts::BlockingSession;
use crate::store::diagnostics::DatabaseProbe;

const CHECK_NAME: &str = "database";
/// A longer round trip makes every page slow.
const MAX_ROUND_TRIP: Duration = Duration::from_millis(100);
/// How long a session may wait for another one, or be idle in a transaction.
const MAX_SESSION_WAIT_SECS: u64 = 10;
/// Fewer free connections than this are reported.
const MIN_FREE_CONNECTIONS: i64 = 20;
/// A clock that is further off than this is reported.
const MAX_CLOCK_DIFFERENCE: TimeDelta = TimeDelta::seconds(2);
/// The fix for checks that could not query the database.
const DATABASE_FIX: &str = "See the checks of the database above.";

/// A check that uses the shared connection.
type DatabaseCheck<'a> = &'a dyn Fn(&mut SharedConnection) -> Vec<CheckResult>;

/// Checks the database, and everything that can only be read from it.
pub(super) fn check_database(settings: &Settings) -> Vec<CheckResult> {
    let address = &settings.database;
    let file = match address {
        DatabaseAddress::Sqlite(path) => Some(path.as_path()),
        DatabaseAddress::Postgres(_) => None,
    };
    let report_timeout = || {
        let message = format!("{} {}", address.for_people(), describe_timeout());
        CheckResult::wrong(CHECK_NAME, message, connection_fix(file))
    };
    let mut results = Vec::new();
    if let Some(path) = file.map(Path::to_owned) {
        let checked = wait_for_result(CHECK_TIMEOUT, move || file_system::check_database_file(&path));
        let Some((file_results, exists)) = checked else {
            return vec![report_timeout()];
        };
        results.extend(file_results);
        if !exists {
            return results;
        }
    }
    let probe_address = address.clone();
    let mut connection = match wait_for_result(CHECK_TIMEOUT, move || DatabaseProbe::open(&probe_address)) {
        Some(Ok(probe)) => SharedConnection::new(probe),
        Some(Err(error)) => {
            results.push(CheckResult::wrong(CHECK_NAME, error.to_string(), connection_fix(file)));
            return results;
        }
        None => {
            results.push(report_timeout());
            return results;
        }
    };
    let check_locks = |connection: &mut SharedConnection| match file {
        Some(path) => vec![writer::check_write_lock(connection, path)],
        None => check_sessions(connection),
    };
    let checks: [DatabaseCheck<'_>; 4] = [
        &|connection| check_facts(connection, &address.for_people(), file),
        &check_locks,
        &|connection| vec![check_clock(connection, file.is_some())],
        &|connection| check_tables(connection, settings),
    ];
    for check in checks {
        results.extend(check(&mut connection));
        // The remaining checks would only report the same timeout again.
        if connection.has_timed_out() {
            break;
        }
    }
    results
}

/// Checks version, size, journal mode and free connections. `shown` is the address without its password.
fn check_facts(connection: &mut SharedConnection, shown: &str, file: Option<&Path>) -> Vec<CheckResult> {
    let facts = match connection.run_query(DatabaseProbe::database_facts) {
        Ok(facts) => facts,
        Err(error) => return vec![CheckResult::wrong(CHECK_NAME, format!("{shown}: {error}"), connection_fix(file))],
    };
    let mut results = vec![CheckResult::ok(
        CHECK_NAME,
        format!("{shown}, {}, {}", facts.version, measures::format_bytes(facts.bytes)),
    )];
    // An empty file is switched to WAL mode at the first start.
    if !facts.write_ahead && facts.bytes > 0 {
        let message = "it is not in WAL mode, so pages and syncs block each other";
        let fix = format!(
            "Close other programs that have it open, then run: sqlite3 {} 'PRAGMA journal_mode = WAL'",
            quote_for_shell(shown)
        );
        results.push(CheckResult::warning(CHECK_NAME, message, fix));
    }
    if facts.read_only {
        let fix = "Point DATABASE_URL to the primary server, or check default_transaction_read_only.";
        results.push(CheckResult::wrong(CHECK_NAME, "it is read-only, perhaps a standby", fix));
    }
    if let Some(left) = facts.connections_left {
        let message = format!("{left} more connections are possible");
        let fix = format!(
            "A Lockstep server uses up to 2 × (LOCKSTEP_WORKERS + {SPARE_CONNECTIONS}). Raise max_connections, or \
             close idle clients."
        );
        results.push(match left {
            ..=0 => CheckResult::wrong("connections", "no more connections are possible", fix),
            1..MIN_FREE_CONNECTIONS => CheckResult::warning("connections", message, fix),
            MIN_FREE_CONNECTIONS.. => CheckResult::ok("connections", message),
        });
    }
    results
}

/// Checks the migrations and, if none is missing, the runs.
fn check_tables(connection: &mut SharedConnection, settings: &Settings) -> Vec<CheckResult> {
    const CHECK_NAME: &str = "migrations";
    let diff = match connection.run_query(DatabaseProbe::compare_migrations) {
        Ok(diff) => diff,
        Err(error) => return vec![CheckResult::wrong(CHECK_NAME, error, DATABASE_FIX)],
    };
    let mut results = Vec::new();
    if !diff.unknown.is_empty() {
        let unknown = diff.unknown.join(", ");
        let message = format!("a newer Lockstep has migrated the database; this version does not know {unknown}");
        let fix = "Run the newer version, or restore a backup from before the upgrade.";
        results.push(CheckResult::wrong(CHECK_NAME, message, fix));
    }
    match diff.missing.len() {
        0 => {}
        _ if diff.applied == 0 => {
            let fix = "If tables should exist, check that DATABASE_URL names the right database.";
            let message = "no tables yet; they are created at the first start";
            results.push(CheckResult::warning(CHECK_NAME, message, fix));
            return results;
        }
        count => {
            let names = diff.missing.join(", ");
            let message = match count {
                1 => format!("1 migration is missing ({names}); the next start or command applies it"),
                _ => format!("{count} migrations are missing ({names}); the next start or command applies them"),
            };
            let fix = "Stop older servers, then start the server of this version and check again: runs and sources \
                       were not checked.";
            results.push(CheckResult::warning(CHECK_NAME, message, fix));
            return results;
        }
    }
    if results.is_empty() {
        results.push(CheckResult::ok(CHECK_NAME, format!("all {} applied", diff.applied)));
    }
    results.push(check_storage(connection));
    results.extend(secret_key::check_secret_key(connection, settings));
    results.extend(runs::check_runs(connection));
    results.extend(proxies::check_proxies(connection, &settings.trusted_proxies));
    results
}

/// Reports how far the rows that earlier versions wrote are converted.
fn check_storage(connection: &mut SharedConnection) -> CheckResult {
    const CHECK_NAME: &str = "storage";
    let message = match connection.run_query(DatabaseProbe::conversion_state) {
        Ok(ConversionState::Done) => "all items are stored in the compact form".to_owned(),
        Ok(ConversionState::Started) => "a running server is converting items to the compact form".to_owned(),
        Ok(ConversionState::Begins(time)) => format!(
            "until {} the version before this one can still be used (LOCKSTEP_ROLLBACK_PERIOD); then items are \
             converted to the compact form",
            time.format("%Y-%m-%d %H:%M UTC")
        ),
        Err(error) => return CheckResult::wrong(CHECK_NAME, error, DATABASE_FIX),
    };
    CheckResult::ok(CHECK_NAME, message)
}

/// Checks for sessions that block others or are idle in a transaction.
fn check_sessions(connection: &mut SharedConnection) -> Vec<CheckResult> {
    const CHECK_NAME: &str = "sessions";
    let sessions = match connection.run_query(DatabaseProbe::blocking_sessions) {
        Ok(sessions) => sessions,
        Err(error) => return vec![CheckResult::warning(CHECK_NAME, error, DATABASE_FIX)],
    };
    let describe = |session: &BlockingSession| {
        let name = if session.name.is_empty() { "unnamed" } else { session.name.as_str() };
        format!("session {} ({name}, from {})", session.pid, session.client)
    };
    let mut results = Vec::new();
    for session in &sessions {
        let blocked: Vec<String> = sessions
            .iter()
            .filter(|other| other.blocked_by.contains(&session.pid) && other.seconds >= MAX_SESSION_WAIT_SECS)
            .map(|other| format!("{} for {} s", other.pid, other.seconds))
            .collect();
        let is_idle = session.state.starts_with("idle in transaction");
        let fix = format!("To end it: SELECT pg_terminate_backend({});", session.pid);
        if !blocked.is_empty() {
            let message =
                format!("{} ({}) blocks other sessions: {}", describe(session), session.state, blocked.join(", "));
            results.push(CheckResult::wrong(CHECK_NAME, message, fix));
        } else if is_idle && session.seconds >= MAX_SESSION_WAIT_SECS {
            let message = format!("{} has been idle in a transaction for {} s", describe(session), session.seconds);
            results.push(CheckResult::warning(CHECK_NAME, message, fix));
        }
    }
    if results.is_empty() {
        results.push(CheckResult::ok(CHECK_NAME, "no session blocks others"));
    }
    results
}

/// Checks that the clocks of the database and this machine agree, and how long a round trip takes.
fn check_clock(connection: &mut SharedConnection, is_same_machine: bool) -> CheckResult {
    const CHECK_NAME: &str = "clock";
    // The first query also loads what is not in memory yet, so the second one is measured.
    let measured = connection.run_query(|probe| probe.measure_clock().and_then(|_| probe.measure_clock()));
    let (ahead, round_trip) = match measured {
        Ok(measured) => measured,
        Err(error) => return CheckResult::wrong(CHECK_NAME, error, DATABASE_FIX),
    };
    let millis = round_trip.as_secs_f64() * 1000.0;
    // The time was read somewhere within the round trip, so half of it is uncertain.
    let certain_difference = ahead.abs() - TimeDelta::from_std(round_trip / 2).unwrap_or_default();
    if certain_difference >= MAX_CLOCK_DIFFERENCE {
        let difference = measures::format_elapsed(ahead.abs().to_std().unwrap_or_default());
        let direction = if ahead > TimeDelta::zero() { "ahead of" } else { "behind" };
        let fix = "Synchronize both with the same time server (NTP). Leases do not depend on it; times on pages and \
                   schedules do.";
        let message = format!("the database's clock is {difference} {direction} this machine's");
        return CheckResult::warning(CHECK_NAME, message, fix);
    }
    if round_trip >= MAX_ROUND_TRIP {
        let fix = "Every page needs several round trips. Move the server closer to its database.";
        return CheckResult::warning("database", format!("a round trip takes {millis:.0} ms"), fix);
    }
    let clock = match is_same_machine {
        true => "the database uses this machine's clock",
        false => "the clocks of the database and this machine agree",
    };
    CheckResult::ok(CHECK_NAME, format!("{clock}; a round trip takes {millis:.1} ms"))
}
