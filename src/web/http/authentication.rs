//! Authentication and authorization: the credentials of a request, who they belong to, and what that caller may do.

use std::net::IpAddr;
use std::sync::Arc;

use actix_web::{HttpMessage as _, HttpRequest};
use parking_lot::Mutex;

use super::app_state::AppState;
use super::bearer_token::bearer_token;
use super::error::WebError;
use super::poll_paths::is_poll;
use super::response_format::{ResponseFormat, decoded_path};
use super::session_cookie::session_token;
use super::token_scope::{RequestTarget, check_source};
use crate::domain::account::{Actor, CredentialHash, Role};
use crate::domain::audit::{AuditChannel, AuditOrigin};
use crate::domain::secret::token_hash;
use crate::domain::source::{Source, SourceId};
use crate::web::access_rules::{AccessRule, find_access_rule};

/// The credentials of a request.
///
/// All copies within one request share one result: for a request that reads, [`RequestCredentials::identify`] queries
/// the database once, however often it is called.
#[derive(Clone, Debug)]
pub(super) struct RequestCredentials(Arc<CredentialCheck>);

#[derive(Debug)]
struct CredentialCheck {
    /// `None` for a visitor.
    presented: Option<CredentialHash>,
    /// Who may send the request; `None` for a route without a rule, which is closed.
    rule: Option<AccessRule>,
    /// Whether the request may change something.
    is_change: bool,
    /// The source that the request is about, for tokens that are limited to one.
    target: RequestTarget,
    /// Whether a person or a program asked for something. Polls of status do not count.
    counts_as_use: bool,
    /// The result of the last lookup.
    result: Mutex<Option<Result<RequestCaller, WebError>>>,
}

/// The hash of the token that `request` was sent with, if the token was looked up and is valid.
pub(in crate::web) fn valid_token_hash(request: &HttpRequest) -> Option<String> {
    let extensions = request.extensions();
    let check = &extensions.get::<RequestCredentials>()?.0;
    let Some(CredentialHash::Token(hash)) = &check.presented else { return None };
    // The lookup may still be running although the request was given up. This thread must not wait for it.
    let result = check.result.try_lock()?;
    let is_known = matches!(&*result, Some(Ok(RequestCaller { actor: Some(_) })));
    is_known.then(|| hash.clone())
}

impl RequestCredentials {
    /// The credentials that `request` was sent with. Bearer tokens count only where JSON is expected. The first call
    /// keeps them in the request, and later calls return the same.
    pub(super) fn of(request: &HttpRequest, format: ResponseFormat, state: &AppState) -> Self {
        if let Some(known) = request.extensions().get::<Self>() {
            return known.clone();
        }
        let bearer = if format == ResponseFormat::Json { bearer_token(request) } else { None };
        let presented = match (bearer, session_token(request, state)) {
            // A token takes precedence: a valid cookie must not hide a revoked token.
            (Some(token), _) => Some(CredentialHash::Token(token_hash(&token))),
            (None, Some(token)) => Some(CredentialHash::Session(token_hash(&token))),
            (None, None) => None,
        };
        let counts_as_use = !is_poll(request.method(), &decoded_path(request));
        let rule = find_access_rule(request.match_pattern().as_deref(), request.method().is_safe());
        let credentials = Self(Arc::new(CredentialCheck {
            presented,
            rule,
            is_change: !request.method().is_safe(),
            target: RequestTarget::of(request),
            counts_as_use,
            result: Mutex::default(),
        }));
        request.extensions_mut().insert(credentials.clone());
        credentials
    }

    /// The hash of the session cookie, if the request was sent with one and not with a token.
    #[must_use]
    pub(super) fn session_hash(&self) -> Option<&str> {
        match &self.0.presented {
            Some(CredentialHash::Session(hash)) => Some(hash),
            Some(CredentialHash::Token(_)) | None => None,
        }
    }

    /// Who sent the request, if they may: the one place where the rules of routes are applied.
    ///
    /// # Errors
    /// `sign_in` for visitors and `admins_only` for viewers where the rule of the route demands more; an internal error
    /// for a route without a rule; `other_source` or `not_found` for a token that is limited to another source;
    /// otherwise as [`RequestCredentials::identify`].
    pub(super) fn authorize(&self, state: &AppState) -> Result<RequestCaller, WebError> {
        let caller = self.identify(state)?;
        match self.0.rule {
            Some(AccessRule::Everyone) => {}
            Some(AccessRule::Account) => drop(caller.viewer()?),
            Some(AccessRule::Admin) => drop(caller.admin()?),
            None => return Err(WebError::internal("a request", &"its route has no access rule")),
        }
        if let Some(only) = caller.only_source() {
            self.0.target.check(state, only)?;
        }
        Ok(caller)
    }

