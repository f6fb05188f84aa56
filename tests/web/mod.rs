//! The front door, over HTTP: a real server in this process, and a client that follows nothing by itself.

mod accounts;
mod articles;
mod catalogs;
mod cells;
mod data;
mod doors;
mod feed_health;
mod forms;
mod google;
mod history;
mod history_pages;
mod kept;
mod older_clients;
mod read_options;
mod site;
mod starts;
mod tenth_kind;
mod ways;
mod workbooks;
