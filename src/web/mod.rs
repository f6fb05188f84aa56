//! The front door: pages, fragments and JSON. A handler parses, calls one thing, and renders.

pub mod articles;
mod assets;
pub mod error;
pub mod guard;
pub mod state;
pub mod views;

mod api;
mod badge;
mod catalog;
mod cells;
mod dashboard;
mod dressing;
mod feeds;
mod forms;
mod history;
mod history_view;
mod item;
mod kind_offer;
mod login;
mod older_clients;
mod page;
mod panel_view;
mod read_form;
mod routes;
mod server;
mod session;
mod set_aside;
mod settings;
mod settings_add;
mod settings_page;
mod settings_review;
mod setup;
mod source_change;
mod source_form;
mod source_place;
mod sync_panel;
mod table;
mod uploads;

pub use server::serve;
