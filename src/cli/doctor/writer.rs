//! Who holds SQLite's write lock. The system knows: SQLite's locks are locks on bytes of files.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::check_result::CheckResult;
use super::shared_connection::{SharedConnection, reach};

/// The byte of the `-shm` file that a writer holds in WAL mode.
const WAL_WRITE_LOCK: u64 = 120;
/// The bytes of the database that stand for its locks in the other modes.
const FILE_LOCKS: (u64, u64) = (0x4000_0000, 0x4000_0000 + 511);

/// How long another one may write before that is worth a word.
const TURN_MILLIS: u32 = 3000;

/// A process that holds the lock.
#[derive(Clone, PartialEq, Eq, Debug)]
struct WriteLockHolder {
    pid: u32,
    /// What the program is called.
    name: String,
    /// Whether it is stopped where it stands.
    frozen: bool,
}

/// Whether somebody has been writing for long, and who.
pub(super) fn lock(patient: &mut SharedConnection, path: &Path) -> CheckResult {
    const CHECK: &str = "write lock";
    let seconds = TURN_MILLIS / 1000;
    match patient.ask(|checkup| checkup.may_write(TURN_MILLIS)) {
        Ok(true) => return CheckResult::ok(CHECK, "nobody holds it for long"),
        Ok(false) => {}
        Err(error) => return CheckResult::wrong(CHECK, format!("writing cannot begin: {error}"), reach(Some(path))),
    }
    let Some(who) = writer(path) else {
        let message = format!("somebody has been writing for more than {seconds} s, and it cannot be seen who");
        let fix = "Look for programs that have the file open, also in other containers: every write waits for them.";
        return CheckResult::wrong(CHECK, message, fix);
    };
    let (pid, name) = (who.pid, who.name);
    if who.frozen {
        let message = format!("process {pid} ({name}) is frozen inside a write; every other write waits for it");
        CheckResult::wrong(
            CHECK,
            message,
            format!("Continue it with `kill -CONT {pid}`, or end it with `kill -KILL {pid}`."),
        )
    } else if name == "lockstep" {
        let message = format!("process {pid} ({name}) has been writing for more than {seconds} s");
        CheckResult::warning(CHECK, message, "The end of a big sync takes a while. Look again in a minute.")
    } else {
        let message = format!(
            "process {pid} ({name}) has been writing for more than {seconds} s; every other write waits for it"
        );
        CheckResult::wrong(CHECK, message, format!("Let it finish, or end it with `kill {pid}`."))
    }
}

/// Who holds the lock on writing to that database, if that can be found out.
fn writer(database: &Path) -> Option<WriteLockHolder> {
    let database = fs::canonicalize(database).ok()?;
    let shm = database.with_file_name(format!("{}-shm", database.file_name()?.to_string_lossy()));
    let inode = |path: &Path| fs::metadata(path).ok().map(|data| data.ino());
    let locks = fs::read_to_string("/proc/locks").ok()?;
    let pid = holder(&locks, inode(&shm), inode(&database))?;
    Some(WriteLockHolder {
        pid,
        name: fs::read_to_string(format!("/proc/{pid}/comm"))
            .map_or_else(|_| "?".to_owned(), |it| it.trim().to_owned()),
        frozen: fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| is_stopped(&stat)),
    })
}

/// The process that holds the lock, out of `/proc/locks`: `1: POSIX  ADVISORY  WRITE 708 fd:00:262145 120 120`.
fn holder(locks: &str, shm: Option<u64>, database: Option<u64>) -> Option<u32> {
    locks.lines().find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        // One who waits has an arrow after the number, and more words.
        let [_, "POSIX", _, "WRITE", pid, place, start, end] = words[..] else { return None };
        let inode = place.rsplit(':').next()?.parse().ok();
        let start: u64 = start.parse().ok()?;
        let end = end.parse().unwrap_or(u64::MAX);
        let covers = |first: u64, last: u64| start <= last && first <= end;
        let holds = inode.is_some()
            && (inode == shm && covers(WAL_WRITE_LOCK, WAL_WRITE_LOCK)
                || inode == database && covers(FILE_LOCKS.0, FILE_LOCKS.1));
        // A process outside of this container has no number here.
        holds.then(|| pid.parse().ok().filter(|pid| *pid > 0)).flatten()
    })
}

/// Whether `/proc/PID/stat` tells of a process that was stopped: `708 (name) T …`, the name with whatever is in it.
fn is_stopped(stat: &str) -> bool {
    stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with(['T', 't']))
}

#[cfg(test)]
mod tests {
    use super::{holder, is_stopped};

    #[test]
    fn the_holder_is_found_among_the_locks_of_a_machine() {
        let locks = "1: FLOCK  ADVISORY  WRITE 1 fe:00:7 0 EOF\n\
                     2: POSIX  ADVISORY  READ 2 fe:00:7 120 120\n\
                     3: POSIX  ADVISORY  WRITE 3 fe:00:8 120 120\n\
                     4: POSIX  ADVISORY  WRITE 4 fe:00:7 124 124\n\
                     5: -> POSIX  ADVISORY  WRITE 5 fe:00:7 120 120\n\
                     6: POSIX  ADVISORY  WRITE -1 fe:00:7 120 120\n\
                     7: POSIX  ADVISORY  WRITE 7 fe:00:7 120 120\n\
                     8: POSIX  ADVISORY  WRITE 8 fe:00:9 1073741824 1073742335\n";
        assert_eq!(holder(locks, Some(7), Some(6)), Some(7));
        assert_eq!(holder(locks, None, Some(9)), Some(8));
        assert_eq!(holder(locks, Some(70), None), None);
    }

    #[test]
    fn a_stopped_process_is_told_by_its_state_whatever_it_is_called() {
        assert!(is_stopped("708 (a) R b) T 1 708 708 0"));
        assert!(!is_stopped("708 (T) S 1 708 708 0"));
    }
}
