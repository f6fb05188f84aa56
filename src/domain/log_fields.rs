//! The names that log lines carry which are kept as JSON: which file a line belongs to, and what its fields are called.
//!
//! A line is written once, with [`log`], a target of these and key-values. Standard error gets the readable line, the
//! file the JSON one. `docs/troubleshooting.md` has the table of all fields.

/// The target of lines about runs: each change of a run's state and whatever went wrong with it. In `sync.jsonl`.
pub const SYNC_TARGET: &str = "lockstep::sync::journal";
/// The target of lines about calls to the outside. In `fetch.jsonl`.
pub const FETCH_TARGET: &str = "lockstep::fetch::journal";
/// The target of lines about the state of the installation. In `health.jsonl`.
pub const HEALTH_TARGET: &str = "lockstep::health";

/// The key of the run that a line is about; readable lines begin with it.
pub const SYNC_ID: &str = "syncId";
/// A key that says that a line is for its file: on standard error it counts as a debug line. It is not kept itself.
pub const DETAIL_FIELD: &str = "detail";
