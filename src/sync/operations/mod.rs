//! What each kind of operation does, made of the steps in [`super::run`].

pub(super) mod preview;
