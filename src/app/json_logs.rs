//! The journals: JSON lines in `logs` of the data folder, rotated by size.
//!
//! Several processes write to one folder (two servers in a rolling restart, a command beside a server), and any of
//! them may be frozen or killed at any moment. So nobody holds a file open and nobody waits for a lock: a line is one
//! write to a file that was opened for appending just now, and the one who finds the file full renames it while the
//! others go on; what they have open is the file under its old name then, and still kept. A folder that cannot be
//! written to costs one readable warning and the lines of that time, never a sync.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use chrono::{SecondsFormat, Utc};
use log::Record;
use log::kv::{Error, Key, Value as Given, VisitSource, VisitValue};
use serde::Serializer;
use serde_json::Value;

use crate::domain::log_fields::{DETAIL, FETCH, HEALTH, SYNC};

/// The targets and their files.
const FILES: [(&str, &str); 3] = [(SYNC, "sync.jsonl"), (FETCH, "fetch.jsonl"), (HEALTH, "health.jsonl")];
/// A file is renamed when it would grow beyond this.
const FULL: u64 = 10_000_000;
/// How many old files are kept of each: `sync.jsonl.1` is the youngest.
const KEPT: u32 = 5;
/// Held by the one who renames.
const LOCK: &str = "rotation.lock";
/// How many characters of a text are kept: a line stays one that people can look at.
const LONGEST: usize = 2000;

/// Which file, counted in [`FILES`], takes lines of this target.
pub(super) fn file_of(target: &str) -> Option<usize> {
    FILES.iter().position(|(known, _)| *known == target)
}

/// `text` in one line and without anything that speaks to a terminal, cut where it is too long.
pub(super) fn clean(text: &str) -> String {
    let end = text.char_indices().nth(LONGEST).map(|(at, _)| at);
    let mut kept = text[..end.unwrap_or(text.len())].replace(char::is_control, " ");
    if end.is_some() {
        kept.push('…');
    }
    kept
}

/// The journals of one data folder.
pub(super) struct JsonLogs {
    folder: PathBuf,
    full: u64,
    /// Host and process: several may write to one folder.
    server: String,
    /// The files that could not be written to the last time, one bit each.
    broken: AtomicU8,
}

impl JsonLogs {
    /// Journals in that folder, which is made when the first line comes; the folder above it is not.
    pub(super) fn new(folder: PathBuf) -> Self {
        let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let host = if host.trim().is_empty() { "localhost" } else { host.trim() };
        let server = clean(&format!("{host}/{}", std::process::id()));
        Self { folder, full: FULL, server, broken: AtomicU8::new(0) }
    }

    /// Keeps a record that belongs to one of the files.
    pub(super) fn take(&self, record: &Record<'_>) {
        let Some(file) = file_of(record.target()) else { return };
        let written = self.line(record).and_then(|line| self.append(FILES[file].1, &line));
        let bit = 1 << file;
        match written {
            Ok(()) => {
                // Looked at first: in the usual case nothing has to be changed.
                if self.broken.load(Ordering::Relaxed) & bit != 0
                    && self.broken.fetch_and(!bit, Ordering::Relaxed) == bit
                {
                    log::info!("log lines are kept in {} again", self.folder.display());
                }
            }
            Err(error) => {
                if self.broken.fetch_or(bit, Ordering::Relaxed) == 0 {
                    log::warn!(
                        "log lines cannot be kept in {} ({}: {error}). Syncs go on, and so do the lines as soon as the \
                         folder can be written to",
                        self.folder.display(),
                        FILES[file].1,
                    );
                }
            }
        }
    }

