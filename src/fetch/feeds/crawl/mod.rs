//! Fetches the feeds of a source: decides when each feed is fetched and by which thread, and records the result.
//!
//! [`pacing`] decides whether a feed is fetched now. [`crawler`] runs the threads, which take jobs from [`host_queue`],
//! make one request each ([`feed_request`]) and read the body (`ingest`). [`state`] and `opml_expansion` keep the
//! records of the source's feeds.

pub(super) mod crawler;
mod feed_job;
pub(super) mod feed_request;
mod host_queue;
mod host_rate_limits;
mod ingest;
mod link_base;
mod opml_expansion;
pub(super) mod pacing;
mod progress;
pub(super) mod state;
