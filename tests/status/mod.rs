//! The notice board: one suite over its three stores, and the trouble that each can have.

mod places;
mod redis;
mod suite;

pub(crate) use places::{Kind, Place};
