//! What somebody was told of runs, so that nobody is told less afterwards.

use std::collections::HashMap;
use std::time::Instant;

use parking_lot::Mutex;

use crate::domain::operation::Status;
use crate::domain::status_report::StatusReport;
use crate::domain::sync_id::SyncId;

/// Of how many runs is remembered what was told. The one that nobody has asked for for the longest is forgotten first.
const REMEMBERED: usize = 1000;

/// How far each run was when somebody was told of it.
#[derive(Default)]
pub(super) struct Shown(Mutex<HashMap<SyncId, Told>>);

/// The most that was told of a run, and when it was told last.
struct Told {
    most: Reached,
    at: Instant,
}

/// How far a run is: whether it waits, runs or has ended, and its percent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Reached(u8, u8);

impl Reached {
    fn by(report: &StatusReport) -> Self {
        let phase = match report.status {
            Status::Pending => 0,
            Status::Running => 1,
            Status::Completed | Status::Failed | Status::Cancelled | Status::Interrupted => 2,
        };
        Self(phase, report.progress)
    }
}

impl Shown {
    /// Whether this report says less than somebody was told before.
    pub(super) fn is_more_than(&self, report: &StatusReport) -> bool {
        self.0.lock().get(&report.sync_id).is_some_and(|told| Reached::by(report) < told.most)
    }

    /// Notes that somebody is told this.
    pub(super) fn note(&self, report: &StatusReport) {
        let (reached, at) = (Reached::by(report), Instant::now());
        let mut all = self.0.lock();
        if let Some(told) = all.get_mut(&report.sync_id) {
            // Whoever asked earlier may come here later, with less.
            *told = Told { most: told.most.max(reached), at };
            return;
        }
        if all.len() >= REMEMBERED
            && let Some(oldest) = all.iter().min_by_key(|(_, told)| told.at).map(|(id, _)| *id)
        {
            all.remove(&oldest);
        }
        all.insert(report.sync_id, Told { most: reached, at });
    }
}

#[cfg(test)]
mod tests {
    use super::{REMEMBERED, Shown};
    use crate::domain::status_report::StatusReport;
    use crate::domain::status_report::tests::report;
    use crate::domain::sync_id::SyncId;

    fn at(sync_id: SyncId, progress: u8) -> StatusReport {
        StatusReport { sync_id, progress, ..report() }
    }

    #[test]
    fn one_who_asked_earlier_and_comes_later_lowers_nothing() {
        let (shown, run) = (Shown::default(), SyncId::new());
        shown.note(&at(run, 55));
        shown.note(&at(run, 40));
        assert!(shown.is_more_than(&at(run, 54)) && !shown.is_more_than(&at(run, 55)));
    }

    #[test]
    fn the_run_that_nobody_asked_for_for_the_longest_is_forgotten_and_no_other() {
        let shown = Shown::default();
        let runs: Vec<SyncId> = (0..REMEMBERED).map(|_| SyncId::new()).collect();
        runs.iter().for_each(|run| shown.note(&at(*run, 55)));
        shown.note(&at(runs[0], 55));
        shown.note(&at(SyncId::new(), 55));
        let forgotten: Vec<&SyncId> = runs.iter().filter(|run| !shown.is_more_than(&at(**run, 54))).collect();
        assert_eq!(forgotten, [&runs[1]]);
    }
}
