//! Log in and log out.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use serde::Deserialize;

use super::login_view::LoginPage;
use crate::domain::account::{AccountName, UserAccount};
use crate::domain::secret;
use crate::web::http::app_state;
use crate::web::http::app_state::{AppData, AppState};
use crate::web::http::authentication::RequestCaller;
use crate::web::http::error::WebError;
use crate::web::http::form::FormData;
use crate::web::http::session;
use crate::web::layout::page;
use crate::web::layout::page::RenderedHtml;
use crate::web::layout::view::NavSection;

/// The query of the page.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::web) struct LoginQuery {
    next: String,
}

/// The fields of the form. A field that is missing counts as an empty one.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::web) struct LoginForm {
    username: String,
    password: String,
    next: String,
}

/// `GET /login`. Who is logged in already goes on.
pub(in crate::web) async fn page(
    rooms: AppData,
    caller: RequestCaller,
    asked: web::Query<LoginQuery>,
) -> Result<RenderedHtml, WebError> {
    let next = session::path_here(&asked.next);
    app_state::run(&rooms, move |house| {
        if caller.actor(house)?.is_some() {
            return Ok(RenderedHtml::see_other(next));
        }
        draw(house, next, String::new(), None)
    })
    .await
}

/// `POST /login`.
pub(in crate::web) async fn sign_in(
    rooms: AppData,
    caller: RequestCaller,
    request: HttpRequest,
    typed: FormData<LoginForm>,
) -> Result<RenderedHtml, WebError> {
    let over_tls = session::is_over_tls(&request);
    let LoginForm { username, password, next } = typed.read()?;
    let next = session::path_here(&next);
    app_state::run_hashing(&rooms, move |house| {
        let Some(user) = user_with(house, &username, &password)? else {
            let why = "This name and this password do not belong together.";
            return Ok(draw(house, next, username, Some(why))?.status(StatusCode::UNAUTHORIZED));
        };
        // Always a session of its own: one that somebody else put into this browser is left behind, and ends.
        if let Some(former) = caller.session_hash() {
            house.store.end_session(former)?;
        }
        let cookie = session::begin(house, &user, over_tls)?;
        Ok(RenderedHtml::see_other(next).header("set-cookie", cookie.to_string()))
    })
    .await
}

/// `POST /logout`.
pub(in crate::web) async fn sign_out(rooms: AppData, caller: RequestCaller) -> Result<RenderedHtml, WebError> {
    app_state::run(&rooms, move |house| {
        if let Some(session) = caller.session_hash() {
            house.store.end_session(session)?;
        }
        Ok(RenderedHtml::see_other("/").header("set-cookie", session::ended().to_string()))
    })
    .await
}

/// The user of that name, if the password is theirs. That there is no such user takes as long to find out as that the
/// password is wrong.
fn user_with(house: &AppState, name: &str, password: &str) -> Result<Option<UserAccount>, WebError> {
    let known = match name.parse::<AccountName>() {
        Ok(name) => house.store.user_by_name(name.as_str())?,
        Err(_) => None,
    };
    let right = secret::is_password(password, known.as_ref().map(|(_, hash)| hash.as_str()));
    Ok(known.filter(|_| right).map(|(user, _)| user))
}

fn draw(house: &AppState, next: String, username: String, error: Option<&str>) -> Result<RenderedHtml, WebError> {
    RenderedHtml::draw(&LoginPage {
        chrome: page::chrome(house, None, "Log in", NavSection::Elsewhere)?,
        next,
        username,
        error: error.map(str::to_owned),
    })
}
