//! Fetches the feeds of a source: decides which feed is fetched when, by which thread, and what each response means.
//!
//! [`pacing`] decides whether a feed is fetched now. [`crawler`] runs the threads, which take jobs from [`host_queue`],
//! make one request each ([`feed_request`]) and read the body (`ingest`). [`state`] and `opml_expansion` keep what is
//! known about the feeds of the source.

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
