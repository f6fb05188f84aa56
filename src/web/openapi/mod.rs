//! `GET /api/openapi.json`: the description of all routes for programs, as OpenAPI 3.1.
//!
//! The description is written by hand, beside the values that it names: words of states come from `domain`. The tests
//! compare it with the table of routes and with the responses of a server.

mod api_document;
mod api_operation;
mod catalog_operations;
mod catalog_schemas;
mod file_operations;
pub(super) mod handlers;
mod history_operations;
mod history_schemas;
mod legacy_operations;
mod parameters;
mod run_schemas;
mod schema_builder;
mod service_operations;
mod sync_operations;
