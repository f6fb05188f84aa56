//! Log in.

use askama::Template;

use crate::web::layout::view::PageFrame;

/// `GET` and `POST /login`.
#[derive(Debug, Clone, Template)]
#[template(path = "login.html")]
pub struct LoginPage {
    /// The frame.
    pub chrome: PageFrame,
    /// Where to go afterwards: a path of this server, checked by the handler.
    pub next: String,
    /// The name as it was typed.
    pub username: String,
    /// Why the last attempt was not accepted. It never says which of the two fields was wrong.
    pub error: Option<String>,
}
