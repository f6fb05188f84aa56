//! The view of the login page.

use askama::Template;

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
    /// Why the login failed. It does not reveal which of the two fields was wrong.
    pub error: Option<String>,
}
