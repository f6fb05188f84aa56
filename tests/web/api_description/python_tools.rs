//! The Python of `.venv`, with the packages that `make test` installs there from PyPI.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

/// The Python of `.venv`.
pub(super) fn python_command() -> Command {
    let path = project_path(".venv/bin/python");
    assert!(path.exists(), "these tests need {} and it is missing: `make test` installs it", path.display());
    let mut command = Command::new(path);
    // Nothing that Python writes beside the sources may change them.
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// A file of the project.
pub(super) fn project_path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Runs a script of the project with JSON as its input; returns its output.
pub(super) fn run_script(script: &str, input: &Value) -> String {
    let mut command = python_command();
    command.arg(project_path(script)).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("Python starts");
    let mut stdin = child.stdin.take().expect("an input");
    stdin.write_all(input.to_string().as_bytes()).expect("written");
    drop(stdin);
    let output = child.wait_with_output().expect("an end");
    assert!(output.status.success(), "{script} failed");
    String::from_utf8(output.stdout).expect("text")
}
