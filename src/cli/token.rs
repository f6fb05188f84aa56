//! `lockstep token …`: keys for programs.

use clap::{Args, Subcommand};

use super::output::{CommandError, CommandExit, answer, note, table};
use crate::app::App;
use crate::domain::account::{AccountName, Role};
use crate::domain::secret;

/// What can be done with tokens.
#[derive(Subcommand)]
pub(super) enum TokenCommand {
    /// Add an API token and print it, this once.
    Add(TokenAddArgs),
    /// List the tokens; their secrets are not kept.
    List,
    /// Make a token let nobody in from now on.
    Revoke(TokenRevokeArgs),
}

/// A token to be added.
#[derive(Args)]
pub(super) struct TokenAddArgs {
    /// The token's name, shown as "started by"
    name: AccountName,
    /// What its bearer may do: admin (everything) or viewer (read)
    #[arg(long)]
    role: Role,
}

/// A token to be revoked.
#[derive(Args)]
pub(super) struct TokenRevokeArgs {
    /// The token's name
    name: AccountName,
}

/// Does it.
pub(super) fn run(app: &App, command: &TokenCommand) -> Result<CommandExit, CommandError> {
    match command {
        TokenCommand::Add(add) => {
            let token = secret::fresh_token()?;
            app.store.add_token(&add.name, add.role, &secret::token_hash(&token))?;
            note("Keep this token safe: it is not shown again.");
            answer(&token)?;
        }
        TokenCommand::List => {
            let tokens = app.store.tokens()?;
            if tokens.is_empty() {
                note("There are no tokens yet; `lockstep token add` makes one.");
                return Ok(CommandExit::Fine);
            }
            let day = |time: chrono::DateTime<chrono::Utc>| time.format("%Y-%m-%d").to_string();
            let row = |token: crate::store::accounts::ApiToken| {
                let state = token.revoked_at.map_or("in force".to_owned(), |at| format!("revoked on {}", day(at)));
                vec![token.name, token.role.to_string(), day(token.created_at), state]
            };
            let rows: Vec<Vec<String>> = tokens.into_iter().map(row).collect();
            answer(&table(&["NAME", "ROLE", "MADE", "STATE"], &rows))?;
        }
        TokenCommand::Revoke(revoke) => {
            let name = revoke.name.as_str();
            if !app.store.revoke_token(name)? {
                return Err(CommandError::usage(format!(
                    "there is no token called {name} in force; `lockstep token list` shows them all."
                )));
            }
            note(&format!("The token {name} lets nobody in from now on."));
        }
    }
    Ok(CommandExit::Fine)
}
