//! `/settings/users/{id}`: changes the role of a user and resets the password, for admins.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};

use super::role_choice::RoleChoice;
use super::users::{new_password, render_password, user_line};
use super::users_view::UserPage;
use crate::domain::account::{Actor, Role, UserAccount};
use crate::store::admins::UserChange;
use crate::web::accounts::session::{LoginBrowser, begin_session};
use crate::web::http::app_context::AppContext;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::http::form::{FormData, FormValues, trimmed_value};
use crate::web::http::html_response::HtmlResponse;
use crate::web::http::links::with_query;
use crate::web::http::request_origin::request_origin;
use crate::web::layout::page::page_frame;
use crate::web::layout::view::NavSection;

/// `GET /settings/users/{id}`.
pub(in crate::web) async fn page(
    app: AppContext,
    id: web::Path<String>,
    query: web::Query<FormValues>,
) -> Result<HtmlResponse, WebError> {
    app.run_blocking(move |state, caller| {
        let actor = caller.admin()?;
        let user = find_user(state, &id)?;
        let done = (trimmed_value(&query, "done") == "role").then_some("Role changed. The user must log in again.");
        let role = RoleChoice(user.role);
        render(state, &actor, &user, (role, None), done)
    })
    .await
}

/// `POST /settings/users/{id}/role`.
pub(in crate::web) async fn change_role(
    app: AppContext,
    id: web::Path<String>,
    request: HttpRequest,
    form: FormData<FormValues>,
) -> Result<HtmlResponse, WebError> {
    let browser = LoginBrowser::of(&request, app.connection);
    app.run_blocking(move |state, caller| {
        let actor = caller.admin()?;
        let user = find_user(state, &id)?;
        let role = trimmed_value(&form.into_values()?, "role");
        let Ok(role) = role.parse::<Role>() else {
            return Err(WebError::bad_field("role", "Choose a role: admin or viewer."));
        };
        match state.store.change_role(user.id, role)? {
            UserChange::Done => {}
            UserChange::NoSuchUser => return Err(no_such_user()),
            UserChange::LastAdmin => {
                let error = format!("{} is the last admin. Make another user an admin first.", user.name);
                let page = render(state, &actor, &user, (RoleChoice(role), Some(error)), None)?;
                return Ok(page.with_status(StatusCode::CONFLICT));
            }
        }
        log::info!("the user {} was made {role} by {}", user.name, actor.name);
        // Who is no longer an admin may not read the page of a user.
        let is_demoted_reader = user.name == actor.name && role != Role::Admin;
        let page = if is_demoted_reader { state.links.account() } else { state.links.user(&user.id) };
        // Without another role, no session has ended.
        let done: &[(&str, &str)] = if role == user.role { &[] } else { &[("done", "role")] };
        let response = HtmlResponse::redirect(with_query(&page, done));
        if !is_demoted_reader {
            return Ok(response);
        }
        // All sessions of the user have ended. This browser goes on with a new one.
        let cookie = begin_session(state, &UserAccount { role, ..user }, &browser)?;
        Ok(response.with_header("set-cookie", cookie.to_string()))
    })
    .await
}

/// `POST /settings/users/{id}/password`: generates a new password, which the response shows. The sessions of the user
/// end.
pub(in crate::web) async fn reset_password(
    app: AppContext,
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<HtmlResponse, WebError> {
    let origin = request_origin(&request, &app.state.links);
    app.run_hashing_for_caller(move |state, caller| {
        let actor = caller.admin()?;
        let user = find_user(state, &id)?;
        // The own password is changed by those who know it.
        if user.name == actor.name {
            return Ok(HtmlResponse::redirect(state.links.account()));
        }
        let (password, hash) = new_password()?;
        if !state.store.change_password(&user.name, &hash)? {
            return Err(no_such_user());
        }
        log::info!("the password of {} was reset by {}", user.name, actor.name);
        render_password(state, &actor, &user.name, password, false, &origin)
    })
    .await
}

/// The user with the id in an address.
pub(super) fn find_user(state: &AppState, id: &str) -> Result<UserAccount, WebError> {
    let id = id.parse::<i64>().map_err(|_| no_such_user())?;
    state.store.find_user(id)?.ok_or_else(no_such_user)
}

/// The error for a user that does not exist.
pub(super) fn no_such_user() -> WebError {
    WebError::not_found("user")
}

fn render(
    state: &AppState,
    actor: &Actor,
    user: &UserAccount,
    (chosen_role, role_error): (RoleChoice, Option<String>),
    done: Option<&'static str>,
) -> Result<HtmlResponse, WebError> {
    let listed = state.store.list_active_users()?.into_iter().find(|listed| listed.account.id == user.id);
    let user = user_line(listed.ok_or_else(no_such_user)?, actor);
    let frame = page_frame(state, Some(actor), user.name.clone(), NavSection::Settings)?;
    HtmlResponse::render(&UserPage { frame, user, chosen_role, role_error, done })
}
