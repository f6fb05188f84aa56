//! The addresses of a crawl: those that the source names, and those to fetch.

/// An address to fetch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::fetch) struct FeedJob {
    /// The address, or the path of a local file.
    pub(in crate::fetch) address: String,
    /// Whether the source itself names the address. Only then it may be a list.
    pub(in crate::fetch) is_source_address: bool,
}

/// An address that the source names.
pub(in crate::fetch) struct SourceAddress {
    pub(in crate::fetch) address: String,
    /// The feeds that it names, where it is a list that was read in this run.
    pub(in crate::fetch) feeds: Option<Vec<String>>,
}