    /// Who the changes of this request are recorded for; `None` for a request that reads, and for a visitor.
    pub(super) fn audit_origin(&self, caller: &RequestCaller, address: IpAddr) -> Option<AuditOrigin> {
        let actor = caller.actor.as_ref().filter(|_| self.0.is_change)?.name.clone();
        let credential = self.0.presented.clone()?;
        let channel = match credential {
            CredentialHash::Session(_) => AuditChannel::Browser,
            CredentialHash::Token(_) => AuditChannel::Token,
        };
        Some(AuditOrigin { actor, channel, address: Some(address), credential: Some(credential) })
    }

    /// Whether the request may change something.
    pub(super) fn is_change(&self) -> bool {
        self.0.is_change
    }

    /// Whether anybody may send the request.
    pub(super) fn is_open(&self) -> bool {
        self.0.rule == Some(AccessRule::Everyone)
    }

    /// Who sent the request. The first call queries the database, and later ones return its result. For a request that
    /// may change something each call queries the database: the session may have ended while the body arrived.
    ///
    /// # Errors
    /// `bad_token` for a bearer token that is unknown or revoked, on public routes too; `database_away` or
    /// `database_busy` if the session or token cannot be looked up.
    pub(super) fn identify(&self, state: &AppState) -> Result<RequestCaller, WebError> {
        let look_up = || {
            let Some(credential) = &self.0.presented else { return Ok(RequestCaller { actor: None }) };
            let known = match credential {
                CredentialHash::Session(hash) => state.store.session_actor(hash)?,
                CredentialHash::Token(hash) => Some(state.store.token_actor(hash)?.ok_or_else(WebError::bad_token)?),
            };
            if let Some(known) = known.as_ref().filter(|_| self.0.counts_as_use) {
                state.last_uses.record(&state.store, state.session_lifetimes, credential, known);
            }
            Ok(RequestCaller { actor: known.map(|known| known.actor) })
        };
        let mut known = self.0.result.lock();
        match &*known {
            Some(result) if !self.0.is_change => result.clone(),
            _ => known.insert(look_up()).clone(),
        }
    }
}

/// The sender of a request, as looked up in the database.
#[derive(Clone, Debug)]
pub(in crate::web) struct RequestCaller {
    /// The account or token; `None` for a visitor.
    pub actor: Option<Actor>,
}

impl RequestCaller {
    /// The caller, if they may read everything.
    ///
    /// # Errors
    /// `sign_in` for visitors.
    pub(in crate::web) fn viewer(&self) -> Result<Actor, WebError> {
        self.actor.clone().ok_or_else(WebError::sign_in)
    }

    /// The caller, if they may change things.
    ///
    /// # Errors
    /// `sign_in` for visitors, `admins_only` for viewers.
    pub(in crate::web) fn admin(&self) -> Result<Actor, WebError> {
        let actor = self.viewer()?;
        if actor.role == Role::Admin { Ok(actor) } else { Err(WebError::admins_only()) }
    }

    /// The only source that the caller's token is for; `None` for all other callers.
    pub(in crate::web) fn only_source(&self) -> Option<SourceId> {
        self.actor.as_ref().and_then(|actor| actor.only_source)
    }

    /// Whether the caller may know of `source`: visitors of public ones, tokens for one source of that one.
    pub(in crate::web) fn may_list(&self, source: &Source) -> bool {
        match &self.actor {
            None => source.public,
            Some(actor) => actor.only_source.is_none_or(|only| only == source.id),
        }
    }

    /// Refuses a source that the caller's token is not for.
    ///
    /// # Errors
    /// `other_source` for a public source, `not_found` for a private one.
    pub(in crate::web) fn check_source(&self, source: &Source) -> Result<(), WebError> {
        check_source(source, self.only_source())
    }

    /// The source with this slug, if the caller may read it. A visitor cannot tell a private source from one that does
    /// not exist.
    ///
    /// # Errors
    /// `sign_in` for visitors unless the source is public; `not_found` for everyone else if it does not exist;
    /// `other_source` or `not_found` for a token that is limited to another source;
    /// `database_away` or `database_busy` if it cannot be queried.
    pub(in crate::web) fn source(&self, state: &AppState, slug: &str) -> Result<Source, WebError> {
        match state.store.find_source(slug)? {
            Some(source) if source.public || self.actor.is_some() => self.check_source(&source).map(|()| source),
            _ if self.actor.is_none() => Err(WebError::sign_in()),
            _ => Err(WebError::not_found("catalog")),
        }
    }
}
