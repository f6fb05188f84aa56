//! `/settings/tokens`: lists, creates and revokes API tokens, for admins.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use chrono::Utc;
use serde::Deserialize;

use super::role_choice::RoleChoice;
use super::token_limits::{LimitFields, parse_limits};
use super::tokens_view::{CreatedTokenPage, NewTokenPage, RevokeTokenPage, TokenLine, TokensPage};
use crate::domain::account::{AccountName, Actor, Role};
use crate::domain::secret;
use crate::domain::text::measures::format_error;
use crate::store::StoreError;
use crate::store::tokens::ApiToken;
use crate::web::http::app_context::AppContext;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::http::form::{FormData, FormValues, trimmed_value};
use crate::web::http::html_response::HtmlResponse;
use crate::web::http::links::with_query;
use crate::web::http::request_origin::request_origin;
use crate::web::layout::page::page_frame;
use crate::web::layout::time_label::time_label;
use crate::web::layout::view::NavSection;

/// The fields of the form that creates a token. A missing field counts as empty.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::web) struct NewTokenForm {
    name: String,
    role: String,
    source: String,
    expires: String,
}

/// `GET /settings/tokens`.
pub(in crate::web) async fn list_page(
    app: AppContext,
    query: web::Query<FormValues>,
) -> Result<HtmlResponse, WebError> {
    app.run_blocking(move |state, caller| {
        let actor = caller.admin()?;
        let mut tokens = state.store.list_tokens()?;
        let now = Utc::now();
        let is_over = |token: &ApiToken| token.revoked_at.is_some() || token.expires_at.is_some_and(|time| time <= now);
        tokens.sort_by_key(|token| (is_over(token), token.name.to_lowercase()));
        HtmlResponse::render(&TokensPage {
            frame: page_frame(state, Some(&actor), "Tokens", NavSection::Settings)?,
            tokens: tokens.into_iter().map(token_line).collect(),
            done: (trimmed_value(&query, "done") == "revoked").then_some("Token revoked."),
        })
    })
    .await
}

/// `GET /settings/tokens/new`.
pub(in crate::web) async fn new_page(app: AppContext) -> Result<HtmlResponse, WebError> {
    app.run_blocking(move |state, caller| {
        let sources = state.store.list_sources()?;
        let limits = LimitFields::new(&sources, "", "");
        render_form(state, &caller.admin()?, String::new(), (RoleChoice(Role::Viewer), limits), None)
    })
    .await
}

/// `POST /settings/tokens`: creates a token, which the response shows. It cannot be shown again, and a second request
/// with the same name is refused.
pub(in crate::web) async fn create_token(
    app: AppContext,
    request: HttpRequest,
    typed: FormData<NewTokenForm>,
) -> Result<HtmlResponse, WebError> {
    let origin = request_origin(&request, &app.state.links);
    app.run_blocking(move |state, caller| {
        let actor = caller.admin()?;
        let NewTokenForm { name: typed, role, source, expires } = typed.into_values()?;
        let role = RoleChoice::parse(&role);
        let sources = state.store.list_sources()?;
        let limits = parse_limits(&sources, &source, &expires, Utc::now())?;
        let reject = |typed, error| {
            let fields = LimitFields::new(&sources, &source, &expires);
            let page = render_form(state, &actor, typed, (role, fields), Some(error))?;
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY))
        };
        let name = match typed.parse::<AccountName>() {
            Ok(name) => name,
            Err(error) => return reject(typed, format_error(&error)),
        };
        let token =
            secret::generate_token().map_err(|error| WebError::internal("no random bytes for a token", &error))?;
        match state.store.add_token(&name, role.0, limits, &secret::token_hash(&token)) {
            Ok(()) => {}
            Err(error @ StoreError::Taken { .. }) => {
                let advice =
                    "Its value can't be shown again. If you lost it, revoke it and create one with another name.";
                return reject(typed, format!("{} {advice}", format_error(&error)));
            }
            Err(error) => return Err(error.into()),
        }
        let only = limits.only_source.and_then(|only| sources.into_iter().find(|source| source.id == only));
        log::info!("the API token {} ({}) was created by {}", name.as_str(), role.0, actor.name);
        HtmlResponse::render(&CreatedTokenPage {
            frame: page_frame(state, Some(&actor), "Token created", NavSection::Settings)?,
            name: name.as_str().to_owned(),
            example: format!("curl -H 'Authorization: Bearer {token}' {origin}{}", state.links.route("/api/sources")),
            only_source: only.map(|source| source.name),
            expires: limits.expires_at.map(time_label),
            token,
        })
    })
    .await
}

/// `GET /settings/tokens/{id}/revoke`.
pub(in crate::web) async fn revoke_page(app: AppContext, id: web::Path<String>) -> Result<HtmlResponse, WebError> {
    app.run_blocking(move |state, caller| {
        let actor = caller.admin()?;
        let token = token_line(find_token(state, &id)?);
        let frame = page_frame(state, Some(&actor), format!("Revoke {}", token.name), NavSection::Settings)?;
        HtmlResponse::render(&RevokeTokenPage { frame, token })
    })
    .await
}

/// `POST /settings/tokens/{id}/revoke`. Revoking a token twice does no harm.
pub(in crate::web) async fn revoke_token(app: AppContext, id: web::Path<String>) -> Result<HtmlResponse, WebError> {
    app.run_blocking(move |state, caller| {
        let actor = caller.admin()?;
        let token = find_token(state, &id)?;
        if state.store.revoke_token(&token.name)? {
            log::info!("the API token {} was revoked by {}", token.name, actor.name);
        }
        Ok(HtmlResponse::redirect(with_query(&state.links.tokens(), &[("done", "revoked")])))
    })
    .await
}

fn find_token(state: &AppState, id: &str) -> Result<ApiToken, WebError> {
    let no_such_token = || WebError::not_found("token");
    let id = id.parse::<i64>().map_err(|_| no_such_token())?;
    state.store.find_token(id)?.ok_or_else(no_such_token)
}

fn token_line(token: ApiToken) -> TokenLine {
    let is_expired = token.expires_at.is_some_and(|time| time <= Utc::now());
    TokenLine {
        only_source: token.only_source.map(|(_, name)| name),
        expires: token.expires_at.map(time_label),
        is_expired,
        id: token.id,
        name: token.name,
        role: RoleChoice(token.role),
        created: time_label(token.created_at),
        last_used: token.last_used_at.map(time_label),
        revoked: token.revoked_at.map(time_label),
    }
}

fn render_form(
    state: &AppState,
    actor: &Actor,
    name: String,
    (role, limits): (RoleChoice, LimitFields),
    name_error: Option<String>,
) -> Result<HtmlResponse, WebError> {
    let frame = page_frame(state, Some(actor), "Create token", NavSection::Settings)?;
    HtmlResponse::render(&NewTokenPage { frame, name, role, limits, name_error })
}
