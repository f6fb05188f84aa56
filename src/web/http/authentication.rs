//! Who may: the credentials of a request, the door it came through, and the questions handlers ask about them.

use std::convert::Infallible;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::{Method, header};
use actix_web::{FromRequest, HttpRequest};

use super::app_state::AppState;
use super::error::WebError;
use super::session;
use crate::domain::account::{Actor, Role};
use crate::domain::secret::token_hash;
use crate::domain::source::{Slug, Source};
use crate::web::legacy_api;

/// What kind of answer a request expects.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ResponseFormat {
    /// JSON, exports and metrics: a bearer token works here.
    Json,
    /// A page for people.
    Page,
    /// A part of a page, asked for by HTMX.
    Fragment,
}

impl ResponseFormat {
    /// The door a request comes through.
    #[must_use]
    pub fn of(request: &HttpRequest) -> Self {
        let path = request.path();
        let is_data = path == "/metrics" || path.ends_with(".json") || path.ends_with(".csv");
        if path.starts_with("/api/") || is_data || legacy_api::takes_only_json(request) {
            Self::Json
        } else if request.headers().contains_key("hx-request") || is_fragment(path) {
            Self::Fragment
        } else {
            Self::Page
        }
    }
}

/// Addresses that only ever answer with a part of a page.
fn is_fragment(path: &str) -> bool {
    path.trim_end_matches('/').ends_with("/sync-status") || path == "/sync-badge"
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum RequestCredentials {
    None,
    /// The hash of a session cookie.
    Session(String),
    /// The hash of a bearer token.
    Bearer(String),
}

/// Who asks, before the database was asked about them: taking it costs nothing, and every question is asked inside
/// [`crate::web::http::app_state::run`].
#[derive(Clone, Debug)]
pub struct RequestCaller {
    credentials: RequestCredentials,
}

impl FromRequest for RequestCaller {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let bearer = (ResponseFormat::of(request) == ResponseFormat::Json).then(|| bearer(request)).flatten();
        let credentials = match (bearer, session::cookie(request)) {
            // A token that was sent is the one that counts: a bad one must not be saved by a cookie.
            (Some(token), _) => RequestCredentials::Bearer(token_hash(&token)),
            (None, Some(cookie)) => RequestCredentials::Session(token_hash(&cookie)),
            (None, None) => RequestCredentials::None,
        };
        ready(Ok(Self { credentials }))
    }
}

fn bearer(request: &HttpRequest) -> Option<String> {
    let header = request.headers().get(header::AUTHORIZATION)?.to_str().unwrap_or("");
    let (scheme, token) = header.split_once(' ').unwrap_or((header, ""));
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

impl RequestCaller {
    /// The hash of the session cookie, if that is what the request came with.
    #[must_use]
    pub fn session_hash(&self) -> Option<&str> {
        match &self.credentials {
            RequestCredentials::Session(hash) => Some(hash),
            RequestCredentials::None | RequestCredentials::Bearer(_) => None,
        }
    }

    /// Who it is; `None` is a visitor.
    ///
    /// # Errors
    /// For a bearer token that lets nobody in, also where visitors may come in.
    pub fn actor(&self, house: &AppState) -> Result<Option<Actor>, WebError> {
        match &self.credentials {
            RequestCredentials::None => Ok(None),
            RequestCredentials::Session(hash) => Ok(house.store.session_actor(hash)?),
            RequestCredentials::Bearer(hash) => {
                house.store.token_actor(hash)?.ok_or_else(WebError::bad_token).map(Some)
            }
        }
    }

    /// Someone who may read everything.
    ///
    /// # Errors
    /// For visitors.
    pub fn viewer(&self, house: &AppState) -> Result<Actor, WebError> {
        self.actor(house)?.ok_or_else(WebError::sign_in)
    }

    /// Someone who may change things.
    ///
    /// # Errors
    /// For visitors and viewers.
    pub fn admin(&self, house: &AppState) -> Result<Actor, WebError> {
        let actor = self.viewer(house)?;
        if actor.role == Role::Admin { Ok(actor) } else { Err(WebError::admins_only()) }
    }

    /// The source of that slug, if the asker may read it. A visitor is not told whether a private one exists: any
    /// other slug asks them to sign in too.
    ///
    /// # Errors
    /// For visitors where the source is not public; for everyone else where there is no such source.
    pub fn source(&self, house: &AppState, slug: &str) -> Result<(Source, Option<Actor>), WebError> {
        let actor = self.actor(house)?;
        let source = match slug.parse::<Slug>() {
            Ok(slug) => house.store.source(&slug)?,
            Err(_) => None,
        };
        match (source, actor) {
            (Some(source), actor) if source.public || actor.is_some() => Ok((source, actor)),
            (_, None) => Err(WebError::sign_in()),
            (_, Some(_)) => Err(WebError::not_found("catalog")),
        }
    }
}

/// Whether a request that changes something comes from another site. Browsers say so themselves: `Sec-Fetch-Site`
/// (only `same-origin` and `none`, a person's own doing, pass) or, where they are older, `Origin`. Programs send
/// neither, and carry no cookies by accident.
#[must_use]
pub fn is_cross_site(request: &HttpRequest) -> bool {
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return false;
    }
    let text = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap_or("?").to_ascii_lowercase());
    if let Some(site) = text("sec-fetch-site") {
        return site != "same-origin" && site != "none";
    }
    let Some(origin) = text("origin") else { return false };
    let host = text("host").unwrap_or_default();
    origin.split_once("://").is_none_or(|(_, origin_host)| origin_host != host)
}
