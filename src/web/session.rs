//! Sessions: a random text in a cookie, of which the database knows the hash.

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration as CookieAge;
use actix_web::cookie::{Cookie, SameSite};
use chrono::TimeDelta;

use super::error::WebError;
use super::state::House;
use crate::domain::account::User;
use crate::domain::secret::{fresh_token, token_hash};

const NAME: &str = "lockstep_session";
/// How long a session lasts.
const DAYS: i64 = 30;

/// The session cookie of a request.
pub(super) fn cookie(request: &HttpRequest) -> Option<String> {
    request.cookie(NAME).map(|cookie| cookie.value().to_owned()).filter(|value| !value.is_empty())
}

/// Begins a session for `user` and answers the cookie that carries it. `over_tls` is whether the browser came by
/// https: the cookie never goes over plain http then.
pub(super) fn begin(house: &House, user: &User, over_tls: bool) -> Result<Cookie<'static>, WebError> {
    let token = fresh_token().map_err(|error| WebError::internal("no random bytes for a session", &error))?;
    house.store.begin_session(user, &token_hash(&token), TimeDelta::days(DAYS))?;
    Ok(Cookie::build(NAME, token)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(over_tls)
        .max_age(CookieAge::days(DAYS))
        .finish())
}

/// The cookie that makes a browser forget its session.
pub(super) fn ended() -> Cookie<'static> {
    let mut cookie = Cookie::build(NAME, "").path("/").http_only(true).same_site(SameSite::Lax).finish();
    cookie.make_removal();
    cookie
}
