//! `/settings/users/{id}/remove`: removes a user after a second step, for admins.

use actix_web::http::StatusCode;
use actix_web::web;

use super::user::{find_user, no_such_user};
use super::users_view::RemoveUserPage;
use crate::domain::account::{Actor, Role, UserAccount};
use crate::store::admins::UserChange;
use crate::web::http::app_context::AppContext;
use crate::web::http::app_state::AppState;
use crate::web::http::error::WebError;
use crate::web::http::html_response::HtmlResponse;
use crate::web::http::links::with_query;
use crate::web::http::session_cookie::expired_session_cookie;
use crate::web::layout::page::page_frame;
use crate::web::layout::view::NavSection;

/// `GET /settings/users/{id}/remove`.
pub(in crate::web) async fn page(app: AppContext, id: web::Path<String>) -> Result<HtmlResponse, WebError> {
    app.run_blocking(move |state, caller| {
        let actor = caller.admin()?;
        let user = find_user(state, &id)?;
        let users = state.store.list_users()?;
        let has_other_admin = users.iter().any(|other| other.role == Role::Admin && other.id != user.id);
        render(state, &actor, &user, user.role == Role::Admin && !has_other_admin)
    })
    .await
}

/// `POST /settings/users/{id}/remove`. Who removes their own account is logged out.
pub(in crate::web) async fn remove(app: AppContext, id: web::Path<String>) -> Result<HtmlResponse, WebError> {
    let connection = app.connection;
    app.run_blocking(move |state, caller| {
        let actor = caller.admin()?;
        let user = find_user(state, &id)?;
        match state.store.remove_user(user.id)? {
            UserChange::Done => {}
            UserChange::NoSuchUser => return Err(no_such_user()),
            UserChange::LastAdmin => {
                return Ok(render(state, &actor, &user, true)?.with_status(StatusCode::CONFLICT));
            }
        }
        log::info!("the user {} was removed by {}", user.name, actor.name);
        if user.name == actor.name {
            let cookie = expired_session_cookie(state, connection).to_string();
            return Ok(HtmlResponse::redirect(state.links.dashboard()).with_header("set-cookie", cookie));
        }
        Ok(HtmlResponse::redirect(with_query(&state.links.users(), &[("done", "removed")])))
    })
    .await
}

fn render(state: &AppState, actor: &Actor, user: &UserAccount, is_last_admin: bool) -> Result<HtmlResponse, WebError> {
    HtmlResponse::render(&RemoveUserPage {
        frame: page_frame(state, Some(actor), format!("Remove {}", user.name), NavSection::Settings)?,
        id: user.id,
        name: user.name.clone(),
        is_you: user.name == actor.name,
        is_last_admin,
    })
}
