use std::collections::HashSet;
use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use log::kv::ToValue;
use log::{Level, Record};
use serde_json::Value;

use super::{FULL, JsonLogs, KEPT, write_whole};
use crate::domain::log_fields::SYNC;

fn say(journal: &JsonLogs, message: &str, fields: &[(&str, log::kv::Value<'_>)]) {
    let line = format_args!("{message}");
    journal.take(&Record::builder().level(Level::Info).target(SYNC).key_values(&fields).args(line).build());
}

/// All lines of the file and the old ones, each of which must be JSON.
fn lines(folder: &Path) -> Vec<Value> {
    let old = (1..=KEPT + 1).map(|age| folder.join(format!("sync.jsonl.{age}")));
    let files = old.chain([folder.join("sync.jsonl")]).filter_map(|path| fs::read_to_string(path).ok());
    let text: String = files.collect();
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}"))).collect()
}

#[test]
fn whatever_is_sent_a_line_is_one_line_of_json_without_commands_for_a_terminal() {
    let home = tempfile::tempdir().expect("a folder");
    let journal = JsonLogs::new(home.path().join("logs"));
    let hostile = "a\n{\"event\":\"ended\"}\r\u{1b}[31m\u{9b}2J\0\"\\ b\u{7f}";
    say(
        &journal,
        hostile,
        &[("source", hostile.into()), ("bytes", 7.into()), ("code", None::<u64>.to_value()), ("late", true.into())],
    );
    say(&journal, &"ü".repeat(100_000), &[]);
    let text = fs::read_to_string(home.path().join("logs/sync.jsonl")).expect("a file");
    assert_eq!(text.lines().count(), 2);
    assert!(!text.replace('\n', "").contains(char::is_control), "{text}");
    let lines = lines(&home.path().join("logs"));
    assert_eq!(lines[0]["message"], lines[0]["source"]);
    assert_eq!((&lines[0]["bytes"], &lines[0]["late"], lines[0].get("code")), (&7.into(), &true.into(), None));
    assert!(lines[0]["time"].as_str().is_some_and(|time| time.len() == 24 && time.ends_with('Z')), "{text}");
    assert!(lines[0]["server"].as_str().is_some_and(|it| it.ends_with(&format!("/{}", std::process::id()))), "{text}");
    assert!(text.len() < 6000);
}

#[test]
fn what_many_write_while_files_are_rotated_is_all_there_and_whole() {
    let home = tempfile::tempdir().expect("a folder");
    let folder = home.path().join("logs");
    std::thread::scope(|scope| {
        for writer in 0..8_u64 {
            // Each with a journal of its own, as in a process of its own.
            let journal = JsonLogs { full: 64_000, ..JsonLogs::new(folder.clone()) };
            scope.spawn(move || {
                for number in 0..200_u64 {
                    say(&journal, "said", &[("writer", writer.into()), ("number", number.into())]);
                }
            });
        }
    });
    let said: HashSet<(u64, u64)> = lines(&folder)
        .iter()
        .map(|line| (line["writer"].as_u64().expect("a number"), line["number"].as_u64().expect("a number")))
        .collect();
    assert_eq!((said.len(), lines(&folder).len()), (1600, 1600));
    assert!(folder.join("sync.jsonl.2").exists(), "it was rotated");
}

#[test]
fn so_many_old_files_are_kept_and_no_more() {
    let home = tempfile::tempdir().expect("a folder");
    let folder = home.path().join("logs");
    let journal = JsonLogs { full: 300, ..JsonLogs::new(folder.clone()) };
    for number in 0..40_u64 {
        say(&journal, "said", &[("number", number.into())]);
    }
    let numbers: Vec<u64> = lines(&folder).iter().filter_map(|line| line["number"].as_u64()).collect();
    assert_eq!(numbers.iter().max(), Some(&39));
    assert!((6..40).contains(&numbers.len()), "{numbers:?}");
    let entries = fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<String> = entries.map(|name| name.into_string().expect("a plain name")).collect();
    names.sort_unstable();
    let kept = (1..=KEPT).map(|age| format!("sync.jsonl.{age}"));
    assert_eq!(names, [vec!["rotation.lock".to_owned(), "sync.jsonl".to_owned()], kept.collect()].concat());
    for name in names {
        assert_eq!(fs::metadata(folder.join(name)).expect("a file").permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(fs::metadata(&folder).expect("a folder").permissions().mode() & 0o777, 0o700);
}

#[test]
fn nobody_waits_for_one_who_is_frozen_while_he_rotates() {
    let home = tempfile::tempdir().expect("a folder");
    let folder = home.path().join("logs");
    let journal = JsonLogs { full: 300, ..JsonLogs::new(folder.clone()) };
    say(&journal, "said", &[]);
    let lock = fs::File::create(folder.join("rotation.lock")).expect("a file");
    lock.lock().expect("a lock");
    for _ in 0..10 {
        say(&journal, "said", &[]);
    }
    assert_eq!((lines(&folder).len(), folder.join("sync.jsonl.1").exists()), (11, false));
    drop(lock);
    say(&journal, "said", &[]);
    assert_eq!((lines(&folder).len(), folder.join("sync.jsonl.1").exists()), (12, true));
}

#[test]
fn half_a_line_spoils_no_other() {
    let home = tempfile::tempdir().expect("a folder");
    let folder = home.path().join("logs");
    let journal = JsonLogs::new(folder.clone());
    say(&journal, "before", &[]);
    let whole = fs::read_to_string(folder.join("sync.jsonl")).expect("a file");
    fs::write(folder.join("sync.jsonl"), format!("{whole}{{\"time\":\"20")).expect("written");
    say(&journal, "after", &[]);
    let text = fs::read_to_string(folder.join("sync.jsonl")).expect("a file");
    let good = text.lines().filter(|line| serde_json::from_str::<Value>(line).is_ok()).count();
    assert_eq!((good, text.lines().count()), (2, 3), "{text}");
}

/// Two processes on a disk that is nearly full, and room again in the middle: after each write of ours, which is cut
/// off, another process appends its line.
struct Crowded<'a> {
    file: fs::File,
    other: &'a JsonLogs,
}

impl Write for Crowded<'_> {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        let written = self.file.write(&line[..line.len() / 2])?;
        say(self.other, "of another process", &[]);
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_line_that_did_not_fit_takes_nothing_of_others_away() {
    let home = tempfile::tempdir().expect("a folder");
    let folder = home.path().join("logs");
    let other = JsonLogs::new(folder.clone());
    say(&other, "before", &[]);
    let file = fs::File::options().append(true).open(folder.join("sync.jsonl")).expect("a file");
    let written = write_whole(&mut Crowded { file, other: &other }, b"{\"time\":\"2026\",\"message\":\"cut\"}\n");
    assert_eq!(written.expect_err("it did not fit").kind(), ErrorKind::StorageFull);
    let text = fs::read_to_string(folder.join("sync.jsonl")).expect("a file");
    let good: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let said: Vec<&str> = good.iter().filter_map(|line| line["message"].as_str()).collect();
    assert_eq!((said, text.lines().count()), (vec!["before", "of another process"], 3), "{text}");
}

#[test]
fn a_folder_that_cannot_be_written_to_costs_its_lines_and_nothing_else() {
    let home = tempfile::tempdir().expect("a folder");
    let folder = home.path().join("logs");
    let journal = JsonLogs::new(folder.clone());
    fs::write(&folder, "not a folder").expect("written");
    say(&journal, "lost", &[]);
    assert_ne!(journal.broken.load(std::sync::atomic::Ordering::Relaxed), 0);
    fs::remove_file(&folder).expect("removed");
    say(&journal, "kept", &[]);
    fs::remove_dir_all(&folder).expect("removed");
    say(&journal, "kept, too", &[]);
    assert_eq!(lines(&folder).len(), 1);
    assert_eq!(journal.broken.load(std::sync::atomic::Ordering::Relaxed), 0);
    assert_eq!(journal.full, FULL);
    // A data folder that is not there is not for the journal to make.
    let journal = JsonLogs::new(home.path().join("missing/logs"));
    say(&journal, "lost", &[]);
    assert!(!home.path().join("missing").exists());
}
