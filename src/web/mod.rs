//! The web server: pages, fragments and JSON. A handler parses the request, calls one function and renders the result.

pub mod accounts;
pub mod catalog;
pub mod dashboard;
pub mod error_pages;
pub mod feeds;
pub mod history;
pub mod http;
pub mod layout;
mod legacy_api;
pub mod panel;
pub mod sources;

mod api;
mod routes;
mod server;

pub use server::serve;
