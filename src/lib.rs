//! Lockstep keeps a catalog in lockstep with the place its editors already work in.

pub mod domain;
pub mod store;
