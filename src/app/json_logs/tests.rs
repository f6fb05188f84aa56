use std::collections::HashSet;
use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use log::kv::ToValue;
use log::{Level, Record};
use serde_json::Value;

use super::{JsonLogs, MAX_FILE_BYTES, MAX_OLD_FILES, write_at_once};
use crate::domain::log_fields::SYNC_TARGET;

fn write_line(logs: &JsonLogs, message: &str, fields: &[(&str, log::kv::Value<'_>)]) {
    let line = format_args!("{message}");
    logs.write_record(&Record::builder().level(Level::Info).target(SYNC_TARGET).key_values(&fields).args(line).build());
}

/// Reads all lines of the file and the old ones, each of which must be JSON.
fn read_lines(folder: &Path) -> Vec<Value> {
    let old = (1..=MAX_OLD_FILES + 1).map(|age| folder.join(format!("sync.jsonl.{age}")));
    let files = old.chain([folder.join("sync.jsonl")]).filter_map(|path| fs::read_to_string(path).ok());
    let text: String = files.collect();
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}"))).collect()
}

#[test]
fn a_record_is_one_line_of_json_without_control_characters() {
    let data_dir = tempfile::tempdir().expect("a folder");
    let logs = JsonLogs::new(data_dir.path().join("logs"));
    let hostile = "a\n{\"event\":\"ended\"}\r\u{1b}[31m\u{9b}2J\0\"\\ b\u{7f}";
    write_line(
        &logs,
        hostile,
        &[("source", hostile.into()), ("bytes", 7.into()), ("code", None::<u64>.to_value()), ("late", true.into())],
    );
    write_line(&logs, &"ü".repeat(100_000), &[]);
    let text = fs::read_to_string(data_dir.path().join("logs/sync.jsonl")).expect("a file");
    assert_eq!(text.lines().count(), 2);
    assert!(!text.replace('\n', "").contains(char::is_control), "{text}");
    let lines = read_lines(&data_dir.path().join("logs"));
    assert_eq!(lines[0]["message"], lines[0]["source"]);
    assert_eq!((&lines[0]["bytes"], &lines[0]["late"], lines[0].get("code")), (&7.into(), &true.into(), None));
    assert!(lines[0]["time"].as_str().is_some_and(|time| time.len() == 24 && time.ends_with('Z')), "{text}");
    assert!(lines[0]["server"].as_str().is_some_and(|it| it.ends_with(&format!("/{}", std::process::id()))), "{text}");
    assert!(text.len() < 6000);
}

#[test]
fn no_line_of_several_writers_is_lost_or_broken_during_rotation() {
    let data_dir = tempfile::tempdir().expect("a folder");
    let folder = data_dir.path().join("logs");
    std::thread::scope(|scope| {
        for writer in 0..8_u64 {
            // Each writer has its own log files, as a process would.
            let logs = JsonLogs { max_file_bytes: 64_000, ..JsonLogs::new(folder.clone()) };
            scope.spawn(move || {
                for number in 0..200_u64 {
                    write_line(&logs, "message", &[("writer", writer.into()), ("number", number.into())]);
                }
            });
        }
    });
    let written: HashSet<(u64, u64)> = read_lines(&folder)
        .iter()
        .map(|line| (line["writer"].as_u64().expect("a number"), line["number"].as_u64().expect("a number")))
        .collect();
    assert_eq!((written.len(), read_lines(&folder).len()), (1600, 1600));
    // How often depends on the machine: while one writer renames the file, the others go on writing to it.
    assert!(folder.join("sync.jsonl.1").exists(), "it was rotated");
}

#[test]
fn old_files_are_kept_up_to_the_limit() {
    let data_dir = tempfile::tempdir().expect("a folder");
    let folder = data_dir.path().join("logs");
    let logs = JsonLogs { max_file_bytes: 300, ..JsonLogs::new(folder.clone()) };
    for number in 0..40_u64 {
        write_line(&logs, "message", &[("number", number.into())]);
    }
    let numbers: Vec<u64> = read_lines(&folder).iter().filter_map(|line| line["number"].as_u64()).collect();
    assert_eq!(numbers.iter().max(), Some(&39));
    assert!((6..40).contains(&numbers.len()), "{numbers:?}");
    let entries = fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<String> = entries.map(|name| name.into_string().expect("a plain name")).collect();
    names.sort_unstable();
    let kept = (1..=MAX_OLD_FILES).map(|age| format!("sync.jsonl.{age}"));
    assert_eq!(names, [vec!["rotation.lock".to_owned(), "sync.jsonl".to_owned()], kept.collect()].concat());
    for name in names {
        assert_eq!(fs::metadata(folder.join(name)).expect("a file").permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(fs::metadata(&folder).expect("a folder").permissions().mode() & 0o777, 0o700);
}

#[test]
fn a_frozen_rotation_does_not_block_other_writers() {
    let data_dir = tempfile::tempdir().expect("a folder");
    let folder = data_dir.path().join("logs");
    let logs = JsonLogs { max_file_bytes: 300, ..JsonLogs::new(folder.clone()) };
    write_line(&logs, "message", &[]);
    let lock = fs::File::create(folder.join("rotation.lock")).expect("a file");
    lock.lock().expect("a lock");
    for _ in 0..10 {
        write_line(&logs, "message", &[]);
    }
    assert_eq!((read_lines(&folder).len(), folder.join("sync.jsonl.1").exists()), (11, false));
    drop(lock);
    write_line(&logs, "message", &[]);
    assert_eq!((read_lines(&folder).len(), folder.join("sync.jsonl.1").exists()), (12, true));
}

#[test]
fn half_a_line_does_not_break_the_next_line() {
    let data_dir = tempfile::tempdir().expect("a folder");
    let folder = data_dir.path().join("logs");
    let logs = JsonLogs::new(folder.clone());
    write_line(&logs, "before", &[]);
    let whole = fs::read_to_string(folder.join("sync.jsonl")).expect("a file");
    fs::write(folder.join("sync.jsonl"), format!("{whole}{{\"time\":\"20")).expect("written");
    write_line(&logs, "after", &[]);
    let text = fs::read_to_string(folder.join("sync.jsonl")).expect("a file");
    let good = text.lines().filter(|line| serde_json::from_str::<Value>(line).is_ok()).count();
    assert_eq!((good, text.lines().count()), (2, 3), "{text}");
}

/// A file on a nearly full disk: each write is cut off, and then another process appends a line.
struct NearlyFullFile<'a> {
    file: fs::File,
    other: &'a JsonLogs,
}

impl Write for NearlyFullFile<'_> {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        let written = self.file.write(&line[..line.len() / 2])?;
        write_line(self.other, "of another process", &[]);
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_line_cut_by_a_full_disk_keeps_the_lines_of_others() {
    let data_dir = tempfile::tempdir().expect("a folder");
    let folder = data_dir.path().join("logs");
    let other = JsonLogs::new(folder.clone());
    write_line(&other, "before", &[]);
    let file = fs::File::options().append(true).open(folder.join("sync.jsonl")).expect("a file");
    let written =
        write_at_once(&mut NearlyFullFile { file, other: &other }, b"{\"time\":\"2026\",\"message\":\"cut\"}\n");
    assert_eq!(written.expect_err("it did not fit").kind(), ErrorKind::StorageFull);
    let text = fs::read_to_string(folder.join("sync.jsonl")).expect("a file");
    let good: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let messages: Vec<&str> = good.iter().filter_map(|line| line["message"].as_str()).collect();
    assert_eq!((messages, text.lines().count()), (vec!["before", "of another process"], 3), "{text}");
}

#[test]
fn an_unwritable_folder_loses_only_log_lines() {
    let data_dir = tempfile::tempdir().expect("a folder");
    let folder = data_dir.path().join("logs");
    let logs = JsonLogs::new(folder.clone());
    fs::write(&folder, "not a folder").expect("written");
    write_line(&logs, "lost", &[]);
    assert_ne!(logs.failing_files.load(std::sync::atomic::Ordering::Relaxed), 0);
    fs::remove_file(&folder).expect("removed");
    write_line(&logs, "kept", &[]);
    fs::remove_dir_all(&folder).expect("removed");
    write_line(&logs, "kept, too", &[]);
    assert_eq!(read_lines(&folder).len(), 1);
    assert_eq!(logs.failing_files.load(std::sync::atomic::Ordering::Relaxed), 0);
    assert_eq!(logs.max_file_bytes, MAX_FILE_BYTES);
    // The data folder itself is not created.
    let logs = JsonLogs::new(data_dir.path().join("missing/logs"));
    write_line(&logs, "lost", &[]);
    assert!(!data_dir.path().join("missing").exists());
}

#[test]
fn a_link_in_the_place_of_a_log_file_or_of_the_lock_is_not_followed() {
    let data_dir = tempfile::tempdir().expect("a folder");
    let (folder, target) = (data_dir.path().join("logs"), data_dir.path().join("target"));
    fs::create_dir(&folder).expect("a folder");
    fs::write(&target, "kept").expect("written");
    std::os::unix::fs::symlink(&target, folder.join("sync.jsonl")).expect("a link");
    let logs = JsonLogs { max_file_bytes: 200, ..JsonLogs::new(folder.clone()) };
    write_line(&logs, "refused", &[]);
    assert_eq!(fs::read_to_string(&target).expect("the target"), "kept");
    fs::remove_file(folder.join("sync.jsonl")).expect("removed");
    let made = data_dir.path().join("made");
    std::os::unix::fs::symlink(&made, folder.join("rotation.lock")).expect("a link");
    for _ in 0..5 {
        write_line(&logs, "written", &[]);
    }
    assert!(!made.exists(), "the lock was created through a link");
    assert!(!read_lines(&folder).is_empty());
}
