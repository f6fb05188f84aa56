//! `/setup`: creates the first admin, for the holder of the one-time link that the server printed.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use serde::Deserialize;

use super::session;
use super::setup_view::SetupPage;
use crate::domain::account::{AccountName, PASSWORD_MIN_CHARS};
use crate::domain::secret::{self, BadPassword};
use crate::domain::text::measures::format_error;
use crate::store::StoreError;
use crate::store::setup_link::{SETUP_LINK_LIFETIME, SetupLinkState};
use crate::web::http::app_context::AppContext;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::http::form::FormData;
use crate::web::http::html_response::HtmlResponse;
use crate::web::layout::page::page_frame;
use crate::web::layout::view::NavSection;

/// The query of the link.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::web) struct SetupQuery {
    token: String,
}

/// The fields of the form. A missing field counts as empty.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::web) struct SetupForm {
    token: String,
    username: String,
    password: String,
}

/// The errors of the form, field by field.
#[derive(Default)]
struct SetupErrors {
    username: Option<String>,
    password: Option<String>,
}

/// `GET /setup`.
pub(in crate::web) async fn page(app: AppContext, link: web::Query<SetupQuery>) -> Result<HtmlResponse, WebError> {
    let token = link.into_inner().token;
    app.run_without_caller(move |state| {
        if let Some(redirect) = check_setup_link(state, &token)? {
            return Ok(redirect);
        }
        render_page(state, token, String::new(), SetupErrors::default())
    })
    .await
}

/// `POST /setup`. The new admin is logged in.
pub(in crate::web) async fn create(
    app: AppContext,
    request: HttpRequest,
    typed: FormData<SetupForm>,
) -> Result<HtmlResponse, WebError> {
    let browser = session::LoginBrowser::of(&request, app.connection);
    let SetupForm { token, username, password } = typed.into_values()?;
    app.run_password_hashing(move |state| {
        // The link is checked before the password is hashed, because hashing is expensive.
        if let Some(redirect) = check_setup_link(state, &token)? {
            return Ok(redirect);
        }
        let reject = |token, username, wrong| {
            Ok(render_page(state, token, username, wrong)?.with_status(StatusCode::UNPROCESSABLE_ENTITY))
        };
        let (name, hash) = match (username.parse::<AccountName>(), secret::hash_password(&password)) {
            (_, Err(BadPassword::Unhashable(why))) => return Err(WebError::internal("a password", &why)),
            (Ok(name), Ok(hash)) => (name, hash),
            (name, hash) => {
                let wrong = SetupErrors {
                    username: name.err().map(|error| format_error(&error)),
                    password: hash.err().map(|error| format_error(&error)),
                };
                return reject(token, username, wrong);
            }
        };
        match state.store.on_behalf_of(browser.audit_origin(name.as_str())).add_first_admin(&token, &name, &hash) {
            Ok(true) => {}
            Ok(false) => return check_setup_link(state, &token)?.ok_or_else(invalid_setup_link),
            Err(error @ StoreError::Taken { .. }) => {
                let wrong = SetupErrors { username: Some(format_error(&error)), ..SetupErrors::default() };
                return reject(token, username, wrong);
            }
            Err(error) => return Err(error.into()),
        }
        log::info!("the first admin is {}", name.as_str());
        let Some((user, _)) = state.store.user_by_name(name.as_str())? else {
            return Ok(HtmlResponse::redirect(state.links.login()));
        };
        let cookie = session::begin_session(state, &user, &browser)?;
        Ok(HtmlResponse::redirect(state.links.dashboard()).with_header("set-cookie", cookie.to_string()))
    })
    .await
}

/// The redirect to the login page if an admin exists already; `None` if the token of the link is valid.
fn check_setup_link(state: &AppState, token: &str) -> Result<Option<HtmlResponse>, WebError> {
    if state.store.has_admin()? {
        return Ok(Some(HtmlResponse::redirect(state.links.login())));
    }
    match state.store.setup_link_state(token)? {
        SetupLinkState::Open => Ok(None),
        SetupLinkState::Expired => Err(expired_setup_link()),
        SetupLinkState::Invalid => Err(invalid_setup_link()),
    }
}

fn expired_setup_link() -> WebError {
    let message = format!(
        "This set-up link has expired: it works for {} hours. Restart Lockstep, which prints a new one, or create the \
         admin with: lockstep user add NAME --role admin --password-stdin",
        SETUP_LINK_LIFETIME.num_hours()
    );
    WebError::new(StatusCode::FORBIDDEN, "setup_link", message)
}

fn invalid_setup_link() -> WebError {
    let message = "Open the link with /setup?token=… that Lockstep printed when it started: on standard output, or in \
                   the log of the service or container. It works once, for a day.";
    WebError::new(StatusCode::FORBIDDEN, "setup_link", message)
}

fn render_page(
    state: &AppState,
    token: String,
    username: String,
    wrong: SetupErrors,
) -> Result<HtmlResponse, WebError> {
    HtmlResponse::render(&SetupPage {
        frame: page_frame(state, None, "Setup", NavSection::Elsewhere)?,
        token,
        username,
        username_error: wrong.username,
        password_error: wrong.password,
        password_min: PASSWORD_MIN_CHARS as u64,
        error: None,
    })
}
