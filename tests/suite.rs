//! One test binary for the whole house.

mod cli;
mod architecture;
mod fetch;
mod store;
mod support;
mod sync;
mod web;
