//! `lockstep doctor`: looks at everything that Lockstep stands on, and says what is wrong and how to mend it. It
//! works beside a server and without one, with a database that is away and with settings that are wrong, and it never
//! waits for long. It looks only: asked as root or in the wrong folder, it must not leave a database that a server
//! cannot open, nor bring one up to date under an older server that runs.

mod check_result;
mod credentials;
mod database;
mod file_system;
mod folders;
mod runs;
mod shared_connection;
mod shell_quote;
mod status;
mod time_limit;
mod writer;

use self::check_result::{CheckResult, CheckState};
use self::time_limit::within;
use super::output::{CommandError, CommandExit, answer};
use crate::config::{ConfigErrors, Settings};

/// The flags.
#[derive(clap::Args)]
pub(super) struct DoctorArgs {
    /// Print a JSON list of {check, state, message, fix}
    #[arg(long)]
    json: bool,
}

pub(super) const AFTER: &str = "It looks only. Unlike other commands it makes no folder and no database, and applies \
                                no migrations. A check that takes longer than 5 s is given up, and that is said.\n\
                                Exit code: 0 nothing is wrong (warnings are no harm), 1 something is wrong.";

/// Does it.
pub(super) fn run(
    settings: &Settings,
    mistakes: &ConfigErrors,
    args: &DoctorArgs,
) -> Result<CommandExit, CommandError> {
    let mut findings = settings_read(settings, mistakes);
    let data_dir = settings.data_dir.display().to_string();
    findings.extend(within(settings, folders::check, |late| {
        CheckResult::wrong(
            "data folder",
            format!("{data_dir} {late}"),
            "See whether its disk or the network behind it is well.",
        )
    }));
    findings.extend(within(settings, status::check, |late| {
        CheckResult::wrong(
            "status store",
            format!("it {late}"),
            "See whether LOCKSTEP_REDIS_URL is right, and the network.",
        )
    }));
    if mistakes.lines().iter().any(|line| line.starts_with("DATABASE_URL:") || line.starts_with("--database-url:")) {
        let fix = "Correct the address of the database first.";
        findings.push(CheckResult::wrong("database", "its address is not known, so it was not looked at", fix));
    } else {
        findings.extend(database::check(settings));
    }
    findings.extend(within(settings, credentials::check, |late| {
        let fix = "See whether this machine reaches Google.";
        CheckResult::warning(credentials::CHECK, format!("Google {late}"), fix)
    }));

    let wrong = findings.iter().filter(|finding| finding.state == CheckState::Wrong).count();
    let warnings = findings.iter().filter(|finding| finding.state == CheckState::Warning).count();
    if args.json {
        answer(&serde_json::to_string_pretty(&findings)?)?;
    } else {
        let mut lines: Vec<String> = findings.iter().map(CheckResult::lines).collect();
        lines.push(match (wrong, warnings) {
            (0, 0) => "Nothing is wrong.".to_owned(),
            (0, 1) => "Nothing is wrong; there is a warning.".to_owned(),
            (0, _) => format!("Nothing is wrong; there are {warnings} warnings."),
            (1, _) => "Something is wrong.".to_owned(),
            _ => format!("{wrong} things are wrong."),
        });
        answer(&lines.join("\n"))?;
    }
    Ok(if wrong == 0 { CommandExit::Fine } else { CommandExit::Failed })
}

fn settings_read(settings: &Settings, mistakes: &ConfigErrors) -> Vec<CheckResult> {
    let mut findings: Vec<CheckResult> = mistakes
        .lines()
        .iter()
        .map(|line| CheckResult::wrong("settings", line, "Correct it. The checks below went on with the default."))
        .collect();
    for name in &settings.unused {
        let message = format!("{name} is set, but this version of Lockstep does not use it yet");
        findings.push(CheckResult::warning("settings", message, "Unset it, or leave it for a later version."));
    }
    if findings.is_empty() {
        let message = format!("all can be read; this is Lockstep {}", env!("CARGO_PKG_VERSION"));
        findings.push(CheckResult::ok("settings", message));
    }
    findings
}
