//! Login, logout and the setup of the first admin.

pub(super) mod login;
pub mod login_view;
pub(super) mod setup;
pub mod setup_view;
