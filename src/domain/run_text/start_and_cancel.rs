//! The responses to a request to start or to cancel a run.

use super::kind_label;
use crate::domain::operation::OperationKind;

/// The response to a cancel of a running run, which its worker carries out.
pub const CANCELLING_MESSAGE: &str = "Cancelling. The run stops within a few seconds.";

/// The response to a cancel of a run that had not started.
pub const CANCELLED_BEFORE_START: &str = "The run was cancelled before it started.";

/// The response to a cancel that comes too late.
pub const ALREADY_FINISHING: &str = "Too late to cancel: the run is finishing.";

/// The response to a cancel of a run that has ended.
pub const ALREADY_ENDED: &str = "The run has already ended.";

/// The response to an accepted start of a run; `name` is the name of the source: "The sync of Albums has started."
#[must_use]
pub fn started_message(kind: OperationKind, name: &str) -> String {
    format!("The {} of {name} has started.", kind_label(kind).to_lowercase())
}

/// The response to a start while a run is active; `name` is the name of the source.
#[must_use]
pub fn already_running_message(name: &str) -> String {
    format!("Sync already in progress: a run of {name} is active.")
}

/// The response on the panel, which shows the active run: "Sync already in progress, started by ada."
#[must_use]
pub fn in_progress_note(started_by: Option<&str>) -> String {
    match started_by {
        Some(name) => format!("Sync already in progress, started by {name}."),
        None => "Sync already in progress.".to_owned(),
    }
}

/// The response to a start during the cooldown, which ends in `seconds` seconds.
#[must_use]
pub fn cooling_down_message(seconds: u64) -> String {
    format!("Just synced. Try again in {seconds} s.")
}

/// The result of starting several syncs: "9 syncs started. 1 was already running." The counts are of sources that were
/// already running, synced just now, left out because their schedule is paused, and not started because of an error.
#[must_use]
pub fn starts_message(started: u32, [running, cooling, paused, failed]: [u32; 4]) -> String {
    let mut message = match started {
        0 => "No sync started.".to_owned(),
        1 => "Sync started.".to_owned(),
        number => format!("{number} syncs started."),
    };
    let was = |number: u32| if number == 1 { "was" } else { "were" };
    let parts = [
        (running, format!("{running} {} already running.", was(running))),
        (cooling, format!("{cooling} {} synced just now.", was(cooling))),
        (paused, format!("{paused} {} left out: the schedule is paused.", was(paused))),
        (failed, format!("{failed} could not be started. Try again.")),
    ];
    for (_, part) in parts.iter().filter(|(number, _)| *number > 0) {
        message.push(' ');
        message.push_str(part);
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_start_says_what_to_do() {
        assert_eq!(cooling_down_message(3), "Just synced. Try again in 3 s.");
        assert_eq!(in_progress_note(Some("ada")), "Sync already in progress, started by ada.");
        assert_eq!(in_progress_note(None), "Sync already in progress.");
        assert_eq!(already_running_message("Albums"), "Sync already in progress: a run of Albums is active.");
        assert_eq!(started_message(OperationKind::Preview, "Albums"), "The preview of Albums has started.");
    }
}
