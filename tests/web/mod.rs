//! The front door, over HTTP: a real server in this process, and a client that follows nothing by itself.

mod access;
mod accounts;
mod articles;
mod catalogs;
mod cells;
mod custom_kind;
mod data;
mod feed_health;
mod forms;
mod google;
mod history;
mod history_pages;
mod older_clients;
mod pruned_operations;
mod read_options;
mod site;
mod source_forms;
mod sync_api;
mod workbooks;
