//! Files of other projects that some tests need. They are no part of the repository: they lie beside it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::{env, io, thread};

const SHARED_DATA_FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data");

/// Where `name` of the shared data is. Where it is missing the test that asks cannot be run: in CI that is a failure;
/// elsewhere, as in a clone without it, standard error says so, and the test is to return at `None`.
pub(crate) fn shared_data(name: &str) -> Option<PathBuf> {
    let found = find_or_explain(Path::new(SHARED_DATA_FOLDER).join(name), env::var_os("CI").is_some());
    // Not by eprintln!, which the test harness keeps to itself when a test passes.
    found.map_err(|told| writeln!(io::stderr(), "\n*** {told} ***\n").expect("standard error")).ok()
}

fn find_or_explain(path: PathBuf, in_ci: bool) -> Result<PathBuf, String> {
    if path.exists() {
        return Ok(path);
    }
    let test = thread::current().name().unwrap_or("a test").to_owned();
    let told = format!("NOT RUN: {test} needs {}, which is missing. Put it there.", path.display());
    assert!(!in_ci, "{told}");
    Err(told)
}

/// The one whose output nextest shows though it passes (.config/nextest.toml), so that a run without the data says so.
#[test]
fn the_data_that_some_tests_need_is_here() {
    for name in ["csv", "feeds", "hostile", "opml", "payloads/blns.json"] {
        shared_data(name);
    }
}

#[test]
fn elsewhere_than_in_ci_missing_data_is_no_failure() {
    let told = find_or_explain("/no/such/data".into(), false).expect_err("it is not there");
    assert!(told.starts_with("NOT RUN: ") && told.contains("needs /no/such/data"), "{told}");
    assert_eq!(find_or_explain(env!("CARGO_MANIFEST_DIR").into(), true), Ok(env!("CARGO_MANIFEST_DIR").into()));
}

#[test]
#[should_panic(expected = "needs /no/such/data, which is missing")]
fn in_ci_missing_data_is_a_failure() {
    let _ = find_or_explain("/no/such/data".into(), true);
}
