//! Texts about paused schedules.

/// The response when a schedule was paused.
pub const SCHEDULE_PAUSED: &str = "Schedule paused.";

/// The response to pausing a schedule that is paused, or that does not exist.
pub const NO_RUNNING_SCHEDULE: &str = "There is no schedule to pause: the source has none, or it is paused already.";

/// The response when a schedule was resumed.
pub const SCHEDULE_RESUMED: &str = "Schedule resumed.";

/// The response to resuming a schedule that is not paused.
pub const SCHEDULE_NOT_PAUSED: &str = "The schedule is not paused.";
