//! The cookie of a session: its name, and the attributes that keep it where it belongs.

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration as CookieAge;
use actix_web::cookie::{Cookie, SameSite};

use super::app_state::AppState;
use super::client_connection::ClientConnection;

/// The name of the cookie over plain HTTP.
pub(in crate::web) const PLAIN_COOKIE_NAME: &str = "lockstep_session";
/// The name over HTTPS. Browsers accept it only with `Secure`, without `Domain` and for the whole host, so no other
/// host and no plain connection can set it (RFC 6265bis, section 4.1.3.2).
const HOST_COOKIE_NAME: &str = "__Host-lockstep_session";
/// The name over HTTPS below a path, where the other prefix is not allowed (RFC 6265bis, section 4.1.3.1).
const SECURE_COOKIE_NAME: &str = "__Secure-lockstep_session";

/// Returns the name of the cookie for clients with this connection.
fn cookie_name(state: &AppState, connection: ClientConnection) -> &'static str {
    match (connection.is_https, state.links.cookie_path()) {
        (false, _) => PLAIN_COOKIE_NAME,
        (true, "/") => HOST_COOKIE_NAME,
        (true, _) => SECURE_COOKIE_NAME,
    }
}

/// Returns the token in the session cookie of a request; `None` if it was sent without one. Over HTTPS a cookie with
/// the plain name does not count: a plain connection could have set it.
pub(super) fn session_token(request: &HttpRequest, state: &AppState) -> Option<String> {
    let name = cookie_name(state, ClientConnection::of(request, state));
    let cookie = request.cookie(name)?;
    (!cookie.value().is_empty()).then(|| cookie.value().to_owned())
}

/// Builds the cookie that contains the token of a new session.
pub(in crate::web) fn session_cookie(state: &AppState, connection: ClientConnection, token: String) -> Cookie<'static> {
    let age = CookieAge::try_from(state.session_lifetimes.total).unwrap_or(CookieAge::MAX);
    let mut cookie = bare_cookie(state, connection, token);
    cookie.set_max_age(age);
    cookie
}

/// Builds the expired cookie that removes the session from a browser.
pub(in crate::web) fn expired_session_cookie(state: &AppState, connection: ClientConnection) -> Cookie<'static> {
    let mut cookie = bare_cookie(state, connection, String::new());
    cookie.make_removal();
    cookie
}

fn bare_cookie(state: &AppState, connection: ClientConnection, value: String) -> Cookie<'static> {
    Cookie::build(cookie_name(state, connection), value)
        .path(state.links.cookie_path().to_owned())
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(connection.is_https)
        .finish()
}
