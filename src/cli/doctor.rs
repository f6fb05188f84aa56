//! `lockstep doctor`: looks at everything that Lockstep stands on, and says what is wrong and how to mend it. It
//! works beside a server and without one, with a database that is away and with settings that are wrong, and it never
//! waits for long. It looks only: asked as root or in the wrong folder, it must not leave a database that a server
//! cannot open, nor bring one up to date under an older server that runs.

mod credentials;
mod database;
mod file_system;
mod folders;
mod runs;
mod status;
mod writer;

use std::sync::mpsc;
use std::time::Duration;

use super::output::{CommandError, CommandExit, answer, one_line};
use crate::config::{ConfigErrors, Settings};
use crate::domain::text::measures;

/// How long one check may take.
const LIMIT: Duration = Duration::from_secs(5);

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

/// What a check came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
#[serde(rename_all = "lowercase")]
enum CheckState {
    Ok,
    /// It works, and may not for long, or not as it should.
    Warning,
    /// It does not work.
    Wrong,
}

/// A check and what came of it.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
struct CheckResult {
    check: &'static str,
    state: CheckState,
    message: String,
    /// What to do.
    fix: Option<String>,
}

impl CheckResult {
    fn ok(check: &'static str, message: impl Into<String>) -> Self {
        Self { check, state: CheckState::Ok, message: message.into(), fix: None }
    }

    fn warning(check: &'static str, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { check, state: CheckState::Warning, message: message.into(), fix: Some(fix.into()) }
    }

    fn wrong(check: &'static str, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { check, state: CheckState::Wrong, message: message.into(), fix: Some(fix.into()) }
    }

    fn lines(&self) -> String {
        let state = match self.state {
            CheckState::Ok => "ok",
            CheckState::Warning => "warning",
            CheckState::Wrong => "wrong",
        };
        let fix = self.fix.as_ref().map(|fix| format!("\n         → {}", one_line(fix))).unwrap_or_default();
        format!("{state:<8} {}: {}{fix}", self.check, one_line(&self.message))
    }
}

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

/// What `check` finds, or what `given_up` makes of the words for a check that takes too long. Its thread ends with this
/// process then.
fn within(
    settings: &Settings,
    check: impl FnOnce(&Settings) -> Vec<CheckResult> + Send + 'static,
    given_up: impl FnOnce(&str) -> CheckResult,
) -> Vec<CheckResult> {
    let settings = settings.clone();
    bounded(LIMIT, move || check(&settings)).unwrap_or_else(|| vec![given_up(&late())])
}

/// Said of what takes too long.
fn late() -> String {
    format!("does not answer within {}", measures::limit(LIMIT))
}

/// What `work` answers, unless it takes longer than `most`.
fn bounded<T: Send + 'static>(most: Duration, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (say, hear) = mpsc::channel();
    let thread = std::thread::Builder::new().name("checkup".to_owned());
    // Nobody hears it when it comes too late.
    thread.spawn(move || drop(say.send(work()))).ok()?;
    hear.recv_timeout(most).ok()
}

/// A path or a word as a shell takes it.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
