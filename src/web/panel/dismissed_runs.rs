//! Remembers in a cookie which results a reader has dismissed, so that they stay dismissed in every tab and without
//! JavaScript.

use std::future::{Ready, ready};

use actix_web::cookie::time::Duration as CookieAge;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};

use crate::domain::sync_id::SyncId;
use crate::web::http::error::WebError;

/// The name of the cookie.
const COOKIE_NAME: &str = "lockstep_dismissed";
/// The most runs that are remembered: the result of one run for each catalog that a reader follows.
const MAX_DISMISSED_RUNS: usize = 16;
/// Separates the ids in the cookie.
const ID_SEPARATOR: char = '.';
/// How long the cookie is kept.
const COOKIE_DAYS: i64 = 90;

/// The runs whose results the reader has dismissed, the latest first.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct DismissedRuns(Vec<SyncId>);

impl DismissedRuns {
    fn parse(text: &str) -> Self {
        Self(text.split(ID_SEPARATOR).take(MAX_DISMISSED_RUNS).filter_map(|id| id.parse().ok()).collect())
    }

    /// Whether the result of a run was dismissed.
    pub(super) fn contains(&self, id: SyncId) -> bool {
        self.0.contains(&id)
    }

    /// The runs with one more.
    pub(super) fn with(&self, id: SyncId) -> Self {
        let others = self.0.iter().copied().filter(|other| *other != id);
        Self(std::iter::once(id).chain(others).take(MAX_DISMISSED_RUNS).collect())
    }

    /// The header that stores them in the browser, for this path.
    pub(super) fn to_cookie(&self, path: &str) -> String {
        let ids: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        Cookie::build(COOKIE_NAME, ids.join(&ID_SEPARATOR.to_string()))
            .path(path.to_owned())
            .http_only(true)
            .same_site(SameSite::Lax)
            .max_age(CookieAge::days(COOKIE_DAYS))
            .finish()
            .to_string()
    }
}

impl FromRequest for DismissedRuns {
    type Error = WebError;
    type Future = Ready<Result<Self, WebError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let cookie = request.cookie(COOKIE_NAME);
        ready(Ok(cookie.map(|cookie| Self::parse(cookie.value())).unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::{DismissedRuns, MAX_DISMISSED_RUNS, SyncId};

    #[test]
    fn the_latest_dismissed_runs_are_remembered() {
        let ids: Vec<SyncId> = (0..MAX_DISMISSED_RUNS + 2).map(|_| SyncId::new()).collect();
        let dismissed = ids.iter().fold(DismissedRuns::default(), |runs, id| runs.with(*id)).with(ids[5]);
        let cookie = dismissed.to_cookie("/lockstep");
        assert!(cookie.contains("; Path=/lockstep") && cookie.contains("HttpOnly"), "{cookie}");
        let value = cookie.split(['=', ';']).nth(1).expect("a value");
        assert!(cookie.len() < 1000, "{} bytes", cookie.len());
        let read = DismissedRuns::parse(value);
        assert_eq!(read.0.len(), MAX_DISMISSED_RUNS);
        assert!(read.0[0] == ids[5] && !read.contains(ids[1]) && ids[2..].iter().all(|id| read.contains(*id)));
        assert!(DismissedRuns::parse("<script>.sync_1..").0.is_empty());
    }
}
