//! The first admin, made by whoever has the one-time link that the server printed.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use serde::Deserialize;

use super::setup_view::SetupPage;
use crate::domain::account::{AccountName, PASSWORD_MIN_CHARS};
use crate::domain::secret::{self, BadPassword};
use crate::domain::text::measures::sentence;
use crate::store::StoreError;
use crate::web::http::app_state;
use crate::web::http::app_state::{AppData, AppState};
use crate::web::http::error::WebError;
use crate::web::http::form::FormData;
use crate::web::http::session;
use crate::web::layout::page;
use crate::web::layout::page::RenderedHtml;
use crate::web::layout::view::NavSection;

/// The query of the link.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::web) struct SetupQuery {
    token: String,
}

/// The fields of the form. A field that is missing counts as an empty one.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::web) struct SetupForm {
    token: String,
    username: String,
    password: String,
}

/// What is wrong with what was typed.
#[derive(Default)]
struct SetupErrors {
    username: Option<String>,
    password: Option<String>,
}

/// `GET /setup`.
pub(in crate::web) async fn page(rooms: AppData, link: web::Query<SetupQuery>) -> Result<RenderedHtml, WebError> {
    let token = link.into_inner().token;
    app_state::run(&rooms, move |house| {
        if let Some(away) = turned_away(house, &token)? {
            return Ok(away);
        }
        draw(house, token, String::new(), SetupErrors::default())
    })
    .await
}

/// `POST /setup`. The new admin is logged in.
pub(in crate::web) async fn create(
    rooms: AppData,
    request: HttpRequest,
    typed: FormData<SetupForm>,
) -> Result<RenderedHtml, WebError> {
    let over_tls = session::is_over_tls(&request);
    let SetupForm { token, username, password } = typed.read()?;
    app_state::run_hashing(&rooms, move |house| {
        // Before a password is hashed for somebody without the link.
        if let Some(away) = turned_away(house, &token)? {
            return Ok(away);
        }
        let unfit =
            |token, username, wrong| Ok(draw(house, token, username, wrong)?.status(StatusCode::UNPROCESSABLE_ENTITY));
        let (name, hash) = match (username.parse::<AccountName>(), secret::hash_password(&password)) {
            (_, Err(BadPassword::Unhashable(why))) => return Err(WebError::internal("a password", &why)),
            (Ok(name), Ok(hash)) => (name, hash),
            (name, hash) => {
                let wrong = SetupErrors {
                    username: name.err().map(|error| sentence(&error)),
                    password: hash.err().map(|error| sentence(&error)),
                };
                return unfit(token, username, wrong);
            }
        };
        match house.store.add_first_admin(&token, &name, &hash) {
            Ok(true) => {}
            Ok(false) => return turned_away(house, &token)?.ok_or_else(not_the_link),
            Err(error @ StoreError::Taken { .. }) => {
                let wrong = SetupErrors { username: Some(sentence(&error)), ..SetupErrors::default() };
                return unfit(token, username, wrong);
            }
            Err(error) => return Err(error.into()),
        }
        log::info!("the first admin is {}", name.as_str());
        let Some((user, _)) = house.store.user_by_name(name.as_str())? else {
            return Ok(RenderedHtml::see_other("/login"));
        };
        let cookie = session::begin(house, &user, over_tls)?;
        Ok(RenderedHtml::see_other("/").header("set-cookie", cookie.to_string()))
    })
    .await
}

/// Where to send somebody who is not to see the form; `None` for whoever has the link.
fn turned_away(house: &AppState, token: &str) -> Result<Option<RenderedHtml>, WebError> {
    if house.store.has_admin()? {
        return Ok(Some(RenderedHtml::see_other("/login")));
    }
    if house.store.is_setup_token(token)? { Ok(None) } else { Err(not_the_link()) }
}

fn not_the_link() -> WebError {
    let sentence = "Lockstep printed a link with /setup?token=… where it was started: on its standard output, or in the \
                    log of the service or container. Open that link; it works until the first admin exists.";
    WebError::new(StatusCode::FORBIDDEN, "setup_link", sentence)
}

fn draw(house: &AppState, token: String, username: String, wrong: SetupErrors) -> Result<RenderedHtml, WebError> {
    RenderedHtml::draw(&SetupPage {
        chrome: page::chrome(house, None, "Set up", NavSection::Elsewhere)?,
        token,
        username,
        username_error: wrong.username,
        password_error: wrong.password,
        password_min: PASSWORD_MIN_CHARS as u64,
        error: None,
    })
}
