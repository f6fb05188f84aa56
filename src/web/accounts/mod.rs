//! Login, logout and the setup of the first admin.

pub(super) mod login;
pub(in crate::web) mod login_view;
pub(super) mod password_guess;
pub(super) mod session;
pub(super) mod setup;
pub(in crate::web) mod setup_view;
