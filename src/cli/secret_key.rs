//! `lockstep secret-key`: what can be done when the key is lost that secrets of sources are encrypted with.

use clap::{Args, Subcommand};

use super::output::{CommandError, CommandExit, print_answer, print_note};
use crate::app::{self, DiscardedSecrets};
use crate::config::Settings;

/// The subcommands of `secret-key`.
#[derive(Subcommand)]
pub(super) enum SecretKeyCommand {
    /// Discard secrets encrypted with a lost key, so that the server starts again
    #[command(
        after_help = "Stop all servers first, and look for a copy of the key: LOCKSTEP_SECRET_KEY of the service, or \
                            the file secret.key of the first server. Catalogs and history are kept. The links and \
                            passwords of the printed sources must be entered again. What the present key can read is kept."
    )]
    Reset(ResetArgs),
}

/// The arguments of `secret-key reset`.
#[derive(Args)]
pub(super) struct ResetArgs {
    /// Discard them without asking
    #[arg(long)]
    yes: bool,
}

/// Runs a subcommand. Prints the slugs of the sources whose links are lost, one on each line.
pub(super) fn run(settings: &Settings, command: &SecretKeyCommand) -> Result<CommandExit, CommandError> {
    let SecretKeyCommand::Reset(args) = command;
    if !args.yes {
        return Err(CommandError::usage(
            "this discards the links and passwords of sources that cannot be decrypted. Stop all servers and look for a \
             copy of the key first. To go on, add --yes.",
        ));
    }
    let DiscardedSecrets { slugs, next_key } = app::discard_lost_secrets(settings)?;
    match next_key {
        Some(place) => print_note(&format!("The key is the one in {place}.")),
        None => print_note("The next start creates a new key. Remove the file secret.key first if it is damaged."),
    }
    if slugs.is_empty() {
        print_note("No link was lost.");
    } else {
        print_note("Enter the links of these sources again, in their settings:");
        print_answer(&slugs.join("\n"))?;
    }
    Ok(CommandExit::Success)
}
