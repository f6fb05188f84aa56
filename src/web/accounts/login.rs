//! `/login` and `/logout`.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use serde::Deserialize;

use super::login_view::{LoginError, LoginPage};
use super::password_guess::{GuessBlock, PasswordGuess, check_guess, find_guess_block};
use super::session::{LoginBrowser, begin_session};
use crate::domain::account::{AccountName, UserAccount};
use crate::domain::secret;
use crate::store::login_attempts::LoginCaller;
use crate::web::http::app_context::AppContext;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::http::form::FormData;
use crate::web::http::html_response::HtmlResponse;
use crate::web::http::return_path::checked_return_path;
use crate::web::http::session_cookie::expired_session_cookie;
use crate::web::layout::page::page_frame;
use crate::web::layout::view::NavSection;

/// The query of the login page.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::web) struct LoginQuery {
    next: String,
}

/// The fields of the form. A missing field counts as empty.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::web) struct LoginForm {
    username: String,
    password: String,
    next: String,
}

/// `GET /login`. A user who is logged in already is redirected.
pub(in crate::web) async fn page(app: AppContext, query: web::Query<LoginQuery>) -> Result<HtmlResponse, WebError> {
    app.run_blocking(move |state, caller| {
        let next = checked_return_path(&query.next, &state.links);
        if caller.actor.is_some() {
            return Ok(HtmlResponse::redirect(next));
        }
        render_page(state, next, String::new(), None)
    })
    .await
}

/// `POST /login`.
pub(in crate::web) async fn sign_in(
    app: AppContext,
    request: HttpRequest,
    typed: FormData<LoginForm>,
) -> Result<HtmlResponse, WebError> {
    let browser = LoginBrowser::of(&request, app.connection);
    let LoginForm { username, password, next } = typed.into_values()?;
    let former_session = app.session_hash();
    let guesser = LoginCaller::new(&username, app.connection.address.into());
    if let Some(block) = find_guess_block(&app, guesser.clone()).await? {
        return app.run_without_caller(move |state| render_block(state, &next, username, block)).await;
    }
    app.run_password_hashing(move |state| {
        let guess = check_guess(state, &guesser, || verify_user(state, &username, &password))?;
        let user = match guess {
            PasswordGuess::Right(user) => user,
            PasswordGuess::Wrong => {
                let next = checked_return_path(&next, &state.links);
                let error = LoginError::Incorrect;
                return Ok(render_page(state, next, username, Some(error))?.with_status(StatusCode::UNAUTHORIZED));
            }
            PasswordGuess::Blocked(block) => return render_block(state, &next, username, block),
        };
        // A login always begins a new session. The old one ends: another person may have put it into this browser
        // (session fixation).
        if let Some(former) = former_session {
            state.store.end_session(&former)?;
        }
        let cookie = begin_session(state, &user, &browser)?;
        let next = checked_return_path(&next, &state.links);
        Ok(HtmlResponse::redirect(next).with_header("set-cookie", cookie.to_string()))
    })
    .await
}

/// The login page with the end of the wait, for a login that was not checked.
fn render_block(state: &AppState, next: &str, username: String, block: GuessBlock) -> Result<HtmlResponse, WebError> {
    let seconds = block.seconds;
    let next = checked_return_path(next, &state.links);
    let page = render_page(state, next, username, Some(LoginError::Blocked(block.until)))?;
    Ok(page.with_status(StatusCode::TOO_MANY_REQUESTS).with_header("retry-after", seconds.to_string()))
}

/// `POST /logout`.
pub(in crate::web) async fn sign_out(app: AppContext) -> Result<HtmlResponse, WebError> {
    let (session, connection) = (app.session_hash(), app.connection);
    app.run_without_caller(move |state| {
        if let Some(session) = session {
            state.store.end_session(&session)?;
        }
        Ok(HtmlResponse::redirect(state.links.dashboard())
            .with_header("set-cookie", expired_session_cookie(state, connection).to_string()))
    })
    .await
}

/// The user with that name, if the password is right. An unknown name takes as long as a wrong password, so that the
/// time does not reveal which names exist.
fn verify_user(state: &AppState, name: &str, password: &str) -> Result<Option<UserAccount>, WebError> {
    let known = match name.parse::<AccountName>() {
        Ok(name) => state.store.user_by_name(name.as_str())?,
        Err(_) => None,
    };
    let is_right = secret::is_password(password, known.as_ref().map(|(_, hash)| hash.as_str()));
    Ok(known.filter(|_| is_right).map(|(user, _)| user))
}

fn render_page(
    state: &AppState,
    next: String,
    username: String,
    error: Option<LoginError>,
) -> Result<HtmlResponse, WebError> {
    HtmlResponse::render(&LoginPage {
        frame: page_frame(state, None, "Log in", NavSection::Elsewhere)?,
        next,
        username,
        error,
    })
}
