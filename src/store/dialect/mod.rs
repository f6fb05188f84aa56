//! The only statements that are written once per database; everything else is one query for both.

pub(super) mod bulk;
pub(super) mod clock;
pub(super) mod expired_rows;
mod literal;
pub(super) mod lock;
pub(super) mod migrations;
pub(super) mod probe;
pub(super) mod search;
pub(super) mod session;
pub(super) mod sorting;
pub(super) mod write_tx;
