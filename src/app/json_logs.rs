//! Writes log records as JSON lines to files in `logs` of the data folder, and rotates the files by size.
//!
//! Several processes write to one folder (two servers during a rolling restart, a command beside a server), and any of
//! them may be frozen or killed at any moment. So no process keeps a file open or waits for a lock: a line is one write
//! to a file that is opened for this line. The process that finds the file full renames it, while the others go on
//! writing to the renamed file, which is kept too. Symbolic links in the place of a file are not followed. If the
//! folder cannot be written to, one warning is logged and the lines are lost; a sync never fails.
//! `docs/decisions/0011-log-rotation.md` compares this with the available crates.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use chrono::{SecondsFormat, Utc};
use log::Record;
use serde::Serializer;

use super::log_values::{LineFields, to_single_line};
use crate::data_files::open_for_appending;
use crate::domain::log_fields::{FETCH_TARGET, HEALTH_TARGET, SYNC_TARGET};

/// The log targets and their files.
const LOG_FILES: [(&str, &str); 3] =
    [(SYNC_TARGET, "sync.jsonl"), (FETCH_TARGET, "fetch.jsonl"), (HEALTH_TARGET, "health.jsonl")];
/// A file is renamed before it grows beyond this size.
const MAX_FILE_BYTES: u64 = 10_000_000;
/// How many renamed versions of each file are kept. `sync.jsonl.1` is the newest.
const MAX_OLD_FILES: u32 = 5;
/// The file that is locked while files are renamed.
const LOCK_FILE_NAME: &str = "rotation.lock";
/// How long to wait for another process that may be writing the unfinished line at the end of a file. A busy machine
/// may suspend that process during its write.
const HALF_LINE_TIMEOUT: Duration = Duration::from_millis(200);
/// How often the end of the file is read during that time.
const HALF_LINE_POLL_INTERVAL: Duration = Duration::from_millis(2);

/// Finds the file for lines of this target, as an index into [`LOG_FILES`].
pub(super) fn find_file(target: &str) -> Option<usize> {
    LOG_FILES.iter().position(|(known, _)| *known == target)
}

/// The JSON log files of one data folder.
pub(super) struct JsonLogs {
    folder: PathBuf,
    max_file_bytes: u64,
    /// Host and process, written to each line because several processes may write to one folder.
    server: String,
    /// The files whose last write failed, one bit each.
    failing_files: AtomicU8,
}

impl JsonLogs {
    /// Log files in `folder`, which is created for the first line. Its parent folder is not created.
    pub(super) fn new(folder: PathBuf) -> Self {
        let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let host = if host.trim().is_empty() { "localhost" } else { host.trim() };
        let server = to_single_line(&format!("{host}/{}", std::process::id()));
        Self { folder, max_file_bytes: MAX_FILE_BYTES, server, failing_files: AtomicU8::new(0) }
    }

    /// Writes a record to its file; a record that belongs to no file is skipped.
    pub(super) fn write_record(&self, record: &Record<'_>) {
        let Some(file) = find_file(record.target()) else { return };
        let written = self.format_line(record).and_then(|line| self.append_line(file, &line));
        let bit = 1 << file;
        match written {
            Ok(()) => {
                // The load comes first because there is usually nothing to change.
                if self.failing_files.load(Ordering::Relaxed) & bit != 0
                    && self.failing_files.fetch_and(!bit, Ordering::Relaxed) == bit
                {
                    log::info!("writing log files in {} again", self.folder.display());
                }
            }
            Err(error) => {
                if self.failing_files.fetch_or(bit, Ordering::Relaxed) == 0 {
                    log::warn!(
                        "cannot write log files in {} ({}: {error}). Syncs are not affected; logging resumes when the \
                         folder is writable",
                        self.folder.display(),
                        LOG_FILES[file].1,
                    );
                }
            }
        }
    }

