//! `lockstep user …`: accounts for people.

use std::io::Read;

use clap::{Args, Subcommand};

use super::output::{CommandError, CommandExit, format_table, print_answer, print_note};
use crate::app::App;
use crate::domain::account::{AccountName, PASSWORD_MAX_BYTES, Role};
use crate::domain::secret;

/// The commands for users.
#[derive(Subcommand)]
pub(super) enum UserCommand {
    /// Add a user
    Add(UserAddArgs),
    /// Change a user's password and log the user out
    Passwd(PasswdArgs),
    /// List the users
    List,
}

/// The arguments of `user add`.
#[derive(Args)]
pub(super) struct UserAddArgs {
    /// Name of the user
    name: AccountName,
    /// What the user may do: admin (everything) or viewer (read)
    #[arg(long)]
    role: Role,
    /// Read the password from the first line of standard input
    #[arg(long, required = true)]
    password_stdin: bool,
}

/// The arguments of `user passwd`.
#[derive(Args)]
pub(super) struct PasswdArgs {
    /// Name of the user
    name: AccountName,
    /// Read the password from the first line of standard input
    #[arg(long, required = true)]
    password_stdin: bool,
}

/// Runs a command for users.
pub(super) fn run(app: &App, command: &UserCommand) -> Result<CommandExit, CommandError> {
    match command {
        UserCommand::Add(add) => {
            app.store.add_user(&add.name, add.role, &read_password_hash()?)?;
            print_note(&format!("Added {} ({}).", add.name.as_str(), add.role));
        }
        UserCommand::Passwd(passwd) => {
            let name = passwd.name.as_str();
            if !app.store.change_password(name, &read_password_hash()?)? {
                let names: Vec<String> = app.store.list_users()?.into_iter().map(|user| user.name).collect();
                let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
                return Err(CommandError::usage(format!("no user named {name}. Users: {names}.")));
            }
            print_note(&format!("Changed the password of {name}. The user must log in again."));
        }
        UserCommand::List => {
            let users = app.store.list_users()?;
            if users.is_empty() {
                print_note("No users yet. Create the first admin with the link that `lockstep serve` prints.");
                return Ok(CommandExit::Success);
            }
            let rows: Vec<Vec<String>> = users.into_iter().map(|user| vec![user.name, user.role.to_string()]).collect();
            print_answer(&format_table(&["NAME", "ROLE"], &rows))?;
        }
    }
    Ok(CommandExit::Success)
}

fn read_password_hash() -> Result<String, CommandError> {
    secret::hash_password(&read_piped_password()?).map_err(|error| CommandError::usage(format!("{error}.")))
}

/// Reads the first line of standard input as a password.
///
/// # Errors
/// When standard input cannot be read or is not UTF-8.
pub(super) fn read_piped_password() -> Result<String, CommandError> {
    // Enough for a password that is one byte too long and its line break. Standard input may be endless.
    let max_bytes = u64::try_from(PASSWORD_MAX_BYTES).unwrap_or(u64::MAX).saturating_add(3);
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(max_bytes).read_to_end(&mut bytes)?;
    let text = String::from_utf8(bytes).map_err(|_| CommandError::usage("the password is not UTF-8 text."))?;
    let line = text.split('\n').next().unwrap_or_default();
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}
