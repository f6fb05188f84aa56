//! Counts the feeds of a run by outcome.

/// The feeds of a run, counted by outcome.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(in crate::fetch) struct CrawlTally {
    /// Feeds to fetch in this run, as far as is known by now.
    pub(in crate::fetch) planned: u64,
    /// Those of the planned feeds that are done, whatever their outcome.
    pub(in crate::fetch) done: u64,
    /// Feeds that answered without an error.
    pub(in crate::fetch) succeeded: u64,
    /// Feeds that were skipped: they are fresh or rate-limited, or only failed feeds were requested.
    pub(in crate::fetch) skipped: u64,
    /// Feeds whose last fetch failed, in this run or before.
    pub(in crate::fetch) failing: u64,
    /// Feeds and lists for which this run had no time or no space left.
    pub(in crate::fetch) not_reached: u64,
}
