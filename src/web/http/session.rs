//! Sessions: a random text in a cookie, of which the database knows the hash.

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration as CookieAge;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::Method;
use actix_web::http::header;
use chrono::TimeDelta;
use url::{Position, Url};

use super::app_state::AppState;
use super::error::WebError;
use crate::domain::account::UserAccount;
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
pub(in crate::web) fn begin(house: &AppState, user: &UserAccount, over_tls: bool) -> Result<Cookie<'static>, WebError> {
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
pub(in crate::web) fn ended() -> Cookie<'static> {
    let mut cookie = Cookie::build(NAME, "").path("/").http_only(true).same_site(SameSite::Lax).finish();
    cookie.make_removal();
    cookie
}

/// Whether the browser came by https, also where a proxy in front of us speaks it. Who lies about it only changes
/// their own cookie.
pub(in crate::web) fn is_over_tls(request: &HttpRequest) -> bool {
    request.connection_info().scheme() == "https"
}

/// `next` if it is a path of this server, and otherwise the front page: signing in leads nowhere else.
pub(in crate::web) fn path_here(next: &str) -> String {
    /// Stands for this server while a browser's reading of the path is followed.
    const HERE: &str = "http://here.invalid";
    let is_path =
        |text: &str| text.starts_with('/') && !text[1..].starts_with(['/', '\\']) && !text.contains(char::is_control);
    let read = || {
        let here = Url::parse(HERE).ok()?;
        let there = here.join(next).ok()?;
        let path = &there[Position::BeforePath..];
        // Looked at again: `/.//elsewhere` is read as `//elsewhere`.
        (there.origin() == here.origin() && is_path(path)).then(|| path.to_owned())
    };
    is_path(next).then(read).flatten().unwrap_or_else(|| "/".to_owned())
}

/// Where a person wants to be after signing in: the page they asked for or, if they pressed a button, the page it was
/// on.
pub(super) fn way_back(request: &HttpRequest) -> String {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    }
    let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let page = text(header::REFERER).and_then(|page| page.split_once("://"));
    match (page, text(header::HOST)) {
        (Some((_, page)), Some(host)) => page.strip_prefix(host).map_or_else(|| "/".to_owned(), path_here),
        _ => "/".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::{path_here, way_back};

    #[test]
    fn signing_in_leads_back_to_the_page_a_button_was_on() {
        let page = TestRequest::get().uri("/catalog/albums?q=a%20b&page=2").to_http_request();
        assert_eq!(way_back(&page), "/catalog/albums?q=a%20b&page=2");
        let pressed = |page: &str| {
            let request = TestRequest::post().uri("/catalog/albums/sync");
            way_back(&request.insert_header(("host", "here:8080")).insert_header(("referer", page)).to_http_request())
        };
        assert_eq!(pressed("http://here:8080/catalog/albums?page=2"), "/catalog/albums?page=2");
        for elsewhere in
            ["http://evil.example/catalog", "http://here:8080.evil.example/", "http://here:8080//evil.example", ""]
        {
            assert_eq!(pressed(elsewhere), "/", "{elsewhere}");
        }
    }

    #[test]
    fn signing_in_leads_to_a_path_of_this_server_only() {
        for good in ["/", "/catalog/albums?sort=-year&q=a%20b", "/settings/sources"] {
            assert_eq!(path_here(good), good);
        }
        assert_eq!(path_here("/catalog/ä"), "/catalog/%C3%A4");
        let elsewhere = [
            "",
            "catalog",
            "https://evil.example/",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/.//evil.example",
            "/a/..//evil.example",
            "/./\\evil.example",
            "javascript:alert(1)",
            "/\r\nSet-Cookie: a=b",
        ];
        for next in elsewhere {
            assert_eq!(path_here(next), "/", "{next:?}");
        }
    }
}
