//! One test binary for the whole house.

mod fetch;
mod support;
mod cli;
