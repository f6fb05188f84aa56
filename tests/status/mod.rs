//! The notice board: one suite over its three stores, and the trouble that each can have.

mod apart;
mod folders;
mod many_askers;
mod never_back;
mod places;
mod redis;
mod suite;
mod trouble;
mod watch;

pub(crate) use places::{Kind, Place};
