//! Lockstep keeps a catalog in lockstep with the place its editors already work in.

pub mod app;
pub mod cli;
pub mod config;
pub mod domain;
pub mod fetch;
pub mod status;
pub mod store;
pub mod sync;
pub mod web;
