//! The first admin.

use askama::Template;

use crate::web::layout::view::PageFrame;

/// `GET` and `POST /setup`.
#[derive(Debug, Clone, Template)]
#[template(path = "setup.html")]
pub struct SetupPage {
    /// The frame.
    pub chrome: PageFrame,
    /// The one-time token of the link; it travels in a hidden field.
    pub token: String,
    /// The name as it was typed.
    pub username: String,
    /// What is wrong with the name.
    pub username_error: Option<String>,
    /// What is wrong with the password.
    pub password_error: Option<String>,
    /// The fewest characters a password may have.
    pub password_min: u64,
    /// Why it could not be done at all.
    pub error: Option<String>,
}
