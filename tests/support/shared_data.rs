//! Data sets of other projects that some tests run on.
//!
//! The complete sets are not part of the repository. They are read from the folder that `LOCKSTEP_TEST_DATA` names, by
//! default `../shared/data` beside the repository. A subset of some sets is committed in `tests/corpora/data`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::{env, io, thread};

const DEFAULT_FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data");
const COMMITTED_SUBSETS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpora/data");

/// A data set, or the committed subset of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct DataSet {
    pub(crate) path: PathBuf,
    /// Whether it is the complete set.
    pub(crate) is_complete: bool,
}

/// The complete data set `name`. Without it the test cannot run: in CI that is a failure; elsewhere a line on standard
/// error reports it, and the result is `None`.
pub(crate) fn shared_data(name: &str) -> Option<PathBuf> {
    let found = find_or_explain(complete_sets().join(name), env::var_os("CI").is_some());
    found.map_err(|message| print_uncaptured(&message)).ok()
}

/// The complete data set `name`, or its committed subset if the complete set is missing; standard error names which.
/// `None` as in [`shared_data`] if both are missing.
pub(crate) fn data_set(name: &str) -> Option<DataSet> {
    match find_data_set(name, &complete_sets()) {
        Some(set) if set.is_complete => Some(set),
        Some(set) => {
            let test = test_name();
            print_uncaptured(&format!(
                "SUBSET ONLY: {test} runs on {}. For the complete set put it into {}, or name its folder in \
                 LOCKSTEP_TEST_DATA.",
                set.path.display(),
                complete_sets().join(name).display()
            ));
            Some(set)
        }
        None => shared_data(name).map(|path| DataSet { path, is_complete: true }),
    }
}

fn complete_sets() -> PathBuf {
    env::var_os("LOCKSTEP_TEST_DATA").map_or_else(|| PathBuf::from(DEFAULT_FOLDER), PathBuf::from)
}

fn find_data_set(name: &str, complete_sets: &Path) -> Option<DataSet> {
    let candidates = [(complete_sets.join(name), true), (Path::new(COMMITTED_SUBSETS).join(name), false)];
    let found = candidates.into_iter().find(|(path, _)| path.exists());
    found.map(|(path, is_complete)| DataSet { path, is_complete })
}

fn find_or_explain(path: PathBuf, in_ci: bool) -> Result<PathBuf, String> {
    if path.exists() {
        return Ok(path);
    }
    let message = format!("NOT RUN: {} needs {}, which is missing. Put it there.", test_name(), path.display());
    assert!(!in_ci, "{message}");
    Err(message)
}

fn test_name() -> String {
    thread::current().name().unwrap_or("a test").to_owned()
}

fn print_uncaptured(message: &str) {
    // Not by eprintln!, which the test harness captures when a test passes.
    writeln!(io::stderr(), "\n*** {message} ***\n").expect("standard error");
}

/// nextest shows the output of this test although it passes (.config/nextest.toml), so that a run without the complete
/// sets reports it.
#[test]
fn the_data_that_some_tests_need_is_here() {
    for name in ["csv", "payloads/blns.json"] {
        shared_data(name);
    }
    for name in ["feeds", "hostile", "opml"] {
        data_set(name);
    }
}

#[test]
fn missing_data_fails_only_in_ci() {
    let message = find_or_explain("/no/such/data".into(), false).expect_err("it is not there");
    assert!(message.starts_with("NOT RUN: ") && message.contains("needs /no/such/data"), "{message}");
    assert_eq!(find_or_explain(env!("CARGO_MANIFEST_DIR").into(), true), Ok(env!("CARGO_MANIFEST_DIR").into()));
}

#[test]
#[should_panic(expected = "needs /no/such/data, which is missing")]
fn in_ci_missing_data_is_a_failure() {
    let _ = find_or_explain("/no/such/data".into(), true);
}

#[test]
fn without_the_complete_sets_the_committed_subset_is_used() {
    for name in ["feeds/feedparser-tests", "feeds/gofeed-testdata", "feeds/feed-rs-fixture", "opml", "hostile"] {
        let set = find_data_set(name, Path::new("/no/such/data")).expect(name);
        assert!(!set.is_complete && set.path.starts_with(COMMITTED_SUBSETS), "{set:?}");
    }
    assert_eq!(find_data_set("no-such-set", Path::new("/no/such/data")), None);
}
