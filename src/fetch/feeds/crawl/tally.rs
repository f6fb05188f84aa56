//! How many feeds of a run had which outcome.

/// The feeds of a run, counted by outcome.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(in crate::fetch) struct CrawlTally {
    /// Feeds to fetch in this run, as far as is known by now.
    pub(in crate::fetch) to_ask: u64,
    /// Feeds of those that are done, whatever the outcome.
    pub(in crate::fetch) asked: u64,
    /// Feeds that answered without an error.
    pub(in crate::fetch) answered: u64,
    /// Feeds that were not fetched because they are fresh or rate-limited, or only failed feeds were asked for.
    pub(in crate::fetch) left_alone: u64,
    /// Feeds whose last fetch failed, in this run or before.
    pub(in crate::fetch) failing: u64,
    /// Feeds and lists for which this run had no time or no space left.
    pub(in crate::fetch) not_reached: u64,
}
