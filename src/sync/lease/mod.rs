//! The lease of a run: renewed while its worker lives, and recovered when it has expired.

pub(super) mod heartbeat;
pub(super) mod recovery;
