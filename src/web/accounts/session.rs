//! Begins sessions. Their cookie contains a random token; the database keeps the hash of it.

use actix_web::HttpRequest;
use actix_web::cookie::Cookie;
use actix_web::http::header::USER_AGENT;

use crate::domain::account::UserAccount;
use crate::domain::audit::{AuditChannel, AuditOrigin};
use crate::domain::secret::{generate_token, token_hash};
use crate::web::http::app_state::AppState;
use crate::web::http::client_connection::ClientConnection;
use crate::web::http::error::WebError;
use crate::web::http::session_cookie::session_cookie;

/// The browser that a session begins in.
pub(in crate::web) struct LoginBrowser {
    /// How it is connected.
    connection: ClientConnection,
    /// Its `User-Agent`; empty if it sent none.
    user_agent: String,
}

impl LoginBrowser {
    /// The browser that sent a request.
    pub(in crate::web) fn of(request: &HttpRequest, connection: ClientConnection) -> Self {
        let user_agent = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok());
        Self { connection, user_agent: user_agent.unwrap_or_default().to_owned() }
    }

    /// What the user `name` does in this browser before a session has begun.
    pub(in crate::web) fn audit_origin(&self, name: &str) -> AuditOrigin {
        let address = Some(self.connection.address);
        AuditOrigin { actor: name.to_owned(), channel: AuditChannel::Browser, address, credential: None }
    }
}

/// Begins a session for `user` and returns its cookie.
pub(in crate::web) fn begin_session(
    state: &AppState,
    user: &UserAccount,
    browser: &LoginBrowser,
) -> Result<Cookie<'static>, WebError> {
    let origin = browser.audit_origin(&user.name);
    let token = generate_token().map_err(|error| WebError::internal("no random bytes for a session", &error))?;
    state.store.on_behalf_of(origin).begin_session(
        user,
        &token_hash(&token),
        state.session_lifetimes,
        &browser.user_agent,
    )?;
    Ok(session_cookie(state, browser.connection, token))
}
