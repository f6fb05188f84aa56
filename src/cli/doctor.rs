//! `lockstep doctor`: checks the installation and reports each problem with its fix.
//!
//! It works with or without a running server, with a database that does not respond and with invalid settings. No check
//! takes longer than a few seconds. It changes nothing: otherwise, run as root or in the wrong folder, it could create
//! a database that a server cannot open, or migrate the database of an older server that is running.

mod check_result;
mod credentials;
mod database;
mod file_system;
mod folders;
mod proxies;
mod runs;
mod secret_key;
mod shared_connection;
mod shell_quote;
mod status;
mod time_limit;
mod writer;

use self::check_result::{CheckResult, CheckState};
use self::time_limit::{CHECK_TIMEOUT, run_with_timeout};
use super::output::{CommandError, CommandExit, print_answer};
use crate::config::{ConfigErrors, Settings};
use crate::domain::text::measures;

/// The flags of `doctor`.
#[derive(clap::Args)]
pub(super) struct DoctorArgs {
    /// Print the results as JSON: a list of {check, state, message, fix}
    #[arg(long)]
    json: bool,
}

/// The end of the help text.
pub(super) fn after_help() -> String {
    format!(
        "Makes no changes. Unlike other commands it creates no folder and no database, and applies no migrations. A \
         check that takes longer than {} is reported and skipped.\nExit codes: 0 no errors (there may be warnings), 1 \
         errors.",
        measures::format_limit(CHECK_TIMEOUT)
    )
}

/// Runs all checks and prints their results. Exits with success if there are warnings only.
pub(super) fn run(
    settings: &Settings,
    mistakes: &ConfigErrors,
    args: &DoctorArgs,
) -> Result<CommandExit, CommandError> {
    let results = run_all_checks(settings, mistakes);
    let count = |state| results.iter().filter(|result| result.state == state).count();
    let (errors, warnings) = (count(CheckState::Wrong), count(CheckState::Warning));
    if args.json {
        print_answer(&serde_json::to_string_pretty(&results)?)?;
    } else {
        let mut lines: Vec<String> = results.iter().map(CheckResult::to_lines).collect();
        lines.push(summarize(errors, warnings));
        print_answer(&lines.join("\n"))?;
    }
    Ok(if errors == 0 { CommandExit::Success } else { CommandExit::Failed })
}

fn run_all_checks(settings: &Settings, mistakes: &ConfigErrors) -> Vec<CheckResult> {
    let mut results = check_settings(settings, mistakes);
    let data_dir = settings.data_dir.display().to_string();
    results.extend(run_with_timeout(settings, folders::check_folders, |timeout| {
        CheckResult::wrong("data folder", format!("{data_dir} {timeout}"), "Check its disk or network connection.")
    }));
    results.extend(run_with_timeout(settings, status::check_status_store, |timeout| {
        CheckResult::wrong(
            "status store",
            format!("the status store {timeout}"),
            "Check LOCKSTEP_REDIS_URL and the network.",
        )
    }));
    if mistakes.lines().iter().any(|line| line.starts_with("DATABASE_URL:") || line.starts_with("--database-url:")) {
        let fix = "Correct DATABASE_URL first.";
        results.push(CheckResult::wrong("database", "not checked, because its URL is not valid", fix));
    } else {
        results.extend(database::check_database(settings));
    }
    results.extend(run_with_timeout(settings, credentials::check_credentials, |timeout| {
        let fix = "Check that this machine can reach Google.";
        CheckResult::warning(credentials::CHECK_NAME, format!("Google {timeout}"), fix)
    }));
    results
}

fn check_settings(settings: &Settings, mistakes: &ConfigErrors) -> Vec<CheckResult> {
    let mut results: Vec<CheckResult> = mistakes
        .lines()
        .iter()
        .map(|line| CheckResult::wrong("settings", line, "Correct it. The checks below used the default."))
        .collect();
    for name in &settings.without_effect {
        let message = format!("{name} is set and has no effect in this version");
        results.push(CheckResult::warning("settings", message, "Unset it."));
    }
    if results.is_empty() {
        let message = format!("all valid; this is Lockstep {}", env!("CARGO_PKG_VERSION"));
        results.push(CheckResult::ok("settings", message));
    }
    results
}

fn summarize(errors: usize, warnings: usize) -> String {
    let count = |number: usize, one: &str| match number {
        1 => format!("1 {one}"),
        _ => format!("{number} {one}s"),
    };
    match (errors, warnings) {
        (0, 0) => "No problems found.".to_owned(),
        (0, _) => format!("No errors, {}.", count(warnings, "warning")),
        (_, 0) => format!("{}.", count(errors, "error")),
        _ => format!("{}, {}.", count(errors, "error"), count(warnings, "warning")),
    }
}
