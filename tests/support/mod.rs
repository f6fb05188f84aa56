//! What several rooms' tests need.

pub(crate) mod outside;
mod reply;
