//! `lockstep user …`: accounts for people.

use std::io::Read;

use clap::{Args, Subcommand};

use super::output::{CommandError, CommandExit, answer, note, table};
use crate::app::App;
use crate::domain::account::{AccountName, PASSWORD_MAX_BYTES, Role};
use crate::domain::secret;

/// What can be done with users.
#[derive(Subcommand)]
pub(super) enum UserCommand {
    /// Add a user.
    Add(UserAddArgs),
    /// Change a user's password and end the user's sessions.
    Passwd(PasswdArgs),
    /// List the users.
    List,
}

/// A user to be added.
#[derive(Args)]
pub(super) struct UserAddArgs {
    /// The user's name
    name: AccountName,
    /// What the user may do: admin (everything) or viewer (read)
    #[arg(long)]
    role: Role,
    /// Read the password from standard input, up to the end of its first line
    #[arg(long, required = true)]
    password_stdin: bool,
}

/// A user whose password changes.
#[derive(Args)]
pub(super) struct PasswdArgs {
    /// The user's name
    name: AccountName,
    /// Read the password from standard input, up to the end of its first line
    #[arg(long, required = true)]
    password_stdin: bool,
}

/// Does it.
pub(super) fn run(app: &App, command: &UserCommand) -> Result<CommandExit, CommandError> {
    match command {
        UserCommand::Add(add) => {
            app.store.add_user(&add.name, add.role, &hashed_password()?)?;
            note(&format!("Added the {} {}.", add.role, add.name.as_str()));
        }
        UserCommand::Passwd(passwd) => {
            let name = passwd.name.as_str();
            if !app.store.change_password(name, &hashed_password()?)? {
                let known: Vec<String> = app.store.users()?.into_iter().map(|user| user.name).collect();
                let known = if known.is_empty() { "nobody".to_owned() } else { known.join(", ") };
                return Err(CommandError::usage(format!("there is no user called {name}. Known are: {known}.")));
            }
            note(&format!("The password of {name} is changed; {name} has to sign in again."));
        }
        UserCommand::List => {
            let users = app.store.users()?;
            if users.is_empty() {
                note("There are no users yet; the set-up link that `lockstep serve` prints makes the first admin.");
                return Ok(CommandExit::Fine);
            }
            let rows: Vec<Vec<String>> = users.into_iter().map(|user| vec![user.name, user.role.to_string()]).collect();
            answer(&table(&["NAME", "ROLE"], &rows))?;
        }
    }
    Ok(CommandExit::Fine)
}

fn hashed_password() -> Result<String, CommandError> {
    secret::hash_password(&piped_password()?).map_err(|error| CommandError::usage(format!("{error}.")))
}

/// The password on standard input: its first line.
pub(super) fn piped_password() -> Result<String, CommandError> {
    // One byte more than a password may have, a line break, and nothing beyond, whatever standard input is.
    let most = u64::try_from(PASSWORD_MAX_BYTES).unwrap_or(u64::MAX).saturating_add(3);
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(most).read_to_end(&mut bytes)?;
    let text = String::from_utf8(bytes).map_err(|_| CommandError::usage("the password is not UTF-8 text."))?;
    let line = text.split('\n').next().unwrap_or_default();
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}
