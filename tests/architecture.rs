//! The rooms of the house see only the rooms they may see, and a few more rules that a reader relies on.
//!
//! The arrows are those of `docs/ARCHITECTURE.md`; [`rules`] has them as a table.

mod rules;
mod self_check;
mod words;

use std::path::{Path, PathBuf};

/// The files below `folder`, as paths from the project's root.
fn files(folder: &str) -> Vec<String> {
    fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
        let Ok(entries) = std::fs::read_dir(folder) else { return };
        for entry in entries {
            let path = entry.expect("an entry").path();
            if path.is_dir() { collect(&path, into) } else { into.push(path) }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    collect(&root.join(folder), &mut found);
    let mut names: Vec<String> = found
        .iter()
        .map(|path| path.strip_prefix(root).expect("below the root").to_str().expect("a plain name").to_owned())
        .collect();
    names.sort_unstable();
    names
}

/// Everything that `check` finds in the files of `folders`.
fn findings(folders: &[&str], check: impl Fn(&str, &str) -> Vec<String>) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for name in folders.iter().flat_map(|folder| files(folder)) {
        let bytes = std::fs::read(root.join(&name)).expect("a file");
        found.extend(check(&name, &String::from_utf8_lossy(&bytes)));
    }
    found
}

fn nothing(found: &[String]) {
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn every_room_sees_only_the_rooms_it_may_see() {
    assert!(files("src").len() > 50, "the rooms are found");
    nothing(&findings(&["src"], rules::arrows));
}

#[test]
fn only_the_control_of_the_engine_room_admits() {
    nothing(&findings(&["src"], rules::admission));
}

#[test]
fn the_environment_is_read_in_one_place() {
    nothing(&findings(&["src"], rules::environment));
}

#[test]
fn only_the_cellar_speaks_to_the_database() {
    nothing(&findings(&["src"], rules::database));
}

#[test]
fn no_file_is_too_long_to_be_read_at_once() {
    nothing(&findings(&["src", "templates", "static", "tests"], rules::length));
}

#[test]
fn every_file_is_named_after_what_is_in_it() {
    nothing(&findings(&["src", "templates", "static", "tests"], rules::name));
}
