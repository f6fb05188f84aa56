//! The real binary, run as a person or a script runs it.

mod accounts;
mod doctor;
mod doctor_database;
mod doctor_services;
mod export;
mod feed_health;
mod feeds;
mod google;
mod public_page;
mod second_steps;
mod secret_key;
mod serve;
mod settings;
mod sources;
mod sync;
mod workbooks;

use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

/// An installation in a temporary folder.
struct CliFixture {
    folder: tempfile::TempDir,
}

/// The output of a command.
struct CommandOutput {
    code: i32,
    out: String,
    err: String,
}

impl CliFixture {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Creates the data folder and the database, as every command but `doctor` does.
    fn create_database(&self) {
        self.expect_success(&["user", "list"]);
    }

    /// Writes a CSV file.
    fn write_csv(&self, name: &str, text: &str) -> String {
        std::fs::write(self.path(name), text).expect("written");
        name.to_owned()
    }

    /// A command whose environment holds no settings of this process.
    fn build_command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lockstep"));
        command
            .args(args)
            .current_dir(self.folder.path())
            .env_clear()
            .env("LOCKSTEP_COOLDOWN", "0")
            .env("LOCKSTEP_ALLOW_HOSTS", "127.0.0.1")
            .env("LOCKSTEP_BIND", "127.0.0.1:0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn run_command(&self, args: &[&str]) -> CommandOutput {
        read_output(self.build_command(args).output().expect("it runs"))
    }

    /// Runs a command that must succeed; returns its standard output.
    fn expect_success(&self, args: &[&str]) -> String {
        let answer = self.run_command(args);
        assert_eq!(answer.code, 0, "{args:?}: {}{}", answer.out, answer.err);
        answer.out
    }

    fn run_with_input(&self, args: &[&str], input: &str) -> CommandOutput {
        let mut child = self.build_command(args).stdin(Stdio::piped()).spawn().expect("it runs");
        child.stdin.take().expect("an input").write_all(input.as_bytes()).expect("written");
        read_output(child.wait_with_output().expect("it ends"))
    }
}

fn read_output(output: Output) -> CommandOutput {
    CommandOutput {
        code: output.status.code().expect("an exit code"),
        out: String::from_utf8(output.stdout).expect("UTF-8"),
        err: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// Sends a signal by its name, such as `INT`.
fn send_signal(child: &Child, name: &str) {
    let sent = Command::new("sh").args(["-c", &format!("kill -{name} {}", child.id())]).status().expect("a shell");
    assert!(sent.success());
}
