use super::completed_sync::{RunResult, catalog_state_label, completed_message};
use super::kept_items::KeptReason;
use super::{
    FailedFeeds, Noun, OperationKind, ProgressCount, RunStats, Status, fetching_feed_message, format_issue_count,
    outcome_label, run_outcome_label, stopped_message, syncing_message, unchanged_message, would_leave_out_message,
};

fn message(stats: RunStats, withheld: u64) -> String {
    let noun = Noun { one: "album".to_owned(), many: "albums".to_owned() };
    completed_message(
        &RunResult { noun: &noun, stats, withheld, kept_reason: &KeptReason::LargeDeletion, newest_only: false },
        "",
    )
}

fn feeds(failed: u64, total: u64) -> RunStats {
    let failed_feeds = Some(FailedFeeds { failed, total });
    RunStats { articles: Some(ProgressCount::default()), failed_feeds, ..RunStats::default() }
}

#[test]
fn skipped_rows_are_part_of_every_text() {
    let stats = RunStats { added: 5, rejected: 3, ..RunStats::default() };
    assert_eq!(message(stats, 0), "5 added, 0 updated, 0 removed. 3 rows skipped.");
    assert_eq!(message(RunStats { added: 0, ..stats }, 0), "No changes. 3 rows skipped.");
    assert_eq!(outcome_label(Status::Completed, &stats), "Completed, 3 rows skipped");
    assert_eq!(run_outcome_label(OperationKind::Sync, Status::Completed, &stats), "Sync completed, 3 rows skipped");
    assert_eq!(catalog_state_label(&stats, 0), "Completed, 3 rows skipped");
    assert_eq!(catalog_state_label(&stats, 94), "94 removals need review, 3 rows skipped");
    assert_eq!(catalog_state_label(&RunStats::default(), 1), "1 removal needs review");
    assert_eq!(would_leave_out_message(&stats), " 3 rows would be skipped.");
    assert_eq!(stopped_message("Cancelled at 63 %.", &stats), "Cancelled at 63 %. 3 rows skipped.");
    let one = RunStats { rejected: 1, ..RunStats::default() };
    assert_eq!(outcome_label(Status::Failed, &one), "Failed, 1 row skipped");
    let many = RunStats { rejected: 12_480, ..RunStats::default() };
    assert_eq!(outcome_label(Status::Completed, &many), "Completed, 12,480 rows skipped");
}

#[test]
fn digits_are_grouped_in_progress_messages() {
    let noun = Noun { one: "album".to_owned(), many: "albums".to_owned() };
    let count = |processed, total| ProgressCount { processed, total };
    assert_eq!(syncing_message(&noun, count(48_000, 120_000)), "Syncing album 48,000 of 120,000…");
    assert_eq!(fetching_feed_message(count(4, 22)), "Fetching feed 5 of 22…");
    assert_eq!(fetching_feed_message(count(12_000, 12_000)), "Fetching feed 12,000 of 12,000…");
    assert_eq!(format_issue_count(1), "1 issue");
    assert_eq!(format_issue_count(12_000), "12,000 issues");
}

#[test]
fn a_message_without_skipped_rows_does_not_mention_them() {
    let stats = RunStats { unchanged: 47, ..RunStats::default() };
    assert_eq!(message(stats, 0), "No changes: 47 albums.");
    assert_eq!(outcome_label(Status::Completed, &stats), "Completed");
    assert_eq!(catalog_state_label(&stats, 0), "Up to date");
    assert_eq!(would_leave_out_message(&stats), "");
}

#[test]
fn feeds_that_failed_count_as_left_out() {
    let stats = RunStats { added: 2, ..feeds(1, 2) };
    assert_eq!(message(stats, 0), "2 added, 0 updated, 0 removed. 1 of 2 feeds failed; others updated.");
    assert_eq!(outcome_label(Status::Completed, &stats), "Completed, 1 of 2 feeds failed");
    let noun = Noun { one: "article".to_owned(), many: "articles".to_owned() };
    assert_eq!(unchanged_message(&noun, &stats), "No new articles. 1 of 2 feeds failed; others updated.");
    assert_eq!(unchanged_message(&noun, &feeds(1, 1)), "No new articles. The feed failed.");
    let both = RunStats { rejected: 1, ..stats };
    assert_eq!(outcome_label(Status::Completed, &both), "Completed, 1 of 2 feeds failed, 1 article skipped");
}
