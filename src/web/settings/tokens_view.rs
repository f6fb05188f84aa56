//! The views of the settings of API tokens.

use askama::Template;

use super::role_choice::RoleChoice;
use super::token_limits::LimitFields;
use crate::web::layout::time_label::TimeLabel;
use crate::web::layout::view::PageFrame;

/// `GET /settings/tokens`.
#[derive(Debug, Clone, Template)]
#[template(path = "tokens.html")]
pub(in crate::web) struct TokensPage {
    /// The frame of the page.
    pub frame: PageFrame,
    /// Active tokens first, then revoked and expired ones, each sorted by name.
    pub tokens: Vec<TokenLine>,
    /// What was just done.
    pub done: Option<&'static str>,
}

/// One token in the list.
#[derive(Debug, Clone)]
pub(in crate::web) struct TokenLine {
    /// The id, for links.
    pub id: i64,
    /// The name.
    pub name: String,
    /// What it allows.
    pub role: RoleChoice,
    /// When it was created.
    pub created: TimeLabel,
    /// When it was last used; `None` if never, or not since this is stored.
    pub last_used: Option<TimeLabel>,
    /// When it was revoked; `None` if it was not.
    pub revoked: Option<TimeLabel>,
    /// The name of the only source that it is for; `None` for all sources.
    pub only_source: Option<String>,
    /// When it expires; `None` if it does not.
    pub expires: Option<TimeLabel>,
    /// Whether it has expired.
    pub is_expired: bool,
}

/// `GET /settings/tokens/new`, and `POST /settings/tokens` with errors.
#[derive(Debug, Clone, Template)]
#[template(path = "token_new.html")]
pub(in crate::web) struct NewTokenPage {
    /// The frame of the page.
    pub frame: PageFrame,
    /// The name as typed.
    pub name: String,
    /// What it is to allow.
    pub role: RoleChoice,
    /// What is to limit it besides the role.
    pub limits: LimitFields,
    /// The error of the name.
    pub name_error: Option<String>,
}

/// The response to `POST /settings/tokens`: the token, shown once.
#[derive(Debug, Clone, Template)]
#[template(path = "token_created.html")]
pub(in crate::web) struct CreatedTokenPage {
    /// The frame of the page.
    pub frame: PageFrame,
    /// The name of the token.
    pub name: String,
    /// The token itself.
    pub token: String,
    /// A command that uses it.
    pub example: String,
    /// The name of the only source that it is for; `None` for all sources.
    pub only_source: Option<String>,
    /// When it expires; `None` if it does not.
    pub expires: Option<TimeLabel>,
}

/// `GET /settings/tokens/{id}/revoke`.
#[derive(Debug, Clone, Template)]
#[template(path = "token_revoke.html")]
pub(in crate::web) struct RevokeTokenPage {
    /// The frame of the page.
    pub frame: PageFrame,
    /// The token.
    pub token: TokenLine,
}
