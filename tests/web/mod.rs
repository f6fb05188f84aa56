//! The web server over HTTP: a real server in this process, and a client that follows no redirects.

mod access;
mod accounts;
mod articles;
mod catalogs;
mod cells;
mod custom_kind;
mod data;
mod feed_health;
mod follow_up_api;
mod forms;
mod freshness;
mod google;
mod history;
mod history_pages;
mod legacy_api;
mod panel_of_failure;
mod pruned_operations;
mod public_url;
mod read_options;
mod second_steps;
mod site;
mod site_response;
mod skipped_rows;
mod source_forms;
mod sync_api;
mod workbooks;