    /// The line of a record, with its line break.
    fn line(&self, record: &Record<'_>) -> io::Result<Vec<u8>> {
        let mut fields = LineFields(vec![
            ("time".to_owned(), Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true).into()),
            ("level".to_owned(), record.level().as_str().to_lowercase().into()),
        ]);
        record.key_values().visit(&mut fields).map_err(io::Error::other)?;
        fields.0.push(("message".to_owned(), clean(&record.args().to_string()).into()));
        fields.0.push(("server".to_owned(), self.server.as_str().into()));
        let mut line = Vec::with_capacity(512);
        // As a map in this order; serde_json's own map would sort by name.
        serde_json::Serializer::new(&mut line).collect_map(fields.0)?;
        line.push(b'\n');
        Ok(line)
    }

    fn append(&self, name: &str, line: &[u8]) -> io::Result<()> {
        let path = self.folder.join(name);
        let mut file = self.open(&path)?;
        let size = file.metadata()?.len();
        let most = self.full.saturating_sub(line.len() as u64);
        if size > 0 && size > most {
            self.rotate(&path, most)?;
            file = self.open(&path)?;
        }
        if ends_in_half_a_line(&file)? {
            return write_whole(&mut file, &[b"\n", line].concat());
        }
        write_whole(&mut file, line)
    }

    fn open(&self, path: &Path) -> io::Result<File> {
        let open = || OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path);
        match open() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                match DirBuilder::new().mode(0o700).create(&self.folder) {
                    // Somebody else was faster.
                    Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
                    _ => {}
                }
                open()
            }
            other => other,
        }
    }

    /// Renames a file that has more than `most` bytes, unless somebody else does or has done so.
    fn rotate(&self, path: &Path, most: u64) -> io::Result<()> {
        let lock = OpenOptions::new().append(true).create(true).mode(0o600).open(self.folder.join(LOCK))?;
        match lock.try_lock() {
            Ok(()) => {}
            // It may be frozen meanwhile: nobody waits, and the file grows beyond its size.
            Err(TryLockError::WouldBlock) => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        if gone_is_fine(fs::metadata(path).map(|data| data.len()))?.unwrap_or(0) <= most {
            return Ok(());
        }
        let old = |age: u32| path.with_added_extension(age.to_string());
        // A gap, left by somebody who was killed in the middle of this, is as good as the end.
        let last = (1..KEPT).find(|age| !old(*age).exists()).unwrap_or(KEPT);
        for age in (1..last).rev() {
            gone_is_fine(fs::rename(old(age), old(age + 1)))?;
        }
        gone_is_fine(fs::rename(path, old(1))).map(drop)
    }
}

fn gone_is_fine<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether the file ends in a line that somebody did not finish: a process was killed inside its write, or the disk was
/// full.
fn ends_in_half_a_line(file: &File) -> io::Result<bool> {
    // One who writes just now is not seen to be done for a moment.
    for _ in 0..3 {
        let size = file.metadata()?.len();
        let mut last = [b'\n'];
        if size == 0 || file.read_at(&mut last, size - 1)? == 0 || last == [b'\n'] {
            return Ok(false);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(true)
}

/// Writes a line in one go: what others append at the same time comes before or after it. Half a line stays, where the
/// disk is full: whoever would take it back could take away what others have appended since.
fn write_whole(file: &mut impl Write, line: &[u8]) -> io::Result<()> {
    let written = loop {
        match file.write(line) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            other => break other?,
        }
    };
    if written == line.len() { Ok(()) } else { Err(ErrorKind::StorageFull.into()) }
}

/// The fields of a line in their order.
struct LineFields(Vec<(String, Value)>);

impl<'kvs> VisitSource<'kvs> for LineFields {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Given<'kvs>) -> Result<(), Error> {
        if key.as_str() != DETAIL
            && let Some(value) = json(&value)
        {
            self.0.push((key.to_string(), value));
        }
        Ok(())
    }
}

/// A value as JSON; `None` for one that is not known or does not apply.
pub(super) fn json(value: &Given<'_>) -> Option<Value> {
    let mut json = JsonValue(Value::Null);
    value.visit(&mut json).ok()?;
    Some(json.0).filter(|value| !value.is_null())
}

struct JsonValue(Value);

impl<'v> VisitValue<'v> for JsonValue {
    fn visit_any(&mut self, value: Given<'_>) -> Result<(), Error> {
        self.0 = clean(&value.to_string()).into();
        Ok(())
    }

    fn visit_null(&mut self) -> Result<(), Error> {
        self.0 = Value::Null;
        Ok(())
    }

    fn visit_u64(&mut self, value: u64) -> Result<(), Error> {
        self.0 = value.into();
        Ok(())
    }

    fn visit_i64(&mut self, value: i64) -> Result<(), Error> {
        self.0 = value.into();
        Ok(())
    }

    fn visit_f64(&mut self, value: f64) -> Result<(), Error> {
        self.0 = value.into();
        Ok(())
    }

    fn visit_bool(&mut self, value: bool) -> Result<(), Error> {
        self.0 = value.into();
        Ok(())
    }
}

#[cfg(test)]
mod tests;
