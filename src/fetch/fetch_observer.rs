//! What a fetch reports while it runs, and how it is stopped.

use chrono::{DateTime, Utc};

use crate::domain::feed::FeedRecord;
use crate::domain::issue::Issue;
use crate::domain::progress::ProgressCount;
use crate::domain::source_probe::SourceTabs;

/// Receives the reports of a running fetch and decides whether it continues.
///
/// A kind calls these methods often, so they must be cheap. They may be called from several threads.
pub trait FetchObserver: Sync {
    /// Reports the bytes received so far, and the expected total if the server sent one.
    fn report_received(&self, bytes: u64, total: Option<u64>);

    /// Reports that `host` asked the client to wait until `until`. The fetch resumes after that.
    fn report_wait(&self, host: &str, until: DateTime<Utc>);

    /// Reports the progress of a source that has many parts, such as feeds. Calls do not overlap.
    fn report_progress(&self, _progress: &FetchProgress) {}

    /// Reports a part that was skipped or repaired. The fetch continues.
    fn report_issue(&self, _issue: Issue) {}

    /// Reports the records of all feeds of the source. They are saved however the run ends, and come back as
    /// [`FetchRequest::feeds`](super::FetchRequest::feeds).
    fn report_feeds(&self, _feeds: Vec<FeedRecord>) {}

    /// Reports the name that the source gives itself: the title of a sheet, the name of a file.
    fn report_title(&self, _title: &str) {}

    /// Reports the tabs of a sheet or workbook, also if none of them has the wanted name.
    fn report_tabs(&self, _tabs: SourceTabs) {}

    /// Whether the fetch must end now, because of a cancel, a shutdown or a lost lease. A kind asks at least every
    /// 500 ms and then returns [`FetchError::Stopped`](super::FetchError::Stopped).
    fn should_stop(&self) -> bool;
}

/// Reports nothing and never stops the fetch, which ends at its time limit.
#[derive(Debug)]
pub(super) struct SilentObserver;

impl FetchObserver for SilentObserver {
    fn report_received(&self, _: u64, _: Option<u64>) {}

    fn report_wait(&self, _: &str, _: DateTime<Utc>) {}

    fn should_stop(&self) -> bool {
        false
    }
}

/// The progress of a fetch whose source has many parts.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct FetchProgress {
    /// A message for people, such as "Fetching feed 5 of 22…".
    pub message: String,
    /// Finished and expected steps, in a unit that the kind chooses. A total of 0 means that it is not known yet.
    pub steps: ProgressCount,
    /// Bytes received so far.
    pub bytes: u64,
    /// Feeds that were requested, for kinds that have feeds.
    pub feeds: Option<ProgressCount>,
    /// Articles that were found, for kinds that have articles. Articles that are still being downloaded are not
    /// processed.
    pub articles: Option<ProgressCount>,
}
