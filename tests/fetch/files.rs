//! Files of this server, uploads, the sample, and probes of a source before it is added.

use std::io::{BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use lockstep::domain::location::SourceLocation;
use lockstep::domain::read_options::ReadOptions;
use lockstep::fetch::FetchOutcome;

use super::{FetchSetup, RecordingObserver, expect_failure, peak_memory, read_cells};
use crate::support::load_clock::LoadClock;
use crate::support::{TestDatabase, TestEngine};

fn file_location(path: &Path) -> SourceLocation {
    SourceLocation::File(path.to_owned())
}

#[test]
fn a_file_is_read_anew_each_time_and_unchanged_if_its_content_is() {
    let setup = FetchSetup::new();
    let path = setup.folder.path().join("albums.csv");
    std::fs::write(&path, "id\n1\n").expect("written");
    let first = setup.fetch_content("csv", &file_location(&path)).expect("content");
    std::fs::write(&path, "id\n1\n2\n").expect("written");
    assert_eq!(read_cells(&*first), [["1"]], "what was fetched stays as it was");
    let second = setup.fetch_content("csv", &file_location(&path)).expect("content");
    assert_eq!(read_cells(&*second).len(), 2);
    let again = setup
        .fetch("csv", &file_location(&path), Some(second.validators()), &RecordingObserver::default())
        .expect("an answer");
    assert!(matches!(again, FetchOutcome::Unchanged(_)));
}

#[test]
fn a_file_that_cannot_be_read_is_an_error() {
    let setup = FetchSetup::new();
    let folder = setup.folder.path();
    let code = |path: &Path| expect_failure(setup.fetch_content("csv", &file_location(path))).0;
    assert_eq!(code(&folder.join("none.csv")), "not_found");
    assert_eq!(code(folder), "not_a_file");
    assert_eq!(code(Path::new("/dev/zero")), "not_a_file");
    let page = folder.join("page.csv");
    std::fs::write(&page, "<html>").expect("written");
    assert_eq!(code(&page), "html_page");
    let book = folder.join("book.csv");
    std::fs::write(&book, b"PK\x03\x04rest").expect("written");
    assert_eq!(code(&book), "not_csv");
    let locked = folder.join("locked.csv");
    std::fs::write(&locked, "id\n").expect("written");
    std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o000)).expect("set");
    // The superuser may read everything.
    if std::fs::File::open(&locked).is_err() {
        assert_eq!(code(&locked), "not_readable");
    }
}

#[test]
fn a_file_larger_than_the_limit_is_refused() {
    let mut setup = FetchSetup::new();
    setup.settings.max_bytes = 100;
    let path = setup.folder.path().join("large.csv");
    std::fs::write(&path, "id\n".repeat(100)).expect("written");
    assert_eq!(expect_failure(setup.fetch_content("csv", &file_location(&path))).0, "too_large");
}

#[test]
fn an_upload_is_found_by_its_name_and_nothing_else_is() {
    let setup = FetchSetup::new();
    std::fs::create_dir_all(&setup.settings.uploads_dir).expect("made");
    std::fs::write(setup.settings.uploads_dir.join("u1.csv"), "id\n5\n").expect("written");
    std::fs::write(setup.folder.path().join("secret.csv"), "id\n6\n").expect("written");
    assert_eq!(
        read_cells(&*setup.fetch_content("csv", &SourceLocation::Upload("u1.csv".into())).expect("content")),
        [["5"]]
    );
    let (code, message) = expect_failure(setup.fetch_content("csv", &SourceLocation::Upload("u2.csv".into())));
    assert!(code == "not_found" && message.contains("let them share the folder “uploads”"), "{code} {message}");
    for bad in ["../secret.csv", "/etc/passwd", "", ".", "..", "a/b", "u1.csv/", "./u1.csv"] {
        assert_eq!(
            expect_failure(setup.fetch_content("csv", &SourceLocation::Upload(bad.into()))).0,
            "bad_upload",
            "{bad}"
        );
    }
}

#[test]
fn the_sample_is_read_like_any_file() {
    let content = FetchSetup::new().fetch_content("csv", &SourceLocation::Sample).expect("content");
    assert_eq!(read_cells(&*content), [["1", "Miles Davis"]]);
}

