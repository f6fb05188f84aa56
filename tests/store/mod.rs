//! The cellar, on both databases: admission, the queue, leases, and what is found again.

mod added;
mod admission;
mod appointments;
mod cooldown;
mod feed_counts;
mod feeds;
mod fence;
mod history;
mod queue;
mod results;
mod retention;
mod search;
mod servers;
mod sorting;
mod take_over;
mod transitions;
pub(crate) mod work;
