//! `lockstep user …`: accounts for people.

use std::io::Read;

use clap::{Args, Subcommand};

use super::output::{CommandError, CommandExit, format_table, print_answer, print_note};
use crate::app::App;
use crate::domain::account::{AccountName, PASSWORD_MAX_BYTES, Role, UserAccount};
use crate::domain::secret;
use crate::store::admins::UserChange;

/// The commands for users.
#[derive(Subcommand)]
pub(super) enum UserCommand {
    /// Add a user
    Add(UserAddArgs),
    /// Change a user's password and log the user out
    Passwd(PasswdArgs),
    /// Change what a user may do
    Role(UserRoleArgs),
    /// Remove a user and log the user out; the history keeps the name
    Remove(UserRemoveArgs),
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

/// The arguments of `user role`.
#[derive(Args)]
pub(super) struct UserRoleArgs {
    /// Name of the user
    name: AccountName,
    /// What the user may do: admin (everything) or viewer (read)
    role: Role,
}

/// The arguments of `user remove`.
#[derive(Args)]
pub(super) struct UserRemoveArgs {
    /// Name of the user
    name: AccountName,
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
                return Err(no_such_user(app, name));
            }
            print_note(&format!("Changed the password of {name}. The user must log in again."));
        }
        UserCommand::Role(change) => {
            let user = find_user(app, change.name.as_str())?;
            check_change(app, &user, app.store.change_role(user.id, change.role)?)?;
            let (name, role) = (&user.name, with_article(change.role));
            let end = if user.role == change.role { "." } else { ". The user must log in again." };
            print_note(&format!("{name} is now {role}{end}"));
        }
        UserCommand::Remove(remove) => {
            let user = find_user(app, remove.name.as_str())?;
            check_change(app, &user, app.store.remove_user(user.id)?)?;
            print_note(&format!("Removed {}.", user.name));
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

fn find_user(app: &App, name: &str) -> Result<UserAccount, CommandError> {
    app.store.user_by_name(name)?.map(|(user, _)| user).ok_or_else(|| no_such_user(app, name))
}

/// The error for an unknown name, with the names of all users.
fn no_such_user(app: &App, name: &str) -> CommandError {
    let users = match app.store.list_users() {
        Ok(users) => users,
        Err(error) => return error.into(),
    };
    let names: Vec<String> = users.into_iter().map(|user| user.name).collect();
    let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    CommandError::usage(format!("no user named {name}. Users: {names}."))
}

/// Turns a refused change into an error.
fn check_change(app: &App, user: &UserAccount, change: UserChange) -> Result<(), CommandError> {
    match change {
        UserChange::Done => Ok(()),
        UserChange::NoSuchUser => Err(no_such_user(app, &user.name)),
        UserChange::LastAdmin => Err(CommandError::usage(format!(
            "{} is the last admin. Make another user an admin first: lockstep user role NAME admin",
            user.name
        ))),
    }
}

fn with_article(role: Role) -> &'static str {
    match role {
        Role::Admin => "an admin",
        Role::Viewer => "a viewer",
    }
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
