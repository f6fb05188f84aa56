//! Begins sessions and builds their cookies. A cookie contains a random token; the database keeps the hash of it.

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration as CookieAge;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::USER_AGENT;
use chrono::TimeDelta;

use crate::domain::account::UserAccount;
use crate::domain::secret::{generate_token, token_hash};
use crate::web::http::app_state::AppState;
use crate::web::http::authentication::SESSION_COOKIE;
use crate::web::http::error::WebError;

/// How long a session lasts.
const SESSION_DAYS: i64 = 30;

/// The browser that a session begins in.
pub(super) struct LoginBrowser {
    /// Whether it used HTTPS, which its cookie is then restricted to.
    is_https: bool,
    /// Its `User-Agent`; empty if it sent none.
    user_agent: String,
}

impl LoginBrowser {
    /// The browser that sent a request.
    pub(super) fn of(request: &HttpRequest) -> Self {
        let user_agent = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok());
        Self { is_https: is_https(request), user_agent: user_agent.unwrap_or_default().to_owned() }
    }
}

/// Begins a session for `user` and returns its cookie.
pub(super) fn begin_session(
    state: &AppState,
    user: &UserAccount,
    browser: &LoginBrowser,
) -> Result<Cookie<'static>, WebError> {
    let token = generate_token().map_err(|error| WebError::internal("no random bytes for a session", &error))?;
    state.store.begin_session(user, &token_hash(&token), TimeDelta::days(SESSION_DAYS), &browser.user_agent)?;
    Ok(Cookie::build(SESSION_COOKIE, token)
        .path(state.links.cookie_path().to_owned())
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(browser.is_https)
        .max_age(CookieAge::days(SESSION_DAYS))
        .finish())
}

/// The expired cookie that removes the session from a browser.
pub(in crate::web) fn expired_cookie(state: &AppState) -> Cookie<'static> {
    let path = state.links.cookie_path().to_owned();
    let mut cookie = Cookie::build(SESSION_COOKIE, "").path(path).http_only(true).same_site(SameSite::Lax).finish();
    cookie.make_removal();
    cookie
}

/// Whether the browser used HTTPS, even if a reverse proxy terminates it. A client that forges the proxy's header only
/// changes its own cookie.
fn is_https(request: &HttpRequest) -> bool {
    request.connection_info().scheme() == "https"
}
