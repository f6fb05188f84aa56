//! The checks that the fuzz targets run: the same as those of the tests.

#[path = "../../tests/damaged_input/parsers/mod.rs"]
mod parsers;

/// Runs the check of this name.
pub fn check_parser(name: &str, bytes: &[u8]) {
    let _ = parsers::check_parser(name, bytes);
}
