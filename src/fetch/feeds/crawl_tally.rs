//! Counts the feeds of a run by outcome.

/// The feeds of a run, counted by outcome.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(in crate::fetch) struct CrawlTally {
    /// Feeds to fetch in this run that are known so far.
    pub(in crate::fetch) planned: u64,
    /// Planned feeds that are done, whatever their outcome.
    pub(in crate::fetch) done: u64,
    /// Feeds that were read or found to be unchanged.
    pub(in crate::fetch) succeeded: u64,
    /// Feeds that were skipped because they are fresh or rate-limited, or because the run fetches only failed feeds.
    pub(in crate::fetch) skipped: u64,
    /// Feeds whose last fetch failed, in this run or an earlier one.
    pub(in crate::fetch) failing: u64,
    /// Feeds and lists for which this run had no time or no space left.
    pub(in crate::fetch) not_reached: u64,
}
