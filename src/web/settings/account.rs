//! `/settings/account`: the own password and the own sessions, for everybody with an account.

use std::net::IpAddr;

use actix_web::http::StatusCode;
use actix_web::web;
use serde::Deserialize;

use super::account_view::{AccountPage, PasswordErrors, SessionLine};
use super::role_choice::RoleChoice;
use super::user_agent::describe_browser;
use crate::domain::account::UserAccount;
use crate::domain::secret::{self, BadPassword};
use crate::domain::text::measures::format_error;
use crate::store::login_attempts::LoginCaller;
use crate::store::sessions::UserSession;
use crate::web::accounts::password_guess::{PasswordGuess, check_guess};
use crate::web::http::app_context::AppContext;
use crate::web::http::app_state::AppState;
use crate::web::http::authentication::RequestCaller;
use crate::web::http::error::WebError;
use crate::web::http::form::{FormData, FormValues, trimmed_value};
use crate::web::http::html_response::HtmlResponse;
use crate::web::http::links::with_query;
use crate::web::layout::page::page_frame;
use crate::web::layout::time_label::time_label;
use crate::web::layout::view::NavSection;

/// The fields of the form that changes the password. A missing field counts as empty.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::web) struct PasswordForm {
    current_password: String,
    new_password: String,
    repeated_password: String,
}

/// The reader's account, and the hash that identifies their session.
struct OwnSession {
    account: UserAccount,
    hash: String,
}

/// `GET /settings/account`.
pub(in crate::web) async fn page(app: AppContext, query: web::Query<FormValues>) -> Result<HtmlResponse, WebError> {
    let session = app.session_hash();
    app.run_blocking(move |state, caller| {
        let own = own_session(state, session)?;
        let done = match trimmed_value(&query, "done").as_str() {
            "password" => Some("Password changed. You are logged out everywhere else."),
            "ended" => Some("Session ended."),
            "others" => Some("Logged out everywhere else."),
            "role" => Some("Role changed. You are a viewer now."),
            _ => None,
        };
        render(state, &caller, &own, PasswordErrors::default(), done)
    })
    .await
}

/// `POST /settings/account/password`. Ends the other sessions of the reader.
pub(in crate::web) async fn change_password(
    app: AppContext,
    typed: FormData<PasswordForm>,
) -> Result<HtmlResponse, WebError> {
    let (session, address) = (app.session_hash(), app.connection.address);
    app.run_hashing_for_caller(move |state, caller| {
        let own = own_session(state, session)?;
        let typed = typed.into_values()?;
        let mut errors = PasswordErrors::default();
        match check_own_password(state, &own, &typed.current_password, address)? {
            PasswordGuess::Right(()) => {}
            PasswordGuess::Wrong => errors.current = Some("Incorrect password.".to_owned()),
            PasswordGuess::Blocked(block) => {
                let until = &block.until.text;
                errors.current = Some(format!("Too many wrong passwords. Try again at {until}."));
                let page = render(state, &caller, &own, errors, None)?;
                return Ok(page
                    .with_status(StatusCode::TOO_MANY_REQUESTS)
                    .with_header("retry-after", block.seconds.to_string()));
            }
        }
        if typed.new_password != typed.repeated_password {
            errors.repeated = Some("The passwords do not match.".to_owned());
        }
        let hash = match secret::hash_password(&typed.new_password) {
            Ok(hash) => hash,
            Err(BadPassword::Unhashable(why)) => return Err(WebError::internal("a password", &why)),
            Err(error) => {
                errors.new = Some(format_error(&error));
                String::new()
            }
        };
        if !errors.is_empty() {
            let page = render(state, &caller, &own, errors, None)?;
            return Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY));
        }
        if !state.store.change_own_password(own.account.id, &hash, &own.hash)? {
            return Err(WebError::sign_in());
        }
        log::info!("{} changed their password", own.account.name);
        Ok(back_to_account(state, "password"))
    })
    .await
}

/// `POST /settings/account/sessions`: ends the session that the field `session` names, or all others if it is `others`.
pub(in crate::web) async fn end_sessions(
    app: AppContext,
    form: FormData<FormValues>,
) -> Result<HtmlResponse, WebError> {
    let session = app.session_hash();
    app.run_blocking(move |state, _| {
        let own = own_session(state, session)?;
        let id = trimmed_value(&form.into_values()?, "session");
        if id == "others" {
            state.store.end_other_sessions(own.account.id, &own.hash)?;
            return Ok(back_to_account(state, "others"));
        }
        // A session that has ended already needs no error.
        state.store.end_user_session(own.account.id, &id)?;
        Ok(back_to_account(state, "ended"))
    })
    .await
}

/// Whether the reader knows their password. The limit of the login holds here too: who found an open browser must not
/// guess either.
fn check_own_password(
    state: &AppState,
    own: &OwnSession,
    password: &str,
    address: IpAddr,
) -> Result<PasswordGuess<()>, WebError> {
    let guesser = LoginCaller::new(&own.account.name, address.into());
    check_guess(state, &guesser, || {
        let known = state.store.user_by_name(&own.account.name)?;
        Ok(secret::is_password(password, known.as_ref().map(|(_, hash)| hash.as_str())).then_some(()))
    })
}

/// The session of the reader. Tokens have no account.
fn own_session(state: &AppState, session: Option<String>) -> Result<OwnSession, WebError> {
    let hash = session.ok_or_else(WebError::sign_in)?;
    let account = state.store.session_account(&hash)?.ok_or_else(WebError::sign_in)?;
    Ok(OwnSession { account, hash })
}

fn back_to_account(state: &AppState, done: &str) -> HtmlResponse {
    HtmlResponse::redirect(with_query(&state.links.account(), &[("done", done)]))
}

fn render(
    state: &AppState,
    caller: &RequestCaller,
    own: &OwnSession,
    errors: PasswordErrors,
    done: Option<&'static str>,
) -> Result<HtmlResponse, WebError> {
    let session_line = |session: UserSession| SessionLine {
        id: session.public_id,
        browser: describe_browser(&session.user_agent),
        is_current: session.is_current,
        began: session.created_at.map(time_label),
        last_used: session.last_used_at.map(time_label),
    };
    let sessions = state.store.list_sessions(own.account.id, &own.hash)?;
    HtmlResponse::render(&AccountPage {
        frame: page_frame(state, caller.actor.as_ref(), "Your account", NavSection::Settings)?,
        name: own.account.name.clone(),
        role: RoleChoice(own.account.role),
        sessions: sessions.into_iter().map(session_line).collect(),
        errors,
        done,
    })
}
