//! Targets and field names of the log lines that are also written to JSON log files.
//!
//! A line is logged once, through [`log`], with one of these targets and key-values. Standard error gets a readable
//! line, the JSON file a JSON line. `docs/troubleshooting.md` lists all fields.

/// The target of lines about runs: each change of a run's state, and its failures. Written to `sync.jsonl`.
pub const SYNC_TARGET: &str = "lockstep::sync::runs";
/// The target of lines about requests to other servers. Written to `fetch.jsonl`.
pub const FETCH_TARGET: &str = "lockstep::fetch::requests";
/// The target of lines about the state of the installation. Written to `health.jsonl`.
pub const HEALTH_TARGET: &str = "lockstep::health";

/// The key of the run's id; readable lines begin with it.
pub const SYNC_ID: &str = "syncId";
/// A key that marks lines for the JSON file only: on standard error they have debug level. The key itself is not
/// written.
pub const DETAIL_FIELD: &str = "detail";
