//! Finds times at which no run can have changed a catalog.

use super::run_life::RunLife;
use crate::servers::run_lives::history::RecordedTime;

/// Whether every run but those in `except` had ended before `from`, or was created after `until`. Previews change
/// nothing.
pub(super) fn is_undisturbed(runs: &[&RunLife], except: &[&str], from: RecordedTime, until: RecordedTime) -> bool {
    runs.iter().filter(|life| !life.is_preview() && !except.contains(&life.id.as_str())).all(|life| {
        let ended_before = life.ended_by.is_some_and(|(ended, _)| ended <= from);
        ended_before || life.created_after >= until
    })
}
