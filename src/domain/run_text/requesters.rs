//! The names of what starts runs.

/// The requester of runs that the schedule starts, as it is stored.
pub const SCHEDULE_REQUESTER: &str = "schedule";
/// The requester of runs that a command starts, as it is stored.
pub const COMMAND_LINE_REQUESTER: &str = "command line";

/// A stored requester as a label: "The schedule", "The command line", or the name of a person or token.
#[must_use]
pub fn requester_label(requested_by: &str) -> String {
    match requested_by {
        SCHEDULE_REQUESTER => "The schedule".to_owned(),
        COMMAND_LINE_REQUESTER => "The command line".to_owned(),
        name => name.to_owned(),
    }
}
