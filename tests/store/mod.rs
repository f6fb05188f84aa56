//! The store on both databases: admission, the queue, leases, search and history.

mod accounts;
mod added_items;
mod admission;
mod catalog_queries;
mod changes;
mod compaction;
mod cooldown;
mod feed_counts;
mod feeds;
mod fencing;
mod freshness;
mod history;
mod history_filters;
mod item_history;
mod queue;
mod recent_changes;
mod repeated_options;
mod results;
mod retention;
mod schedules;
mod search;
mod servers;
mod sorting;
mod takeover;
mod transitions;
pub(crate) mod worker_steps;
mod write_marks;
