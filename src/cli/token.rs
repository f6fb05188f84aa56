//! `lockstep token …`: API tokens for programs.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, Subcommand};

use super::output::{CommandError, CommandExit, find_source, format_table, print_answer, print_note};
use crate::app::App;
use crate::domain::account::{AccountName, Role, TokenLimits};
use crate::domain::secret;
use crate::domain::source::Slug;
use crate::domain::text::measures::parse_setting;
use crate::store::tokens::ApiToken;

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
    /// The only source that the token is for; without it, the token is for all sources
    #[arg(long, value_name = "SLUG")]
    source: Option<Slug>,
    /// When the token expires, such as 12h or 90d; without it, the token does not expire
    #[arg(long, value_name = "DURATION", value_parser = parse_lifetime)]
    expires_in: Option<Duration>,
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
            app.store.add_token(&add.name, add.role, read_limits(app, add)?, &secret::token_hash(&token))?;
            print_note("Store this token now. It can't be shown again.");
            print_answer(&token)?;
        }
        TokenCommand::List => {
            let tokens = app.store.list_tokens()?;
            if tokens.is_empty() {
                print_note("No tokens yet. Add one with `lockstep token add`.");
                return Ok(CommandExit::Success);
            }
            let day = |time: DateTime<Utc>| time.format("%Y-%m-%d").to_string();
            let row = |token: ApiToken| {
                let state = match (token.revoked_at, token.expires_at) {
                    (Some(at), _) => format!("revoked on {}", day(at)),
                    (None, Some(at)) if at <= Utc::now() => format!("expired on {}", day(at)),
                    (None, Some(at)) => format!("active until {}", day(at)),
                    (None, None) => "active".to_owned(),
                };
                let source = token.only_source.map_or("all".to_owned(), |(slug, _)| slug.to_string());
                vec![token.name, token.role.to_string(), source, day(token.created_at), state]
            };
            let rows: Vec<Vec<String>> = tokens.into_iter().map(row).collect();
            print_answer(&format_table(&["NAME", "ROLE", "SOURCE", "CREATED", "STATE"], &rows))?;
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

/// The longest lifetime of a token: ten years.
const MAX_TOKEN_LIFETIME: Duration = Duration::from_secs(3650 * 24 * 3600);

fn parse_lifetime(text: &str) -> Result<Duration, String> {
    match parse_setting(text, MAX_TOKEN_LIFETIME)? {
        Duration::ZERO => Err("the token would expire at once. Use a value like 12h or 90d".to_owned()),
        lifetime => Ok(lifetime),
    }
}

fn read_limits(app: &App, add: &TokenAddArgs) -> Result<TokenLimits, CommandError> {
    let source = add.source.as_ref().map(|slug| find_source(&app.store, slug)).transpose()?;
    let lifetime = add.expires_in.and_then(|lifetime| TimeDelta::from_std(lifetime).ok());
    Ok(TokenLimits { only_source: source.map(|source| source.id), expires_at: lifetime.map(|time| Utc::now() + time) })
}
