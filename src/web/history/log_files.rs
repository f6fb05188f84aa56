//! Reads the lines of one run from the JSON log files of this server, newest first and within a limit.
//!
//! Every line begins with its time, and the lines of a file are in the order of time, so the part of a file that can
//! have lines of the run is found by bisection. A file that cannot be read counts as empty: the log is an extra.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};

use crate::data_files::open_data_file;

/// A file is renamed to `NAME.1`, then to `NAME.2`, when it is full. So many of them are looked for.
const MAX_OLD_FILES: u32 = 9;
/// How much is read of each log, from its newest file to its oldest.
const MAX_READ_BYTES: u64 = 4_000_000;
/// How much is read at a time to find the beginning of a line.
const PROBE_BYTES: u64 = 16_000;
/// Every line begins like this.
const LINE_START: &[u8] = b"{\"time\":\"";

/// The times between which a run wrote lines, with a margin because the clocks of database and server differ.
#[derive(Debug, Clone, Copy)]
pub(super) struct LogPeriod {
    from: DateTime<Utc>,
    until: DateTime<Utc>,
}

impl LogPeriod {
    /// The time of a run: from its acceptance to its end, or until now if it is active.
    pub(super) fn new(accepted: DateTime<Utc>, finished: Option<DateTime<Utc>>) -> Self {
        let margin = TimeDelta::minutes(5);
        Self { from: accepted - margin, until: finished.unwrap_or_else(Utc::now) + margin }
    }
}

/// The newest lines of the log `name` in `folder` that contain `text`, oldest first and at most `limit`.
pub(super) fn read_matching_lines(
    folder: &Path,
    name: &str,
    period: LogPeriod,
    text: &str,
    limit: usize,
) -> Vec<String> {
    let mut unread = MAX_READ_BYTES;
    let mut newest_first: Vec<String> = Vec::new();
    for age in 0..=MAX_OLD_FILES {
        let path = if age == 0 { folder.join(name) } else { folder.join(format!("{name}.{age}")) };
        let Ok(file) = open_data_file(&path) else {
            // While files are renamed, the newest one may be missing for a moment.
            if age == 0 { continue } else { break }
        };
        let Ok((part, begins_before)) = read_period(&file, period, unread) else { continue };
        unread = unread.saturating_sub(part.len() as u64);
        let lines = part.split(|byte| *byte == b'\n').rev().filter_map(|line| std::str::from_utf8(line).ok());
        newest_first.extend(lines.filter(|line| line.contains(text)).map(str::to_owned));
        if begins_before || newest_first.len() >= limit || unread == 0 {
            break;
        }
    }
    newest_first.truncate(limit);
    newest_first.reverse();
    newest_first
}

/// The part of a file within a period, at most its last `limit` bytes, and whether the file begins before the period.
fn read_period(file: &File, period: LogPeriod, limit: u64) -> io::Result<(Vec<u8>, bool)> {
    let size = file.metadata()?.len();
    let begin = find_time(file, size, period.from)?;
    let last = find_time(file, size, period.until)?;
    let end = next_line_time(file, last, size)?.map_or(size, |(position, _)| position);
    let from = begin.max(end.saturating_sub(limit));
    let mut part = vec![0; usize::try_from(end.saturating_sub(from)).unwrap_or(0)];
    file.read_exact_at(&mut part, from)?;
    Ok((part, begin > 0))
}

/// The first position from which on all lines begin at `time` or later. The line before it may reach beyond it.
fn find_time(file: &File, size: u64, time: DateTime<Utc>) -> io::Result<u64> {
    let (mut before, mut after) = (0, size);
    while before < after {
        let middle = before + (after - before) / 2;
        match next_line_time(file, middle, after)? {
            Some((position, found)) if found < time => before = position + 1,
            _ => after = middle,
        }
    }
    Ok(before)
}

