//! Finds the process that holds SQLite's write lock. SQLite locks bytes of files, which the operating system lists in
//! `/proc/locks`.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::check_result::CheckResult;
use super::shared_connection::{SharedConnection, connection_fix};

/// The byte of the `-shm` file that a writer locks in WAL mode (<https://www.sqlite.org/walformat.html>, section 2.3).
const WAL_WRITE_LOCK_BYTE: u64 = 120;
/// The first and last byte of the database file that are locked in the other journal modes.
const FILE_LOCK_BYTES: (u64, u64) = (0x4000_0000, 0x4000_0000 + 511);
/// How long another process may write before it is reported.
const MAX_WRITE_MILLIS: u32 = 3000;

/// The process that holds the write lock.
#[derive(Clone, PartialEq, Eq, Debug)]
struct WriteLockHolder {
    pid: u32,
    /// The name of the program.
    name: String,
    /// Whether the process is stopped (SIGSTOP).
    is_frozen: bool,
}

/// Checks that no process holds the write lock for long, and names a process that does.
pub(super) fn check_write_lock(connection: &mut SharedConnection, path: &Path) -> CheckResult {
    const CHECK: &str = "write lock";
    let seconds = MAX_WRITE_MILLIS / 1000;
    match connection.run_query(|probe| probe.can_write(MAX_WRITE_MILLIS)) {
        Ok(true) => return CheckResult::ok(CHECK, "not held for long"),
        Ok(false) => {}
        Err(error) => {
            return CheckResult::wrong(CHECK, format!("cannot begin to write: {error}"), connection_fix(Some(path)));
        }
    }
    let Some(holder) = find_writer(path) else {
        let message = format!("an unknown process has been writing for more than {seconds} s");
        let fix = "Find programs that have the file open, also in other containers: every write waits for them.";
        return CheckResult::wrong(CHECK, message, fix);
    };
    let (pid, name) = (holder.pid, holder.name);
    if holder.is_frozen {
        let message = format!("process {pid} ({name}) is frozen inside a write; every other write waits for it");
        CheckResult::wrong(
            CHECK,
            message,
            format!("Continue it with `kill -CONT {pid}`, or end it with `kill -KILL {pid}`."),
        )
    } else if name == "lockstep" {
        let message = format!("process {pid} ({name}) has been writing for more than {seconds} s");
        CheckResult::warning(
            CHECK,
            message,
            "The final transaction of a large sync takes a while. Check again in a minute.",
        )
    } else {
        let message = format!(
            "process {pid} ({name}) has been writing for more than {seconds} s; every other write waits for it"
        );
        CheckResult::wrong(CHECK, message, format!("Let it finish, or end it with `kill {pid}`."))
    }
}

/// Finds the process that holds the write lock of that database.
fn find_writer(database: &Path) -> Option<WriteLockHolder> {
    let database = fs::canonicalize(database).ok()?;
    let shm = database.with_file_name(format!("{}-shm", database.file_name()?.to_string_lossy()));
    let inode = |path: &Path| fs::metadata(path).ok().map(|data| data.ino());
    let locks = fs::read_to_string("/proc/locks").ok()?;
    let pid = find_lock_holder(&locks, inode(&shm), inode(&database))?;
    Some(WriteLockHolder {
        pid,
        name: fs::read_to_string(format!("/proc/{pid}/comm"))
            .map_or_else(|_| "?".to_owned(), |name| name.trim().to_owned()),
        is_frozen: fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| is_stopped(&stat)),
    })
}

/// Finds the process that holds the lock in `/proc/locks`: `1: POSIX  ADVISORY  WRITE 708 fd:00:262145 120 120`. The
/// files are given by their inodes.
fn find_lock_holder(locks: &str, shm: Option<u64>, database: Option<u64>) -> Option<u32> {
    locks.lines().find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        // A process that waits for a lock has an arrow after the number, and therefore one more word.
        let [_, "POSIX", _, "WRITE", pid, place, start, end] = words[..] else { return None };
        let inode = place.rsplit(':').next()?.parse().ok();
        let start: u64 = start.parse().ok()?;
        let end = end.parse().unwrap_or(u64::MAX);
        let covers = |first: u64, last: u64| start <= last && first <= end;
        let holds = inode.is_some()
            && (inode == shm && covers(WAL_WRITE_LOCK_BYTE, WAL_WRITE_LOCK_BYTE)
                || inode == database && covers(FILE_LOCK_BYTES.0, FILE_LOCK_BYTES.1));
        // A process outside of this container has no id here.
        holds.then(|| pid.parse().ok().filter(|pid| *pid > 0)).flatten()
    })
}

/// Whether `/proc/PID/stat` is that of a stopped process: `708 (name) T …`. The name may contain parentheses.
fn is_stopped(stat: &str) -> bool {
    stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with(['T', 't']))
}

#[cfg(test)]
mod tests {
    use super::{find_lock_holder, is_stopped};

    #[test]
    fn the_holder_of_the_write_lock_is_found_in_proc_locks() {
        let locks = "1: FLOCK  ADVISORY  WRITE 1 fe:00:7 0 EOF\n\
                     2: POSIX  ADVISORY  READ 2 fe:00:7 120 120\n\
                     3: POSIX  ADVISORY  WRITE 3 fe:00:8 120 120\n\
                     4: POSIX  ADVISORY  WRITE 4 fe:00:7 124 124\n\
                     5: -> POSIX  ADVISORY  WRITE 5 fe:00:7 120 120\n\
                     6: POSIX  ADVISORY  WRITE -1 fe:00:7 120 120\n\
                     7: POSIX  ADVISORY  WRITE 7 fe:00:7 120 120\n\
                     8: POSIX  ADVISORY  WRITE 8 fe:00:9 1073741824 1073742335\n";
        assert_eq!(find_lock_holder(locks, Some(7), Some(6)), Some(7));
        assert_eq!(find_lock_holder(locks, None, Some(9)), Some(8));
        assert_eq!(find_lock_holder(locks, Some(70), None), None);
    }

    #[test]
    fn a_stopped_process_is_detected_whatever_its_name() {
        assert!(is_stopped("708 (a) R b) T 1 708 708 0"));
        assert!(!is_stopped("708 (T) S 1 708 708 0"));
    }
}
