//! The database: whether it answers, is up to date, takes writes and tells the same time.

use std::path::Path;
use std::time::Duration;

use chrono::TimeDelta;

use super::check_result::CheckResult;
use super::shared_connection::{SharedConnection, reach};
use super::shell_quote::quoted;
use super::time_limit::{LIMIT, bounded, late};
use super::{file_system, runs, writer};
use crate::config::Settings;
use crate::domain::text::measures;
use crate::store::DatabaseAddress;
use crate::store::checkup::DatabaseProbe;
use crate::store::database_facts::BlockingSession;

const CHECK: &str = "database";
/// A round trip that takes longer makes every page slow.
const SLOW: Duration = Duration::from_millis(100);
/// A session may wait for another one, or sit inside a transaction, for so many seconds.
const PATIENCE: u64 = 10;
/// Fewer connections than these are few.
const FEW: i64 = 20;

/// A part of it.
type DatabaseCheck<'a> = &'a dyn Fn(&mut SharedConnection) -> Vec<CheckResult>;

/// Looks at it.
pub(super) fn check(settings: &Settings) -> Vec<CheckResult> {
    let address = &settings.database;
    let file = match address {
        DatabaseAddress::Sqlite(path) => Some(path.as_path()),
        DatabaseAddress::Postgres(_) => None,
    };
    let too_late = || CheckResult::wrong(CHECK, format!("{} {}", address.for_people(), late()), reach(file));
    let mut findings = Vec::new();
    if let Some(path) = file.map(Path::to_owned) {
        let Some((found, is_there)) = bounded(LIMIT, move || file_system::check(&path)) else {
            return vec![too_late()];
        };
        findings.extend(found);
        if !is_there {
            return findings;
        }
    }
    let wanted = address.clone();
    let mut patient = match bounded(LIMIT, move || DatabaseProbe::open(&wanted)) {
        Some(Ok(checkup)) => SharedConnection(Some(checkup)),
        Some(Err(error)) => {
            return [findings, vec![CheckResult::wrong(CHECK, error.to_string(), reach(file))]].concat();
        }
        None => return [findings, vec![too_late()]].concat(),
    };
    let locks = |patient: &mut SharedConnection| match file {
        Some(path) => vec![writer::lock(patient, path)],
        None => sessions(patient),
    };
    let looks: [DatabaseCheck<'_>; 4] = [
        &|patient| facts(patient, &address.for_people(), file),
        &locks,
        &|patient| vec![clock(patient, file.is_some())],
        &tables,
    ];
    for look in looks {
        findings.extend(look(&mut patient));
        // It has been said, and everything that follows would say it again.
        if patient.is_silent() {
            break;
        }
    }
    findings
}

/// What the database says of itself; `shown` is its address.
fn facts(patient: &mut SharedConnection, shown: &str, file: Option<&Path>) -> Vec<CheckResult> {
    let facts = match patient.ask(DatabaseProbe::facts) {
        Ok(facts) => facts,
        Err(error) => return vec![CheckResult::wrong(CHECK, format!("{shown}: {error}"), reach(file))],
    };
    let mut findings =
        vec![CheckResult::ok(CHECK, format!("{shown}, {}, {}", facts.version, measures::bytes(facts.bytes)))];
    // An empty file is put into it at the first start.
    if !facts.write_ahead && facts.bytes > 0 {
        let message = "it is not in WAL mode, so pages and syncs stand in each other's way";
        let fix = format!(
            "End other programs that have it open, then: sqlite3 {} 'PRAGMA journal_mode = WAL'",
            quoted(shown)
        );
        findings.push(CheckResult::warning(CHECK, message, fix));
    }
    if facts.read_only {
        let fix = "Point DATABASE_URL to the server that takes writes, or see default_transaction_read_only.";
        findings.push(CheckResult::wrong(CHECK, "it takes no writes: it is read-only, perhaps a standby", fix));
    }
    if let Some(left) = facts.connections_left {
        let message = format!("{left} more connections can be made");
        let fix =
            "A server of Lockstep uses up to 2 × (LOCKSTEP_WORKERS + 8). Raise max_connections, or end idle clients.";
        findings.push(match left {
            ..=0 => CheckResult::wrong("connections", "no more connections can be made", fix),
            1..FEW => CheckResult::warning("connections", message, fix),
            FEW.. => CheckResult::ok("connections", message),
        });
    }
    findings
}

