//! The web server: pages, fragments and JSON. A handler parses the request, calls one function and renders the result.

pub mod access_rules;
mod accounts;
mod api;
mod catalog;
mod catalog_feed;
mod changes;
mod connections;
mod dashboard;
mod decisions;
mod error_pages;
mod exports;
mod feeds;
mod history;
pub mod http;
mod item_lists;
mod layout;
mod legacy_api;
mod openapi;
mod panel;
mod routes;
mod search_engines;
mod server;
mod settings;
mod sources;

pub use connections::ConnectionLimits;
pub use item_lists::normalize_list_query;
pub use server::serve;
