//! What people read when the disk could not confirm that changes are safe.

/// How the note begins.
const NOTE_START: &str = "But the disk of the database reported an error";

/// Returns whether the message of a run has the note of [`unconfirmed_changes_note`].
#[must_use]
pub fn has_unconfirmed_changes(message: &str) -> bool {
    message.contains(NOTE_START)
}

/// Returns the note at the end of the message of a run that completed, although the disk reported an error.
#[must_use]
pub fn unconfirmed_changes_note(reason: &str) -> String {
    format!(
        "{NOTE_START} ({reason}), so these changes may be lost if the server loses \
         power. Check the disk, then sync again."
    )
}

/// Returns the state of the installation after such an error. `time` is the time of the error.
#[must_use]
pub fn disk_problem_message(reason: &str, time: &str) -> String {
    format!(
        "The disk of the database reported an error at {time} ({reason}). What was written since may be lost if the \
         server loses power. Check the disk"
    )
}
