//! The source files of a project, read from its folder.

use std::path::{Path, PathBuf};

/// A text file of the project.
#[derive(Clone, Debug)]
pub(super) struct SourceFile {
    /// Its path from the project's root, with `/` between the parts.
    pub(super) path: String,
    pub(super) text: String,
}

impl SourceFile {
    /// Whether it holds nothing but tests.
    pub(super) fn is_test(&self) -> bool {
        self.path.starts_with("tests/") || self.path.ends_with("/tests.rs") || self.path.ends_with("_tests.rs")
    }

    /// Where the file has a line with a fault: path, number and `fault` of each.
    pub(super) fn find_lines(&self, fault: &str, is_fault: impl Fn(&str) -> bool) -> Vec<String> {
        let lines = self.text.lines().enumerate().filter(|(_, line)| is_fault(line));
        lines.map(|(at, _)| format!("{}:{}: {fault}", self.path, at + 1)).collect()
    }

    /// The path of the module that a file below `src` is: `src/sync/run.rs` is `sync`, `run`.
    pub(super) fn module(&self) -> Vec<String> {
        let inside = self.path.trim_start_matches("src/").trim_end_matches(".rs");
        inside.split('/').filter(|part| !matches!(*part, "mod" | "lib" | "main")).map(str::to_owned).collect()
    }
}

/// The project that these tests belong to.
pub(super) fn project_root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files below some folders of the project at `root`, sorted by path.
pub(super) fn read_files(root: &Path, folders: &[&str]) -> Vec<SourceFile> {
    let mut paths = Vec::new();
    for folder in folders {
        collect_paths(&root.join(folder), &mut paths);
    }
    paths.sort_unstable();
    let read = |path: PathBuf| {
        let inside = path.strip_prefix(root).expect("a path below the root").to_str().expect("a path in UTF-8");
        let text = String::from_utf8_lossy(&std::fs::read(&path).expect("a readable file")).into_owned();
        SourceFile { path: inside.replace('\\', "/"), text }
    };
    paths.into_iter().map(read).collect()
}

/// The Rust files below `src` of the project at `root` that are part of the program.
pub(super) fn read_program(root: &Path) -> Vec<SourceFile> {
    let mut files = read_files(root, &["src"]);
    files.retain(|file| file.path.ends_with(".rs") && !file.is_test());
    files
}

fn collect_paths(folder: &Path, paths: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.expect("an entry of the folder").path();
        if path.is_dir() { collect_paths(&path, paths) } else { paths.push(path) }
    }
}
