//! Remembers what was answered about runs, so that later answers never go back.

use std::collections::HashMap;
use std::time::Instant;

use parking_lot::Mutex;

use crate::domain::operation::Status;
use crate::domain::progress::{ProgressCount, RunStats};
use crate::domain::status_report::StatusReport;
use crate::domain::sync_id::SyncId;

/// The most runs that are remembered. The run that was not asked about for the longest time is forgotten first.
const MAX_REMEMBERED_RUNS: usize = 1000;

/// How far each run was at its last answer.
#[derive(Default)]
pub(super) struct SeenProgress(Mutex<HashMap<SyncId, SeenEntry>>);

/// The most that was answered about a run, and the time of the last answer.
struct SeenEntry {
    most: SeenPoint,
    feeds: Option<ProgressCount>,
    articles: Option<ProgressCount>,
    at: Instant,
}

/// How far a run is: whether it waits, runs or has ended, and its percent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct SeenPoint(u8, u8);

impl SeenPoint {
    fn from_report(report: &StatusReport) -> Self {
        let phase = match report.summary.status {
            Status::Pending => 0,
            Status::Running => 1,
            Status::Completed | Status::Failed | Status::Cancelled | Status::Interrupted => 2,
        };
        Self(phase, report.summary.progress)
    }
}

impl SeenProgress {
    /// Whether an earlier answer said more than this report.
    pub(super) fn is_ahead_of(&self, report: &StatusReport) -> bool {
        self.0.lock().get(&report.summary.id).is_some_and(|reported| SeenPoint::from_report(report) < reported.most)
    }

    /// Records this report as answered. While a run is active its feeds and articles are raised to those of the last
    /// answer: the primary and the database agree on the percent, but not on these.
    pub(super) fn record_seen(&self, report: &mut StatusReport) {
        let (reached, at) = (SeenPoint::from_report(report), Instant::now());
        let mut all = self.0.lock();
        if let Some(reported) = all.get_mut(&report.summary.id) {
            let stats = &mut report.summary.stats;
            if report.summary.status == Status::Running {
                stats.feeds = stats.feeds.or(reported.feeds).map(|now| now.not_before(reported.feeds));
                stats.articles = stats.articles.or(reported.articles).map(|now| now.not_before(reported.articles));
            }
            // An older report may arrive here later, with less.
            *reported =
                SeenEntry { most: reported.most.max(reached), feeds: stats.feeds, articles: stats.articles, at };
            return;
        }
        if all.len() >= MAX_REMEMBERED_RUNS
            && let Some(oldest) = all.iter().min_by_key(|(_, reported)| reported.at).map(|(id, _)| *id)
        {
            all.remove(&oldest);
        }
        let RunStats { feeds, articles, .. } = report.summary.stats;
        all.insert(report.summary.id, SeenEntry { most: reached, feeds, articles, at });
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_REMEMBERED_RUNS, SeenProgress};
    use crate::domain::operation::Status;
    use crate::domain::progress::ProgressCount;
    use crate::domain::run_summary::RunSummary;
    use crate::domain::status_report::StatusReport;
    use crate::domain::status_report::tests::{report, summary};
    use crate::domain::sync_id::SyncId;

    fn at(id: SyncId, progress: u8) -> StatusReport {
        StatusReport { summary: RunSummary { id, progress, ..summary() }, ..report() }
    }

    #[test]
    fn one_who_asked_earlier_and_comes_later_lowers_nothing() {
        let (shown, run) = (SeenProgress::default(), SyncId::new());
        shown.record_seen(&mut at(run, 55));
        shown.record_seen(&mut at(run, 40));
        assert!(shown.is_ahead_of(&at(run, 54)) && !shown.is_ahead_of(&at(run, 55)));
    }

    #[test]
    fn feeds_and_articles_of_a_running_run_never_decrease() {
        let (shown, run) = (SeenProgress::default(), SyncId::new());
        let count = |processed, total| Some(ProgressCount { processed, total });
        let reported = |feeds, articles, status| {
            let mut report = at(run, 55);
            (report.summary.status, report.summary.stats.feeds, report.summary.stats.articles) =
                (status, feeds, articles);
            shown.record_seen(&mut report);
            (report.summary.stats.feeds, report.summary.stats.articles)
        };
        reported(count(3, 22), count(0, 40), Status::Running);
        assert_eq!(reported(count(2, 22), count(0, 30), Status::Running), (count(3, 22), count(0, 40)));
        assert_eq!(reported(None, None, Status::Running), (count(3, 22), count(0, 40)));
        assert_eq!(reported(count(4, 22), count(10, 40), Status::Running), (count(4, 22), count(10, 40)));
        let end = (count(4, 22), count(9, 9));
        assert_eq!(reported(end.0, end.1, Status::Failed), end, "the end is as the record has it");
    }

    #[test]
    fn the_run_that_nobody_asked_for_for_the_longest_is_forgotten_and_no_other() {
        let shown = SeenProgress::default();
        let runs: Vec<SyncId> = (0..MAX_REMEMBERED_RUNS).map(|_| SyncId::new()).collect();
        runs.iter().for_each(|run| shown.record_seen(&mut at(*run, 55)));
        shown.record_seen(&mut at(runs[0], 55));
        shown.record_seen(&mut at(SyncId::new(), 55));
        let forgotten: Vec<&SyncId> = runs.iter().filter(|run| !shown.is_ahead_of(&at(**run, 54))).collect();
        assert_eq!(forgotten, [&runs[1]]);
    }
}
