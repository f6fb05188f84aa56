//! `lockstep token …`: API tokens for programs.

use clap::{Args, Subcommand};

use super::output::{CommandError, CommandExit, format_table, print_answer, print_note};
use crate::app::App;
use crate::domain::account::{AccountName, Role};
use crate::domain::secret;

/// The commands for tokens.
#[derive(Subcommand)]
pub(super) enum TokenCommand {
    /// Add an API token and print it; it can't be shown again
    Add(TokenAddArgs),
    /// List the tokens
    List,
    /// Revoke a token
    Revoke(TokenRevokeArgs),
}

/// The arguments of `token add`.
#[derive(Args)]
pub(super) struct TokenAddArgs {
    /// Name of the token, shown in the history of the syncs it starts
    name: AccountName,
    /// What the token allows: admin (everything) or viewer (read)
    #[arg(long)]
    role: Role,
}

/// The arguments of `token revoke`.
#[derive(Args)]
pub(super) struct TokenRevokeArgs {
    /// Name of the token
    name: AccountName,
}

/// Runs a command for tokens.
pub(super) fn run(app: &App, command: &TokenCommand) -> Result<CommandExit, CommandError> {
    match command {
        TokenCommand::Add(add) => {
            let token = secret::generate_token()?;
            app.store.add_token(&add.name, add.role, &secret::token_hash(&token))?;
            print_note("Store this token now. It can't be shown again.");
            print_answer(&token)?;
        }
        TokenCommand::List => {
            let tokens = app.store.list_tokens()?;
            if tokens.is_empty() {
                print_note("No tokens yet. Add one with `lockstep token add`.");
                return Ok(CommandExit::Success);
            }
            let day = |time: chrono::DateTime<chrono::Utc>| time.format("%Y-%m-%d").to_string();
            let row = |token: crate::store::tokens::ApiToken| {
                let state = token.revoked_at.map_or("active".to_owned(), |at| format!("revoked on {}", day(at)));
                vec![token.name, token.role.to_string(), day(token.created_at), state]
            };
            let rows: Vec<Vec<String>> = tokens.into_iter().map(row).collect();
            print_answer(&format_table(&["NAME", "ROLE", "CREATED", "STATE"], &rows))?;
        }
        TokenCommand::Revoke(revoke) => {
            let name = revoke.name.as_str();
            if !app.store.revoke_token(name)? {
                return Err(CommandError::usage(format!(
                    "no active token named {name}. List the tokens with `lockstep token list`."
                )));
            }
            print_note(&format!("Revoked the token {name}."));
        }
    }
    Ok(CommandExit::Success)
}
