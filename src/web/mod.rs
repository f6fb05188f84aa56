//! The front door: pages, fragments and JSON. A handler parses, calls one thing, and renders.

pub mod assets;
pub mod error;
pub mod guard;
pub mod state;
pub mod views;

mod badge;
mod page;
mod session;
