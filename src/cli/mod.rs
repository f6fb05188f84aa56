//! The command line: one file per command. The result of a command goes to standard output, everything else to standard
//! error.

mod doctor;
mod export;
mod follow;
mod output;
mod preview_changes;
mod progress_display;
mod public_page_flags;
mod run_result;
mod secret_key;
mod serve;
mod source;
mod source_add;
mod source_check;
mod source_update;
mod sync;
mod token;
mod undo;
mod user;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::app::{self, App, KeyCreation};
use crate::config::{ConfigErrors, SettingFlags, Settings};
use crate::domain::log_fields::SYNC_TARGET;
use output::{CommandError, CommandExit};

/// Keep a searchable catalog in sync with a spreadsheet, a file, feeds or a feed reader account
#[derive(Parser)]
#[command(name = "lockstep", version, after_help = AFTER_HELP)]
struct Cli {
    #[command(flatten)]
    settings: SettingFlags,
    #[command(subcommand)]
    command: Option<Command>,
}

const AFTER_HELP: &str = "Durations are written as 500ms, 3s, 5m, 24h or 7d. RUST_LOG sets what is logged, such as \
                          lockstep=debug.\nLOCKSTEP_SECRET_KEY sets the key that secrets of sources are encrypted with; there is no \
                          flag for it, because other users of the machine can see flags.\nWithout a command, `lockstep` runs `lockstep serve`.";

#[derive(Subcommand)]
enum Command {
    /// Run the web server and the sync workers (the default)
    Serve,
    /// Start a sync and follow it to its end; Ctrl-C cancels it
    #[command(after_help = sync::EXIT_CODES)]
    Sync(sync::SyncArgs),
    /// Undo a finished sync, removal or undo
    #[command(after_help = sync::EXIT_CODES)]
    Undo(undo::UndoArgs),
    /// Write all items of a catalog to standard output as CSV, JSON or an Excel file
    #[command(after_help = export::AFTER_HELP)]
    Export(export::ExportArgs),
    /// Manage sources
    #[command(subcommand)]
    Source(source::SourceCommand),
    /// Manage users
    #[command(subcommand)]
    User(user::UserCommand),
    /// Manage API tokens
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Manage the key that secrets of sources are encrypted with
    #[command(subcommand)]
    SecretKey(secret_key::SecretKeyCommand),
    /// Check the installation: folders, status store, database, locks, clock and runs
    #[command(after_help = doctor::after_help())]
    Doctor(doctor::DoctorArgs),
}

impl Command {
    /// The log filter of standard error if `RUST_LOG` is not set: a server logs its activity, other commands only
    /// problems.
    fn default_log_filter(&self) -> String {
        match self {
            Self::Serve => "info,actix_server=warn".to_owned(),
            // The command prints the outcome of its run itself.
            Self::Sync(_) | Self::Undo(_) => format!("warn,{SYNC_TARGET}=error"),
            _ => "warn".to_owned(),
        }
    }

    /// Whether a database without a secret key gets one: only where a link may be stored.
    const fn key_creation(&self) -> KeyCreation {
        match self {
            Self::Serve | Self::Sync(_) | Self::Undo(_) | Self::Source(source::SourceCommand::Add(_)) => {
                KeyCreation::IfMissing
            }
            _ => KeyCreation::Never,
        }
    }
}

/// Runs the command that this process was started with, and returns its exit code.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let command = cli.command.unwrap_or(Command::Serve);
    let (settings, mistakes) = Settings::read(&cli.settings);
    // The doctor reports mistakes in the settings itself.
    let is_doctor = matches!(command, Command::Doctor(_));
    if !mistakes.lines().is_empty() && !is_doctor {
        for line in mistakes.lines() {
            output::print_error(line);
        }
        return CommandExit::Usage.into();
    }
    // The doctor writes no log files: run as root, it would create files that no server can write to.
    let log_folder_parent = Some(settings.data_dir.as_path()).filter(|_| !is_doctor);
    let filter = settings.log_filter.clone().unwrap_or_else(|| command.default_log_filter());
    app::start_logging(&filter, log_folder_parent);
    match execute(&command, settings, &mistakes) {
        Ok(exit) => exit.into(),
        Err(error) => {
            output::print_error(&error.message);
            error.exit.into()
        }
    }
}

fn execute(command: &Command, settings: Settings, mistakes: &ConfigErrors) -> Result<CommandExit, CommandError> {
    let key_creation = command.key_creation();
    match command {
        Command::Serve => serve::run(App::open(settings, key_creation)?),
        Command::Sync(args) => sync::run(&open_for_operator(settings, key_creation)?, args),
        Command::Undo(args) => undo::run(&open_for_operator(settings, key_creation)?, args),
        Command::Export(args) => export::run(&App::open(settings, key_creation)?, args),
        Command::Source(command) => source::run(&open_for_operator(settings, key_creation)?, command),
        Command::User(command) => user::run(&open_for_operator(settings, key_creation)?, command),
        Command::Token(command) => token::run(&open_for_operator(settings, key_creation)?, command),
        // Without its key, Lockstep does not open.
        Command::SecretKey(command) => secret_key::run(&settings, command),
        // The doctor opens only what it checks.
        Command::Doctor(args) => doctor::run(&settings, mistakes, args),
    }
}

/// Opens the application for a command that changes something.
fn open_for_operator(settings: Settings, key_creation: KeyCreation) -> Result<App, CommandError> {
    Ok(App::open(settings, key_creation)?.on_behalf_of_operator())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn commands_and_flags_are_consistent() {
        super::Cli::command().debug_assert();
    }
}