/// The migrations and, where none is missing, the runs.
fn tables(patient: &mut SharedConnection) -> Vec<CheckResult> {
    const CHECK: &str = "migrations";
    let found = match patient.ask(DatabaseProbe::migrations) {
        Ok(found) => found,
        Err(error) => return vec![CheckResult::wrong(CHECK, error, "See what is said of the database.")],
    };
    let mut findings = Vec::new();
    if !found.unknown.is_empty() {
        let message = format!("a newer Lockstep was here: this one does not know {}", found.unknown.join(", "));
        findings.push(CheckResult::wrong(CHECK, message, "Run the newer version, or restore a copy from before it."));
    }
    match found.missing.len() {
        0 => {}
        _ if found.applied == 0 => {
            let fix = "If there should be some, see that DATABASE_URL names the right database.";
            findings.push(CheckResult::warning(
                CHECK,
                "no tables are there yet; they are made at the first start",
                fix,
            ));
            return findings;
        }
        count => {
            let names = found.missing.join(", ");
            let message = match count {
                1 => format!("1 migration is missing ({names}); the next start or command applies it"),
                _ => format!("{count} migrations are missing ({names}); the next start or command applies them"),
            };
            let fix = "Start the server of this version. If an older one runs, stop it first. Then look again: runs and \
                       sources were not looked at.";
            findings.push(CheckResult::warning(CHECK, message, fix));
            return findings;
        }
    }
    if findings.is_empty() {
        findings.push(CheckResult::ok(CHECK, format!("all {} are applied", found.applied)));
    }
    findings.extend(runs::check(patient));
    findings
}

/// Who sits inside a transaction, and who waits for whom.
fn sessions(patient: &mut SharedConnection) -> Vec<CheckResult> {
    const CHECK: &str = "sessions";
    let sessions = match patient.ask(DatabaseProbe::sessions) {
        Ok(sessions) => sessions,
        Err(error) => return vec![CheckResult::warning(CHECK, error, "See what is said of the database.")],
    };
    let named = |session: &BlockingSession| {
        let name = if session.name.is_empty() { "without a name" } else { session.name.as_str() };
        format!("session {} ({name}, from {})", session.pid, session.client)
    };
    let mut findings = Vec::new();
    for session in &sessions {
        let for_long: Vec<&BlockingSession> = sessions
            .iter()
            .filter(|other| other.blocked_by.contains(&session.pid) && other.seconds >= PATIENCE)
            .collect();
        let idle = session.state.starts_with("idle in transaction");
        let fix = format!("If it should not: SELECT pg_terminate_backend({});", session.pid);
        if !for_long.is_empty() {
            let waiting: Vec<String> =
                for_long.iter().map(|other| format!("{} for {} s", other.pid, other.seconds)).collect();
            let message =
                format!("{} ({}) keeps others waiting: {}", named(session), session.state, waiting.join(", "));
            findings.push(CheckResult::wrong(CHECK, message, fix));
        } else if idle && session.seconds >= PATIENCE {
            let message = format!("{} has been sitting inside a transaction for {} s", named(session), session.seconds);
            findings.push(CheckResult::warning(CHECK, message, fix));
        }
    }
    if findings.is_empty() {
        findings.push(CheckResult::ok(CHECK, "nobody keeps others waiting"));
    }
    findings
}

/// Whether the database and this machine tell the same time, and how fast it answers.
fn clock(patient: &mut SharedConnection, same_machine: bool) -> CheckResult {
    const CHECK: &str = "clock";
    // The first answer pays for what is not in memory yet.
    let asked = patient.ask(|checkup| checkup.clock().and_then(|_| checkup.clock()));
    let (ahead, took) = match asked {
        Ok(answer) => answer,
        Err(error) => return CheckResult::wrong(CHECK, error, "See what is said of the database."),
    };
    let millis = took.as_secs_f64() * 1000.0;
    // Half of the round trip may be on either side.
    let sure = ahead.abs() - TimeDelta::from_std(took / 2).unwrap_or_default();
    if sure >= TimeDelta::seconds(2) {
        let (apart, way) = (
            measures::length(ahead.abs().to_std().unwrap_or_default()),
            if ahead > TimeDelta::zero() { "ahead of" } else { "behind" },
        );
        let fix =
            "Set both by the same time server (NTP). Leases do not depend on it; times on pages and schedules do.";
        return CheckResult::warning(CHECK, format!("the database's clock is {apart} {way} this machine's"), fix);
    }
    if took >= SLOW {
        let fix = "Every page asks a few times. Put the server nearer to its database.";
        return CheckResult::warning(
            "database",
            format!("it takes {millis:.0} ms to answer the simplest question"),
            fix,
        );
    }
    let whose =
        if same_machine { "the database's is this machine's" } else { "the database's and this machine's agree" };
    CheckResult::ok(CHECK, format!("{whose}; a question is answered in {millis:.1} ms"))
}
