//! The command line: one file per command. Standard output holds a command's answer alone; everything else goes to
//! standard error.

mod doctor;
mod follow;
mod output;
mod serve;
mod source;
mod source_add;
mod source_check;
mod sync;
mod token;
mod user;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::app::{self, App};
use crate::config::{ConfigErrors, SettingFlags, Settings};
use output::{CommandError, CommandExit};

/// Keeps a catalog in lockstep with the place its editors already work in.
#[derive(Parser)]
#[command(name = "lockstep", version, after_help = AFTER)]
struct Cli {
    #[command(flatten)]
    settings: SettingFlags,
    #[command(subcommand)]
    command: Option<Command>,
}

const AFTER: &str = "Durations are written 500ms, 3s, 5m or 24h. RUST_LOG sets what is logged, such as \
                     lockstep=debug.\nWithout a command, lockstep serves.";

#[derive(Subcommand)]
enum Command {
    /// Serve the pages and run syncs (the same as no command).
    Serve,
    /// Start a sync and follow it to its end; Ctrl-C cancels it.
    #[command(after_help = sync::EXITS)]
    Sync(sync::SyncArgs),
    /// Add, list, show, check and remove sources.
    #[command(subcommand)]
    Source(source::SourceCommand),
    /// Add and list users, change a password.
    #[command(subcommand)]
    User(user::UserCommand),
    /// Add, list and revoke API tokens.
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Look whether everything is well: folders, status store, database, locks, clock, runs. Says what is wrong and the
    /// fix, and changes nothing.
    #[command(after_help = doctor::AFTER)]
    Doctor(doctor::DoctorArgs),
}

impl Command {
    /// What is logged unless `RUST_LOG` says otherwise: a server tells what it does, other commands only what is wrong.
    fn logged(&self) -> &'static str {
        match self {
            Self::Serve => "info,actix_server=warn",
            // It follows its run itself, and says how it ended.
            Self::Sync(_) => "warn,lockstep::sync::journal=error",
            _ => "warn",
        }
    }
}

/// Runs the command this process was started with and answers with its exit code.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let command = cli.command.unwrap_or(Command::Serve);
    let (settings, mistakes) = Settings::read(&cli.settings);
    // The doctor is asked because something is wrong.
    if !mistakes.lines().is_empty() && !matches!(command, Command::Doctor(_)) {
        for line in mistakes.lines() {
            output::complain(line);
        }
        return CommandExit::Usage.into();
    }
    // The doctor looks only: a file that it made could be one that no server may write to.
    let kept = Some(settings.data_dir.as_path()).filter(|_| !matches!(command, Command::Doctor(_)));
    app::start_logging(settings.log_filter.as_deref().unwrap_or(command.logged()), kept);
    match obey(&command, settings, &mistakes) {
        Ok(exit) => exit.into(),
        Err(trouble) => {
            output::complain(&trouble.message);
            trouble.exit.into()
        }
    }
}

fn obey(command: &Command, settings: Settings, mistakes: &ConfigErrors) -> Result<CommandExit, CommandError> {
    match command {
        Command::Serve => serve::run(App::open(settings)?),
        Command::Sync(args) => sync::run(&App::open(settings)?, args),
        Command::Source(command) => source::run(&App::open(settings)?, command),
        Command::User(command) => user::run(&App::open(settings)?, command),
        Command::Token(command) => token::run(&App::open(settings)?, command),
        // It stands on nothing that it looks at.
        Command::Doctor(args) => doctor::run(&settings, mistakes, args),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_commands_and_flags_do_not_contradict_each_other() {
        super::Cli::command().debug_assert();
    }
}
