//! One test binary for the whole house.

mod cli;
mod fetch;
mod support;
