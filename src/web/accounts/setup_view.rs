//! The view of the setup page.

use askama::Template;

use crate::web::layout::view::PageFrame;

/// `GET` and `POST /setup`.
#[derive(Debug, Clone, Template)]
#[template(path = "setup.html")]
pub(in crate::web) struct SetupPage {
    /// The frame of the page.
    pub frame: PageFrame,
    /// The one-time token of the link, sent in a hidden field.
    pub token: String,
    /// The username as typed.
    pub username: String,
    /// The error of the username.
    pub username_error: Option<String>,
    /// The error of the password.
    pub password_error: Option<String>,
    /// The fewest characters a password may have.
    pub password_min: u64,
    /// An error that belongs to no field.
    pub error: Option<String>,
}
