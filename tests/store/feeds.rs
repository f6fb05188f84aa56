//! The stored state of feeds, and its counts.

use lockstep::domain::feed::FeedRecord;
use lockstep::domain::feed_counts::FeedCounts;
use lockstep::domain::operation::Status;
use lockstep::store::finish::RunEnding;

use super::worker_steps::{LEASE_TERM, add_source, claim_run, queue_run, run_ending};
use crate::support::test_engine::full_sync;
use crate::support::{TestDatabase, on_both_databases};

on_both_databases![feeds_are_counted_for_sources_of_feeds];

fn feeds_are_counted_for_sources_of_feeds(db: &TestDatabase) {
    let store = db.store();
    let (news, albums) = (add_source(&store, "news"), add_source(&store, "albums"));
    assert_eq!(store.feed_counts(news).expect("an answer"), None, "nothing is known yet");
    let keep = |failures: [u32; 3], status: Status| {
        queue_run(&store, news, &full_sync());
        let (_, lease) = claim_run(&store, 1, LEASE_TERM).expect("a run");
        let feed = |(at, failures): (usize, u32)| FeedRecord {
            failures,
            ..FeedRecord::new(format!("https://h.example/{at}"))
        };
        let feeds = Some(failures.into_iter().enumerate().map(feed).collect());
        store.finish_run(lease, &RunEnding { feeds, ..run_ending(status) }).expect("ended");
    };
    keep([0, 1, 7], Status::Completed);
    let counts = |total, failing| FeedCounts { total, failing, retry_blocked_until: None };
    assert_eq!(store.feed_counts(news).expect("an answer"), Some(counts(3, 2)));
    assert_eq!(store.all_feed_counts().expect("an answer"), [(news, counts(3, 2))].into(), "not of the others");
    assert_eq!(store.feed_counts(albums).expect("an answer"), None);
    keep([1, 1, 1], Status::Failed);
    assert_eq!(store.feed_counts(news).expect("an answer"), Some(counts(3, 3)), "it is kept however a run ends");
}
