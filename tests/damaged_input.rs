//! Feeds the seeds of the fuzz targets, and every input that a fuzzer has once found, to every parser.
//!
//! `fuzz/seeds/PARSER` has the seeds. A found input is added there, named after what was wrong.

mod parsers;

use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use parsers::{PARSER_CHECKS, check_parser};

/// The longest time that a parser may take for one input, with much to spare for a busy machine and a debug build.
const MAX_TIME: Duration = Duration::from_secs(10);

/// The largest input from the corpora of other tests.
const MAX_CORPUS_FILE_BYTES: u64 = 64 * 1024;

/// The most memory of this process, in kB. It is about 150 MB.
const MAX_MEMORY_KB: u64 = 600_000;

fn project_path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// All files below `folder`.
fn list_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths.into_iter().flat_map(|path| if path.is_dir() { list_files(&path) } else { vec![path] }).collect()
}

fn read_memory_peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// Feeds each file to each parser.
fn check_all(files: &[PathBuf]) {
    let mut faults = Vec::new();
    for (path, (name, check)) in files.iter().flat_map(|path| PARSER_CHECKS.iter().map(move |check| (path, check))) {
        let bytes = fs::read(path).expect("a file");
        let start = Instant::now();
        if catch_unwind(AssertUnwindSafe(|| check(&bytes))).is_err() {
            faults.push(format!("{name} failed at {}", path.display()));
        }
        if start.elapsed() > MAX_TIME {
            faults.push(format!("{name} took {:?} for {}", start.elapsed(), path.display()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(read_memory_peak() < MAX_MEMORY_KB, "{} kB", read_memory_peak());
}

#[test]
fn every_parser_accepts_or_refuses_every_seed() {
    let seeds = list_files(&project_path("fuzz/seeds"));
    let mut counts = BTreeMap::<String, usize>::new();
    for path in &seeds {
        let folder = path.parent().and_then(Path::file_name).expect("a folder").to_string_lossy().into_owned();
        *counts.entry(folder).or_default() += 1;
    }
    let names: Vec<&str> = PARSER_CHECKS.iter().map(|(name, _)| *name).collect();
    assert_eq!(counts.keys().map(String::as_str).collect::<Vec<_>>(), names, "each parser has a folder with seeds");
    check_all(&seeds);
}

/// A check that refused everything would check nothing.
#[test]
fn every_parser_accepts_one_of_its_seeds() {
    for (name, check) in PARSER_CHECKS {
        let seeds = list_files(&project_path("fuzz/seeds").join(name));
        assert!(seeds.iter().any(|path| check(&fs::read(path).expect("a file"))), "{name} refuses all of its seeds");
    }
}

#[test]
fn every_parser_accepts_or_refuses_every_small_file_of_the_corpora() {
    let is_small = |path: &PathBuf| path.metadata().is_ok_and(|file| file.len() <= MAX_CORPUS_FILE_BYTES);
    let files: Vec<PathBuf> = list_files(&project_path("tests/corpora")).into_iter().filter(is_small).collect();
    assert!(files.len() > 100, "{} files", files.len());
    check_all(&files);
}

#[test]
fn each_parser_has_a_fuzz_target() {
    let targets = list_files(&project_path("fuzz/targets"));
    let names: Vec<String> =
        targets.iter().map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned()).collect();
    assert_eq!(names, PARSER_CHECKS.map(|(name, _)| name));
}

/// The checks can fail: an empty text is no check of a parser.
#[test]
#[should_panic(expected = "a check of this name")]
fn an_unknown_parser_is_an_error() {
    check_parser("none", b"");
}
