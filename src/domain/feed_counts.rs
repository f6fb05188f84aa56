//! How the feeds of a source fare as a whole.

/// How many feeds a source is made of, and how many of them failed the last time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
pub struct FeedCounts {
    /// All of them.
    pub total: u64,
    /// Those whose last try failed.
    pub failing: u64,
}
