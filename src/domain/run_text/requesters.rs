//! The names of what starts runs.

/// A stored requester as a label: "The schedule", "The command line", or the name of a person or token.
#[must_use]
pub fn requester_label(requested_by: &str) -> String {
    match requested_by {
        "schedule" => "The schedule".to_owned(),
        "command line" => "The command line".to_owned(),
        name => name.to_owned(),
    }
}
