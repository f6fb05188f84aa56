//! The one test binary.

mod architecture;
mod browser;
mod cli;
mod corpora;
mod fetch;
mod servers;
mod status;
mod store;
mod support;
mod sync;
mod web;
