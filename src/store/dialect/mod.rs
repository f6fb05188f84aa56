//! The only SQL that is written separately for each database. All other queries are shared.

pub(super) mod bulk;
pub(super) mod bulk_keys;
pub(super) mod checkpoint;
pub(super) mod clock;
pub(super) mod convertible_rows;
pub(super) mod erased_text;
pub(super) mod expired_rows;
pub(super) mod field_names;
pub(super) mod insert_once;
pub(super) mod issue_rows;
pub(super) mod item_times;
mod literal;
pub(super) mod lock;
mod locked_rows;
pub(super) mod login_lock;
pub(super) mod migrations;
pub(super) mod planner;
pub(super) mod probe;
pub(super) mod recent_runs;
pub(super) mod session;
pub(super) mod write_tx;
