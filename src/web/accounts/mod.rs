//! Log in, log out, and the set-up of the first admin.

pub(super) mod login;
pub mod login_view;
pub(super) mod setup;
pub mod setup_view;