#[test]
fn an_unclosed_quotation_mark_fails_and_names_its_row() {
    let setup = FetchSetup::new();
    let path = setup.folder.path().join("open.csv");
    std::fs::write(&path, "id,title\n1,a\n2,\"b\n3,c\n").expect("written");
    let content = setup.fetch_content("csv", &file_location(&path)).expect("content");
    let last = content.rows().expect("rows").last().expect("an item");
    let (code, message) = expect_failure(last);
    assert_eq!(code, "unclosed_quote");
    assert!(message.starts_with("Row 3, “title”"), "{message}");
}

#[test]
fn an_empty_file_has_no_columns_and_no_rows() {
    let setup = FetchSetup::new();
    for text in ["", "\n\n", "\u{FEFF}", " , \n"] {
        let path = setup.folder.path().join("empty.csv");
        std::fs::write(&path, text).expect("written");
        let content = setup.fetch_content("csv", &file_location(&path)).expect("content");
        assert!(content.columns().is_empty() && read_cells(&*content).is_empty(), "{text:?}");
    }
}

#[test]
fn a_probe_shows_columns_first_rows_and_a_key() {
    let setup = FetchSetup::new();
    let path = setup.folder.path().join("look.csv");
    let mut text = String::from("title,year,Album ID,note\n");
    for number in 0..1500 {
        text.push_str(&format!("Title {number},{},A{number},\n", 1950 + number % 70));
    }
    std::fs::write(&path, text).expect("written");
    let db = TestDatabase::sqlite();
    let seen = TestEngine::on_database(&db)
        .control
        .probe_location("csv", &file_location(&path), &ReadOptions::default())
        .expect("a probe");
    assert_eq!(seen.columns, ["title", "year", "Album ID", "note"]);
    assert_eq!(seen.rows.len(), 20);
    assert_eq!(seen.keys, ["Album ID", "title"]);
    assert_eq!(seen.proposed_key(), Some("Album ID"));
}

#[test]
fn a_cancel_ends_the_examination_of_a_large_file_at_once() {
    let setup = FetchSetup::new();
    let path = setup.folder.path().join("large.csv");
    // Neither UTF-8 nor declared: the file is scanned twice before its first row is read.
    std::fs::write(&path, b"id;name\n1;Bj\xF6rk\n".repeat(1_000_000)).expect("written");
    let length = std::fs::metadata(&path).expect("there").len();
    let observer = RecordingObserver::default();
    let ended = thread::scope(|scope| {
        let fetching = scope.spawn(|| setup.fetch("csv", &file_location(&path), None, &observer).map(drop));
        while observer.bytes.load(Ordering::Relaxed) < length {
            thread::sleep(Duration::from_millis(5));
        }
        thread::sleep(Duration::from_millis(300));
        let clock = LoadClock::start();
        observer.stop.store(true, Ordering::Relaxed);
        assert_eq!(expect_failure(fetching.join().expect("no panic")).0, "stopped");
        clock.elapsed()
    });
    assert!(ended < Duration::from_secs(1), "{ended:?}");
}

#[test]
fn other_users_cannot_read_the_work_folder() {
    let setup = FetchSetup::new();
    setup.fetch_content("csv", &SourceLocation::Sample).expect("content");
    let mode = std::fs::metadata(&setup.settings.work_dir).expect("it was made").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn a_million_rows_stay_flat_in_memory() {
    let setup = FetchSetup::new();
    let path = setup.folder.path().join("large.csv");
    let mut large = BufWriter::new(std::fs::File::create(&path).expect("made"));
    writeln!(large, "id,title,year").expect("written");
    for number in 0..1_000_000 {
        writeln!(large, "{number},\"Title, number {number}\",{}", 1950 + number % 70).expect("written");
    }
    large.into_inner().expect("written");
    let length = std::fs::metadata(&path).expect("there").len();
    let (before, observer) = (peak_memory(), RecordingObserver::default());
    let Ok(FetchOutcome::Content(content)) = setup.fetch("csv", &file_location(&path), None, &observer) else {
        panic!("content")
    };
    assert_eq!((content.byte_count(), content.line_count()), (length, 1_000_001));
    assert_eq!(observer.bytes.load(Ordering::Relaxed), length);
    let whole = content.rows().expect("rows").filter(|row| row.as_ref().is_ok_and(|row| row.cells[1].len() > 14));
    assert_eq!(whole.count(), 1_000_000);
    assert!(peak_memory() < before + 50_000, "{before} → {} kB", peak_memory());
}
