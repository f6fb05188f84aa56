//! The addresses of a crawl: those that the source names, and those to fetch.

/// An address to fetch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::fetch) struct FeedJob {
    /// The address, or the path of a local file.
    pub(in crate::fetch) address: String,
    /// Whether the source itself names the address. Only such an address may be a list.
    pub(in crate::fetch) is_source_address: bool,
}

/// An address that the source itself names.
pub(in crate::fetch) struct SourceAddress {
    pub(in crate::fetch) address: String,
    /// If it is a list that was read in this run, the addresses of its feeds.
    pub(in crate::fetch) feeds: Option<Vec<String>>,
}