    /// Formats a record as a JSON line with its line break.
    fn format_line(&self, record: &Record<'_>) -> io::Result<Vec<u8>> {
        let mut fields = LineFields(vec![
            ("time".to_owned(), Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true).into()),
            ("level".to_owned(), record.level().as_str().to_lowercase().into()),
        ]);
        record.key_values().visit(&mut fields).map_err(io::Error::other)?;
        fields.0.push(("message".to_owned(), to_single_line(&record.args().to_string()).into()));
        fields.0.push(("server".to_owned(), self.server.as_str().into()));
        let mut line = Vec::with_capacity(512);
        // Written field by field to keep their order; serde_json's map would sort them by name.
        serde_json::Serializer::new(&mut line).collect_map(fields.0)?;
        line.push(b'\n');
        Ok(line)
    }

    fn append_line(&self, index: usize, line: &[u8]) -> io::Result<()> {
        let path = self.folder.join(LOG_FILES[index].1);
        let mut file = self.open_file(&path)?;
        let size = file.metadata()?.len();
        let max_size_before = self.max_file_bytes.saturating_sub(line.len() as u64);
        if size > 0 && size > max_size_before {
            self.rotate_file(&path, max_size_before)?;
            file = self.open_file(&path)?;
        }
        // After a failed write, the unfinished line is from that write. On a full disk, lines must not wait for it.
        let is_failing = self.failing_files.load(Ordering::Relaxed) & (1 << index) != 0;
        let timeout = if is_failing { Duration::ZERO } else { HALF_LINE_TIMEOUT };
        if ends_in_half_a_line(&file, timeout)? {
            return write_at_once(&mut file, &[b"\n", line].concat());
        }
        write_at_once(&mut file, line)
    }

    fn open_file(&self, path: &Path) -> io::Result<File> {
        let open = || open_for_appending(path);
        match open() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                match DirBuilder::new().mode(0o700).create(&self.folder) {
                    // Another process may have created it meanwhile.
                    Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
                    _ => {}
                }
                open()
            }
            result => result,
        }
    }

    /// Renames a file of more than `max_bytes`, unless another process does so or has done so.
    fn rotate_file(&self, path: &Path, max_bytes: u64) -> io::Result<()> {
        let lock = open_for_appending(&self.folder.join(LOCK_FILE_NAME))?;
        match lock.try_lock() {
            Ok(()) => {}
            // The other process may be frozen, so this one does not wait; the file may exceed its limit.
            Err(TryLockError::WouldBlock) => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        if ignore_not_found(fs::symlink_metadata(path).map(|data| data.len()))?.unwrap_or(0) <= max_bytes {
            return Ok(());
        }
        let old_path = |age: u32| path.with_added_extension(age.to_string());
        // A process that was killed while renaming leaves a gap. The files after the gap need not move.
        let last =
            (1..MAX_OLD_FILES).find(|age| fs::symlink_metadata(old_path(*age)).is_err()).unwrap_or(MAX_OLD_FILES);
        for age in (1..last).rev() {
            ignore_not_found(fs::rename(old_path(age), old_path(age + 1)))?;
        }
        ignore_not_found(fs::rename(path, old_path(1))).map(drop)
    }
}

fn ignore_not_found<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether the file ends in an unfinished line: a process was killed while writing, or the disk was full.
fn ends_in_half_a_line(file: &File, timeout: Duration) -> io::Result<bool> {
    let started = Instant::now();
    loop {
        let size = file.metadata()?.len();
        let mut last = [b'\n'];
        if size == 0 || file.read_at(&mut last, size - 1)? == 0 || last == [b'\n'] {
            return Ok(false);
        }
        if started.elapsed() >= timeout {
            return Ok(true);
        }
        std::thread::sleep(HALF_LINE_POLL_INTERVAL);
    }
}

/// Writes a line with one call, so that lines of other processes come before or after it. On a full disk half a line
/// may remain: removing it could remove what another process has appended since.
fn write_at_once(file: &mut impl Write, line: &[u8]) -> io::Result<()> {
    let written = loop {
        match file.write(line) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => break result?,
        }
    };
    if written == line.len() { Ok(()) } else { Err(ErrorKind::StorageFull.into()) }
}

#[cfg(test)]
mod tests;
