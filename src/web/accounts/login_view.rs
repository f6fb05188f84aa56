//! The view of the login page.

use askama::Template;

use crate::web::layout::time_label::TimeLabel;
use crate::web::layout::view::PageFrame;

/// `GET` and `POST /login`.
#[derive(Debug, Clone, Template)]
#[template(path = "login.html")]
pub(in crate::web) struct LoginPage {
    /// The frame of the page.
    pub frame: PageFrame,
    /// The path of this server that the browser is redirected to after the login.
    pub next: String,
    /// The username as typed.
    pub username: String,
    /// Why the login failed.
    pub error: Option<LoginError>,
}

/// Why a login failed.
#[derive(Debug, Clone)]
pub(in crate::web) enum LoginError {
    /// Username or password is wrong. It is not revealed which of them.
    Incorrect,
    /// There were too many failed logins. The next one is checked at this time.
    Blocked(TimeLabel),
}
