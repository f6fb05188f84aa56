//! The views of the settings of users.

use askama::Template;

use super::role_choice::RoleChoice;
use crate::web::layout::time_label::TimeLabel;
use crate::web::layout::view::PageFrame;

/// `GET /settings/users`.
#[derive(Debug, Clone, Template)]
#[template(path = "users.html")]
pub(in crate::web) struct UsersPage {
    /// The frame of the page.
    pub frame: PageFrame,
    /// All users, sorted by name.
    pub users: Vec<UserLine>,
    /// What was just done.
    pub done: Option<&'static str>,
}

/// One user in the list.
#[derive(Debug, Clone)]
pub(in crate::web) struct UserLine {
    /// The id, for links.
    pub id: i64,
    /// The name.
    pub name: String,
    /// The role.
    pub role: RoleChoice,
    /// Whether it is the reader.
    pub is_you: bool,
    /// When the user was last active; `None` if never, or not since this is stored.
    pub last_active: Option<TimeLabel>,
}

/// `GET /settings/users/new`, and `POST /settings/users` with errors.
#[derive(Debug, Clone, Template)]
#[template(path = "user_new.html")]
pub(in crate::web) struct NewUserPage {
    /// The frame of the page.
    pub frame: PageFrame,
    /// The name as typed.
    pub name: String,
    /// The chosen role.
    pub role: RoleChoice,
    /// The error of the name.
    pub name_error: Option<String>,
}

/// The response to `POST /settings/users` and `POST /settings/users/{id}/password`: a new password, shown once.
#[derive(Debug, Clone, Template)]
#[template(path = "user_password.html")]
pub(in crate::web) struct NewPasswordPage {
    /// The frame of the page.
    pub frame: PageFrame,
    /// The name of the user.
    pub name: String,
    /// The password.
    pub password: String,
    /// Whether the user was just added; otherwise the password was reset.
    pub is_new_user: bool,
    /// The address of the login page, with scheme and host.
    pub login_url: String,
}

/// `GET /settings/users/{id}`.
#[derive(Debug, Clone, Template)]
#[template(path = "user.html")]
pub(in crate::web) struct UserPage {
    /// The frame of the page.
    pub frame: PageFrame,
    /// The user.
    pub user: UserLine,
    /// The chosen role.
    pub chosen_role: RoleChoice,
    /// The error of the role.
    pub role_error: Option<String>,
    /// What was just done.
    pub done: Option<&'static str>,
}

/// `GET /settings/users/{id}/remove`.
#[derive(Debug, Clone, Template)]
#[template(path = "user_remove.html")]
pub(in crate::web) struct RemoveUserPage {
    /// The frame of the page.
    pub frame: PageFrame,
    /// The id of the user.
    pub id: i64,
    /// The name of the user.
    pub name: String,
    /// Whether it is the reader.
    pub is_you: bool,
    /// Whether the user is the last admin, who cannot be removed.
    pub is_last_admin: bool,
}
