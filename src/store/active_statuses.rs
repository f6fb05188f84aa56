//! Statuses of active runs, as the database stores them.

use crate::domain::operation::Status;

/// The active statuses as stored text, for SQL filters.
pub(super) const ACTIVE_STATUSES: [&str; 2] = [Status::Pending.as_str(), Status::Running.as_str()];
