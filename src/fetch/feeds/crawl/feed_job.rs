//! The addresses of a crawl: the addresses that the source names, and the addresses to fetch.

/// An address to fetch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct FeedJob {
    /// The address, or the path of a local file.
    pub(super) address: String,
    /// Whether the source itself names the address. Only such an address may be a list.
    pub(super) is_source_address: bool,
}

/// An address that the source itself names.
pub(super) struct SourceAddress {
    pub(super) address: String,
    /// If it is a list that was read in this run, the addresses of its feeds.
    pub(super) feeds: Option<Vec<String>>,
}
