//! What requests and responses share: application state, authentication, forms, links, errors, headers, assets.

pub(super) mod app_context;
pub mod app_state;
pub(super) mod assets;
pub(super) mod authentication;
pub mod cached_value;
mod catalog_links;
pub(super) mod cross_origin;
pub(super) mod error;
pub(super) mod error_response;
pub(super) mod form;
pub(super) mod html_response;
pub(super) mod json_response;
pub mod last_use_recorder;
pub mod links;
pub(super) mod poll_middleware;
mod public_links;
pub mod repeated_polls;
pub(super) mod request_origin;
pub(super) mod response_format;
pub(super) mod return_path;
mod run_links;
pub(super) mod schedule_links;
pub(super) mod security_headers;
pub mod server_info;
mod settings_links;
pub(super) mod streamed_body;
