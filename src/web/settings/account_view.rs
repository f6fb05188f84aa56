//! The view of the settings of the own account.

use askama::Template;

use super::role_choice::RoleChoice;
use crate::domain::account::PASSWORD_MIN_CHARS;
use crate::web::layout::time_label::TimeLabel;
use crate::web::layout::view::PageFrame;

/// `GET /settings/account`.
#[derive(Debug, Clone, Template)]
#[template(path = "account.html")]
pub(in crate::web) struct AccountPage {
    /// The frame of the page.
    pub frame: PageFrame,
    /// The name of the reader.
    pub name: String,
    /// The role of the reader.
    pub role: RoleChoice,
    /// The sessions of the reader, this one first.
    pub sessions: Vec<SessionLine>,
    /// The errors of the form that changes the password.
    pub errors: PasswordErrors,
    /// What was just done.
    pub done: Option<&'static str>,
}

impl AccountPage {
    /// The fewest characters a password may have.
    pub(in crate::web) fn password_min(&self) -> usize {
        PASSWORD_MIN_CHARS
    }

    /// Whether the reader is logged in elsewhere, too.
    pub(in crate::web) fn has_other_sessions(&self) -> bool {
        self.sessions.iter().any(|session| !session.is_current)
    }
}

/// One session in the list.
#[derive(Debug, Clone)]
pub(in crate::web) struct SessionLine {
    /// Names the session in a form.
    pub id: String,
    /// The browser and the system: "Firefox on Windows".
    pub browser: String,
    /// Whether it is the session of this request.
    pub is_current: bool,
    /// When it began; `None` if an earlier version began it.
    pub began: Option<TimeLabel>,
    /// When it was last used, to within five minutes.
    pub last_used: Option<TimeLabel>,
}

/// The errors of the form that changes the password, field by field.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct PasswordErrors {
    /// The current password.
    pub current: Option<String>,
    /// The new password.
    pub new: Option<String>,
    /// The new password, repeated.
    pub repeated: Option<String>,
}

impl PasswordErrors {
    /// Whether there are no errors.
    pub(super) fn is_empty(&self) -> bool {
        [&self.current, &self.new, &self.repeated].into_iter().all(Option::is_none)
    }
}
