//! The lease of a run: renewed while its worker lives, and taken over when it has expired.

pub(super) mod heartbeat;
pub(super) mod recovery;
