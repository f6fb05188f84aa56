//! Counts the feeds of a run by outcome.

/// The feeds of a run, counted by outcome.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct CrawlTally {
    /// Feeds to fetch in this run that are known so far.
    pub(super) planned: u64,
    /// Planned feeds that are done, whatever their outcome.
    pub(super) done: u64,
    /// Feeds that were read or found to be unchanged.
    pub(super) succeeded: u64,
    /// Feeds that were skipped because they are fresh or rate-limited, or because the run fetches only failed feeds.
    pub(super) skipped: u64,
    /// Feeds whose last fetch failed, in this run or an earlier one.
    pub(super) failing: u64,
    /// Feeds and lists for which this run had no time or no space left.
    pub(super) not_reached: u64,
}
