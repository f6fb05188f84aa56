//! The one test binary.

mod architecture;
mod browser;
mod cli;
mod corpora;
mod damaged_input;
mod fetch;
mod release_contents;
mod servers;
mod status;
mod store;
mod support;
mod sync;
mod web;
