//! The front door: pages, fragments and JSON. A handler parses, calls one thing, and renders.

pub mod assets;
pub mod error;
pub mod guard;
pub mod state;
pub mod views;

mod api;
mod badge;
mod catalog;
mod dashboard;
mod dressing;
mod item;
mod login;
mod page;
mod routes;
mod server;
mod session;
mod settings;
mod setup;
mod sync_panel;

pub use server::serve;
