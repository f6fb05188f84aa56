//! Fetches the feeds of a source: which is asked when, by which thread, and what comes of each answer.

pub(super) mod crawler;
pub(super) mod feed_request;
pub(super) mod host_queue;
pub(super) mod ingest;
mod link_base;
pub(super) mod opml_expansion;
pub(super) mod pacing;
pub(super) mod progress;
pub(super) mod state;
pub(super) mod tally;
