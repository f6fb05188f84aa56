//! `lockstep secret-key`: what can be done when the key is lost that secrets of sources are encrypted with.

use clap::{Args, Subcommand};

use super::output::{CommandError, CommandExit, print_answer, print_note};
use crate::app;
use crate::config::Settings;

/// The subcommands of `secret-key`.
#[derive(Subcommand)]
pub(super) enum SecretKeyCommand {
    /// Give up what a lost key encrypted, so that the server starts again
    #[command(after_help = "Catalogs and history are kept. The links and passwords of the printed sources must be \
                            entered again. Does nothing if the key is there.")]
    Reset(ResetArgs),
}

/// The arguments of `secret-key reset`.
#[derive(Args)]
pub(super) struct ResetArgs {
    /// Really give them up
    #[arg(long)]
    yes: bool,
}

/// Runs a subcommand. Prints the slugs of the sources whose links are lost, one on each line.
pub(super) fn run(settings: &Settings, command: &SecretKeyCommand) -> Result<CommandExit, CommandError> {
    let SecretKeyCommand::Reset(args) = command;
    if !args.yes {
        return Err(CommandError::usage(
            "this gives up the stored links and passwords of all sources; they must be entered again. Look for a copy of \
             the key first. To go on, add --yes.",
        ));
    }
    match app::forget_lost_secrets(settings)? {
        None => print_note("The key of this database is there. Nothing was changed."),
        Some(slugs) => {
            print_note("The lost key is given up. The next start creates a new one.");
            if !slugs.is_empty() {
                print_note("Enter the links of these sources again, in their settings:");
                print_answer(&slugs.join("\n"))?;
            }
        }
    }
    Ok(CommandExit::Success)
}
