//! What every request and response passes: application state, authentication, forms, errors, headers, assets.

pub mod app_state;
pub(super) mod assets;
pub mod authentication;
pub mod error;
pub(super) mod form;
pub(super) mod security_headers;
pub(super) mod session;
