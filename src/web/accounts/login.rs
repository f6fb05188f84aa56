//! Log in and log out.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use serde::Deserialize;

use super::login_view::LoginPage;
use crate::domain::account::{AccountName, User};
use crate::domain::secret;
use crate::web::http::app_state;
use crate::web::http::app_state::{House, Rooms};
use crate::web::http::authentication::Caller;
use crate::web::http::error::WebError;
use crate::web::http::form::Form;
use crate::web::http::session;
use crate::web::layout::page;
use crate::web::layout::page::Html;
use crate::web::layout::view::Section;

/// The query of the page.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::web) struct Asked {
    next: String,
}

/// The fields of the form. A field that is missing counts as an empty one.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::web) struct Typed {
    username: String,
    password: String,
    next: String,
}

/// `GET /login`. Who is logged in already goes on.
pub(in crate::web) async fn page(rooms: Rooms, caller: Caller, asked: web::Query<Asked>) -> Result<Html, WebError> {
    let next = session::path_here(&asked.next);
    app_state::run(&rooms, move |house| {
        if caller.actor(house)?.is_some() {
            return Ok(Html::see_other(next));
        }
        draw(house, next, String::new(), None)
    })
    .await
}

/// `POST /login`.
pub(in crate::web) async fn sign_in(
    rooms: Rooms,
    caller: Caller,
    request: HttpRequest,
    typed: Form<Typed>,
) -> Result<Html, WebError> {
    let over_tls = session::is_over_tls(&request);
    let Typed { username, password, next } = typed.read()?;
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
        Ok(Html::see_other(next).header("set-cookie", cookie.to_string()))
    })
    .await
}

/// `POST /logout`.
pub(in crate::web) async fn sign_out(rooms: Rooms, caller: Caller) -> Result<Html, WebError> {
    app_state::run(&rooms, move |house| {
        if let Some(session) = caller.session_hash() {
            house.store.end_session(session)?;
        }
        Ok(Html::see_other("/").header("set-cookie", session::ended().to_string()))
    })
    .await
}

/// The user of that name, if the password is theirs. That there is no such user takes as long to find out as that the
/// password is wrong.
fn user_with(house: &House, name: &str, password: &str) -> Result<Option<User>, WebError> {
    let known = match name.parse::<AccountName>() {
        Ok(name) => house.store.user_by_name(name.as_str())?,
        Err(_) => None,
    };
    let right = secret::is_password(password, known.as_ref().map(|(_, hash)| hash.as_str()));
    Ok(known.filter(|_| right).map(|(user, _)| user))
}

fn draw(house: &House, next: String, username: String, error: Option<&str>) -> Result<Html, WebError> {
    Html::draw(&LoginPage {
        chrome: page::chrome(house, None, "Log in", Section::Elsewhere)?,
        next,
        username,
        error: error.map(str::to_owned),
    })
}
