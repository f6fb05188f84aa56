//! The front door: pages, fragments and JSON. A handler parses, calls one thing, and renders.

pub mod error;
pub mod guard;
pub mod state;

mod session;