/// The first line that begins between two positions: where, and its time.
fn next_line_time(file: &File, from: u64, before: u64) -> io::Result<Option<(u64, DateTime<Utc>)>> {
    let mut probe = vec![0; usize::try_from(PROBE_BYTES).unwrap_or(0)];
    let mut position = from;
    while position < before {
        let read = file.read_at(&mut probe, position)?;
        let starts = probe[..read].windows(LINE_START.len()).enumerate().filter(|(_, bytes)| *bytes == LINE_START);
        for (start, _) in starts {
            let at = position + start as u64;
            if at >= before {
                return Ok(None);
            }
            let text = &probe[start + LINE_START.len()..read];
            let text = text.split(|byte| *byte == b'"').next().and_then(|text| std::str::from_utf8(text).ok());
            if let Some(time) = text.and_then(|text| text.parse().ok()) {
                return Ok(Some((at, time)));
            }
        }
        if read < probe.len() {
            break;
        }
        // The time of a line must not be cut by the end of the probe.
        position += PROBE_BYTES - 64;
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{DateTime, LogPeriod, TimeDelta, Utc, read_matching_lines};

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
    }

    /// Lines of 200 runs, one an hour, each with two lines.
    fn log(hours: std::ops::Range<i64>) -> String {
        let line = |hour: i64, minute| {
            let time = at(hour * 60 + minute).to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
            format!(
                "{{\"time\":\"{time}\",\"syncId\":\"run {hour}.\",\"minute\":{minute},\"text\":\"{}\"}}\n",
                "x".repeat(900)
            )
        };
        hours.flat_map(|hour| [line(hour, 0), line(hour, 1)]).collect()
    }

    fn minutes(folder: &std::path::Path, hour: i64, limit: usize) -> Vec<bool> {
        let period = LogPeriod::new(at(hour * 60), Some(at(hour * 60 + 2)));
        let lines = read_matching_lines(folder, "sync.jsonl", period, &format!("\"run {hour}.\""), limit);
        lines.iter().map(|line| line.contains("\"minute\":1,")).collect()
    }

    #[test]
    fn the_lines_of_a_run_are_found_in_every_file_and_in_order() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(minutes(folder.path(), 7, 10), [false; 0], "no file");
        fs::write(folder.path().join("sync.jsonl"), log(100..200)).expect("written");
        fs::write(folder.path().join("sync.jsonl.1"), log(0..100)).expect("written");
        for hour in [0, 1, 57, 99, 100, 101, 163, 199] {
            assert_eq!(minutes(folder.path(), hour, 10), [false, true], "{hour}");
            assert_eq!(minutes(folder.path(), hour, 1), [true], "{hour}: the newest");
        }
        assert_eq!(minutes(folder.path(), 200, 10), [false; 0]);
    }

    #[test]
    fn lines_that_are_cut_or_hold_anything_are_passed_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("sync.jsonl");
        let mut bytes = log(0..20).into_bytes();
        bytes.extend(b"{\"time\":\"1970-01-01T2\n\xff\xfe\n{\"time\":\"tomorrow\"}\n");
        bytes.extend(vec![b'-'; 40_000]);
        bytes.push(b'\n');
        bytes.extend(log(20..40).into_bytes());
        fs::write(&file, bytes).expect("written");
        for hour in 0..40 {
            assert_eq!(minutes(folder.path(), hour, 10), [false, true], "{hour}");
        }
        fs::remove_file(&file).expect("removed");
        let elsewhere = folder.path().join("elsewhere");
        fs::write(&elsewhere, log(0..100)).expect("written");
        std::os::unix::fs::symlink(&elsewhere, &file).expect("a link");
        assert_eq!(minutes(folder.path(), 42, 10), [false; 0], "a link is not followed");
        fs::remove_file(&file).expect("removed");
        fs::create_dir(&file).expect("a folder");
        assert_eq!(minutes(folder.path(), 3, 10), [false; 0]);
    }
}
