//! Remembers the progress that was returned for each run, so that later responses never go back.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::domain::operation::Status;
use crate::domain::progress::{ProgressCount, RunStats};
use crate::domain::run_summary::RunSummary;
use crate::domain::status_report::StatusReport;
use crate::domain::sync_id::SyncId;

/// The maximum number of remembered runs. Beyond it, the run that was requested least recently is dropped.
const MAX_REMEMBERED_RUNS: usize = 1000;

/// How long the confirmation by the database that a run is running holds. It is shared by all who poll the run, so that
/// many of them cost the database one query a second.
const CONFIRMATION_LIFETIME: Duration = Duration::from_secs(1);

/// The progress of each run in its last response.
#[derive(Default)]
pub(super) struct SeenProgress(Mutex<HashMap<SyncId, SeenEntry>>);

/// The furthest progress returned for a run, and the time of the last response.
struct SeenEntry {
    furthest: SeenPoint,
    feeds: Option<ProgressCount>,
    articles: Option<ProgressCount>,
    answered_at: Instant,
    /// When the database last confirmed that the run was running.
    confirmed_at: Option<Instant>,
}

/// The phase of a run (pending, running, ended) and its percentage, in this order of comparison.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct SeenPoint(u8, u8);

impl SeenPoint {
    fn from_summary(summary: &RunSummary) -> Self {
        let phase = match summary.status {
            Status::Pending => 0,
            Status::Running => 1,
            Status::Completed | Status::Failed | Status::Cancelled | Status::Interrupted => 2,
        };
        Self(phase, summary.progress)
    }
}

impl SeenProgress {
    /// Returns whether an earlier response reported more progress than this report.
    pub(super) fn is_ahead_of(&self, report: &StatusReport) -> bool {
        self.0
            .lock()
            .get(&report.summary.id)
            .is_some_and(|entry| SeenPoint::from_summary(&report.summary) < entry.furthest)
    }

    /// Returns whether the database has just confirmed that the run is running.
    pub(super) fn is_confirmed(&self, id: SyncId) -> bool {
        let confirmed_at = self.0.lock().get(&id).and_then(|entry| entry.confirmed_at);
        confirmed_at.is_some_and(|at| at.elapsed() < CONFIRMATION_LIFETIME)
    }

    /// Records that the database, asked at this time, confirmed that the run was running. A run that was never returned
    /// is confirmed from its second response on.
    pub(super) fn record_confirmed(&self, id: SyncId, asked_at: Instant) {
        if let Some(entry) = self.0.lock().get_mut(&id) {
            entry.confirmed_at = entry.confirmed_at.max(Some(asked_at));
        }
    }

    /// Records that this summary is returned. For a running run, its feeds and articles are raised to those of the last
    /// response: the primary and the database agree on the percentage, but not on these counts.
    pub(super) fn record_seen(&self, summary: &mut RunSummary) {
        let (reached, answered_at) = (SeenPoint::from_summary(summary), Instant::now());
        let mut all = self.0.lock();
        if let Some(entry) = all.get_mut(&summary.id) {
            let stats = &mut summary.stats;
            if summary.status == Status::Running {
                stats.feeds = stats.feeds.or(entry.feeds).map(|now| now.at_least(entry.feeds));
                stats.articles = stats.articles.or(entry.articles).map(|now| now.at_least(entry.articles));
            }
            // A concurrent request may record an older report with less progress.
            *entry = SeenEntry {
                furthest: entry.furthest.max(reached),
                feeds: stats.feeds,
                articles: stats.articles,
                answered_at,
                confirmed_at: entry.confirmed_at,
            };
            return;
        }
        if all.len() >= MAX_REMEMBERED_RUNS
            && let Some(oldest) = all.iter().min_by_key(|(_, entry)| entry.answered_at).map(|(id, _)| *id)
        {
            all.remove(&oldest);
        }
        let RunStats { feeds, articles, .. } = summary.stats;
        all.insert(summary.id, SeenEntry { furthest: reached, feeds, articles, answered_at, confirmed_at: None });
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_REMEMBERED_RUNS, SeenProgress};
    use crate::domain::operation::Status;
    use crate::domain::progress::ProgressCount;
    use crate::domain::run_summary::RunSummary;
    use crate::domain::status_report::StatusReport;
    use crate::domain::status_report::tests::{report, sample_summary};
    use crate::domain::sync_id::SyncId;

    fn at(id: SyncId, progress: u8) -> StatusReport {
        StatusReport { summary: RunSummary { id, progress, ..sample_summary() }, ..report() }
    }

    #[test]
    fn a_late_answer_to_an_earlier_request_lowers_nothing() {
        let (shown, run) = (SeenProgress::default(), SyncId::new());
        shown.record_seen(&mut at(run, 55).summary);
        shown.record_seen(&mut at(run, 40).summary);
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
            shown.record_seen(&mut report.summary);
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
    fn only_the_least_recently_read_run_is_forgotten() {
        let shown = SeenProgress::default();
        let runs: Vec<SyncId> = (0..MAX_REMEMBERED_RUNS).map(|_| SyncId::new()).collect();
        runs.iter().for_each(|run| shown.record_seen(&mut at(*run, 55).summary));
        shown.record_seen(&mut at(runs[0], 55).summary);
        shown.record_seen(&mut at(SyncId::new(), 55).summary);
        let forgotten: Vec<&SyncId> = runs.iter().filter(|run| !shown.is_ahead_of(&at(**run, 54))).collect();
        assert_eq!(forgotten, [&runs[1]]);
    }
}
