//! Servers, clients, databases and builders that tests of several areas share.

pub(crate) mod browser;
pub(crate) mod captured_log;
pub(crate) mod flaky_pg_proxy;
pub(crate) mod google_query_service;
mod google_responder;
pub(crate) mod google_server;
pub(crate) mod headline_kind;
pub(crate) mod http_client;
pub(crate) mod load_clock;
pub(crate) mod log_files;
pub(crate) mod memory_kind;
pub(crate) mod pause_point;
mod postgres_database;
pub(crate) mod postgres_server;
mod reader_article;
mod reader_dialect;
pub(crate) mod reader_server;
pub(crate) mod redis_server;
pub(crate) mod reverse_proxy;
pub(crate) mod seeded_random;
pub(crate) mod server_process;
mod shared_data;
pub(crate) mod source_fixture;
mod stub_reply;
pub(crate) mod stub_server;
pub(crate) mod test_database;
pub(crate) mod test_engine;
pub(crate) mod unwritable_folder;
pub(crate) mod waiting;
pub(crate) mod workbook_builder;
pub(crate) mod xls_builder;

pub(crate) use flaky_pg_proxy::FlakyPgProxy;
pub(crate) use pause_point::PausePoint;
pub(crate) use shared_data::{data_set, shared_data};
pub(crate) use test_database::{TestDatabase, on_both_databases};
pub(crate) use test_engine::TestEngine;
