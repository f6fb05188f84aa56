//! The texts about undoing a run.

use super::{format_count, kind_label};
use crate::domain::operation::OperationKind;
use crate::domain::progress::ProgressCount;
use crate::domain::source::{Noun, Slug};
use crate::domain::text::counts::group_digits;
use crate::domain::undo_forecast::{LaterChanges, UndoForecast};

/// The forecast of an undo: "Returns 12 albums, restores 30, removes 1. Leaves 4 that changed since."
#[must_use]
pub fn undo_forecast_message(noun: &Noun, forecast: UndoForecast) -> String {
    let UndoForecast { returns, restores, removes, leaves, .. } = forecast;
    let parts: Vec<String> = [("returns", returns), ("restores", restores), ("removes", removes)]
        .into_iter()
        .filter(|(_, number)| *number > 0)
        .enumerate()
        .map(|(position, (verb, number))| match position {
            0 => format!("{}{} {}", verb[..1].to_uppercase(), &verb[1..], format_count(noun, number)),
            _ => format!("{verb} {}", group_digits(number)),
        })
        .collect();
    let changed = match parts.len() {
        0 if forecast.restores_columns => "Restores the former columns.".to_owned(),
        0 => "Nothing to undo.".to_owned(),
        _ => format!("{}.", parts.join(", ")),
    };
    changed + &leaves_message(leaves, "Leaves")
}

fn leaves_message(leaves: u64, verb: &str) -> String {
    if leaves > 0 { format!(" {verb} {} that changed since.", group_digits(leaves)) } else { String::new() }
}

/// Which later run changed items that an undo leaves: "4 albums were changed by sync_… since."
#[must_use]
pub fn later_changes_message(noun: &Noun, later: LaterChanges) -> String {
    let verb = if later.items == 1 { "was" } else { "were" };
    format!("{} {verb} changed by {} since.", format_count(noun, later.items), later.run)
}

/// The state of a catalog whose latest run was an undo.
pub const CHANGES_UNDONE: &str = "Changes undone";

/// The message of an undo that starts.
pub const UNDO_STARTING: &str = "Undoing…";

/// The message of an undo in progress: "Undoing change 450 of 1000…".
#[must_use]
pub fn undoing_message(changes: ProgressCount) -> String {
    format!("Undoing change {} of {}…", group_digits(changes.processed), group_digits(changes.total))
}

/// The message of an undo that completed. `is_paused` says whether the schedule of the source is paused.
#[must_use]
pub fn undone_message(noun: &Noun, done: UndoForecast, is_paused: bool) -> String {
    let UndoForecast { returns, restores, removes, leaves, .. } = done;
    let parts: Vec<String> = [("returned", returns), ("restored", restores), ("removed", removes)]
        .into_iter()
        .filter(|(_, number)| *number > 0)
        .enumerate()
        .map(|(position, (verb, number))| match position {
            0 => format!("{} {verb}", format_count(noun, number)),
            _ => format!("{} {verb}", group_digits(number)),
        })
        .collect();
    let mut message = match parts.len() {
        0 if done.restores_columns => "The former columns were restored.".to_owned(),
        0 => "Nothing was changed.".to_owned(),
        _ => format!("{}.", parts.join(", ")),
    };
    message.push_str(&leaves_message(leaves, "Left"));
    message + " " + if is_paused { SCHEDULE_PAUSED_BY_UNDO } else { FIX_SOURCE }
}

/// The end of the message of an undo that paused the schedule.
const SCHEDULE_PAUSED_BY_UNDO: &str = "Schedule paused. Fix the source, then sync.";

/// The end of the message of an undo of a source that has no schedule.
const FIX_SOURCE: &str = "Fix the source, then sync.";

/// The notice before an undo that its source's schedule will be paused.
pub const UNDO_PAUSES_SCHEDULE: &str = "Pauses the schedule, so that the next sync does not bring the changes back.";

/// The notice before an undo, on the command line.
#[must_use]
pub fn undo_pauses_schedule(slug: &Slug) -> String {
    format!("{UNDO_PAUSES_SCHEDULE} Resume it with `lockstep source resume {slug}`.")
}

/// The notice before an undo of a source without a schedule, or whose schedule is paused.
pub const NEXT_SYNC_BRINGS_BACK: &str = "The next sync brings the changes back, unless the source is fixed first.";

/// The button that undoes a run of this kind: "Undo this sync".
#[must_use]
pub fn undo_label(kind: OperationKind) -> String {
    format!("Undo this {}", kind_label(kind).to_lowercase())
}

/// The notice before the undo of a sync that continued an interrupted one.
pub const EARLIER_ATTEMPT_STAYS: &str =
    "This sync was restarted. What its earlier attempt changed stays; undo that on the page of that attempt.";

/// The response to an undo of a run of which nothing is left to revert.
pub const NOTHING_TO_UNDO: &str = "Nothing to undo: this run changed nothing, or its changes were changed again since.";

/// The response to a second step of a run that has not ended.
pub const RUN_NOT_ENDED: &str = "This run has not ended. Cancel it or wait for its end first.";

/// The response to an undo of a run whose source was removed.
pub const UNDO_WITHOUT_SOURCE: &str = "The source of this run was removed. Nothing is left to change.";

/// The failure of an undo whose run is unknown by now.
pub const UNDO_TARGET_MISSING: &str = "The run to undo is no longer kept. Nothing was changed.";

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: UndoForecast = UndoForecast { returns: 0, restores: 0, removes: 0, leaves: 0, restores_columns: false };

    #[test]
    fn an_undo_says_beforehand_what_it_will_do() {
        let noun = Noun { one: "album".to_owned(), many: "albums".to_owned() };
        let whole = UndoForecast { returns: 12, restores: 30, removes: 1, leaves: 4, ..NONE };
        assert_eq!(
            undo_forecast_message(&noun, whole),
            "Returns 12 albums, restores 30, removes 1. Leaves 4 that changed since."
        );
        assert_eq!(undo_forecast_message(&noun, UndoForecast { restores: 1, ..NONE }), "Restores 1 album.");
        assert_eq!(undo_forecast_message(&noun, NONE), "Nothing to undo.");
        assert_eq!(
            undone_message(&noun, whole, true),
            "12 albums returned, 30 restored, 1 removed. Left 4 that changed since. Schedule paused. Fix the source, \
             then sync."
        );
        let columns = UndoForecast { restores_columns: true, ..NONE };
        assert_eq!(
            undone_message(&noun, columns, false),
            "The former columns were restored. Fix the source, then sync."
        );
        assert_eq!(undone_message(&noun, NONE, false), "Nothing was changed. Fix the source, then sync.");
    }
}
