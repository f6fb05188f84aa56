//! `/settings/users`: lists users and adds them, for admins.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use serde::Deserialize;

use super::role_choice::RoleChoice;
use super::users_view::{NewPasswordPage, NewUserPage, UserLine, UsersPage};
use crate::domain::account::{AccountName, Actor, Role};
use crate::domain::secret;
use crate::domain::text::measures::format_error;
use crate::store::StoreError;
use crate::store::users::ListedUser;
use crate::web::http::app_context::AppContext;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::http::form::{FormData, FormValues, trimmed_value};
use crate::web::http::html_response::HtmlResponse;
use crate::web::http::request_origin::request_origin;
use crate::web::layout::page::page_frame;
use crate::web::layout::time_label::time_label;
use crate::web::layout::view::NavSection;

/// The fields of the form that adds a user. A missing field counts as empty.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::web) struct NewUserForm {
    username: String,
    role: String,
}

/// `GET /settings/users`.
pub(in crate::web) async fn list_page(
    app: AppContext,
    query: web::Query<FormValues>,
) -> Result<HtmlResponse, WebError> {
    app.run_blocking(move |state, caller| {
        let actor = caller.admin()?;
        let done = (trimmed_value(&query, "done") == "removed").then_some("User removed.");
        let mut users = state.store.list_active_users()?;
        users.sort_by_key(|user| user.account.name.to_lowercase());
        let users = users.into_iter().map(|user| user_line(user, &actor)).collect();
        let frame = page_frame(state, Some(&actor), "Users", NavSection::Settings)?;
        HtmlResponse::render(&UsersPage { frame, users, done })
    })
    .await
}

/// `GET /settings/users/new`.
pub(in crate::web) async fn new_page(app: AppContext) -> Result<HtmlResponse, WebError> {
    app.run_blocking(move |state, caller| {
        render_form(state, &caller.admin()?, String::new(), RoleChoice(Role::Viewer), None)
    })
    .await
}

/// `POST /settings/users`: adds a user with a generated password, which the response shows.
pub(in crate::web) async fn add_user(
    app: AppContext,
    request: HttpRequest,
    typed: FormData<NewUserForm>,
) -> Result<HtmlResponse, WebError> {
    let origin = request_origin(&request, &app.state.links);
    app.run_hashing_for_caller(move |state, caller| {
        let actor = caller.admin()?;
        let NewUserForm { username, role } = typed.into_values()?;
        let role = RoleChoice::parse(&role);
        let reject = |username, error: &dyn ToString| {
            let page = render_form(state, &actor, username, role, Some(format_error(&error.to_string())))?;
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY))
        };
        let name = match username.parse::<AccountName>() {
            Ok(name) => name,
            Err(error) => return reject(username, &error),
        };
        let (password, hash) = new_password()?;
        match state.store.add_user(&name, role.0, &hash) {
            Ok(()) => {}
            Err(error @ StoreError::Taken { .. }) => return reject(username, &error),
            Err(error) => return Err(error.into()),
        }
        log::info!("the user {} ({}) was added by {}", name.as_str(), role.0, actor.name);
        render_password(state, &actor, name.as_str(), password, true, &origin)
    })
    .await
}

/// A line of the list of users.
pub(super) fn user_line(user: ListedUser, reader: &Actor) -> UserLine {
    UserLine {
        id: user.account.id,
        is_you: user.account.name == reader.name,
        name: user.account.name,
        role: RoleChoice(user.account.role),
        last_active: user.last_active_at.map(time_label),
    }
}

/// A generated password and its hash.
pub(super) fn new_password() -> Result<(String, String), WebError> {
    let password =
        secret::generate_password().map_err(|error| WebError::internal("no random bytes for a password", &error))?;
    let hash = secret::hash_password(&password).map_err(|error| WebError::internal("a password", &error))?;
    Ok((password, hash))
}

/// Renders the page that shows a new password once.
pub(super) fn render_password(
    state: &AppState,
    actor: &Actor,
    name: &str,
    password: String,
    is_new_user: bool,
    origin: &str,
) -> Result<HtmlResponse, WebError> {
    HtmlResponse::render(&NewPasswordPage {
        frame: page_frame(state, Some(actor), format!("Password of {name}"), NavSection::Settings)?,
        name: name.to_owned(),
        password,
        is_new_user,
        login_url: format!("{origin}{}", state.links.login()),
    })
}

fn render_form(
    state: &AppState,
    actor: &Actor,
    name: String,
    role: RoleChoice,
    name_error: Option<String>,
) -> Result<HtmlResponse, WebError> {
    let frame = page_frame(state, Some(actor), "Add user", NavSection::Settings)?;
    HtmlResponse::render(&NewUserPage { frame, name, role, name_error })
}
