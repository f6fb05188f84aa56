//! Items after a completed sync.

use super::history_builder::HistoryBuilder;
use crate::servers::run_lives::checker::LifeRule;

/// Edition 1 with 100 rows, and a run that completed.
fn synced() -> HistoryBuilder {
    HistoryBuilder::default().sheet((0, 10), 1, 100).start((1000, 1100), 202, "a").poll(
        (2000, 2100),
        "a",
        "completed",
        100,
    )
}

#[test]
fn items_that_are_missing_after_a_completed_sync_are_found() {
    synced().items((2100, 2200), 1, 99).breaks(LifeRule::ItemsDiffer);
    synced().items((2100, 2200), 1, 100).is_legal();
    // The run may have ended after this call had read the items.
    synced().items((2099, 2200), 1, 99).is_legal();
}

#[test]
fn items_of_an_edition_that_was_replaced_before_the_sync_are_found() {
    let replaced = |span| synced().sheet(span, 2, 120).items((2100, 2200), 1, 100);
    replaced((900, 1000)).breaks(LifeRule::ItemsDiffer);
    // The sync may have fetched the sheet before it was replaced.
    replaced((900, 1001)).is_legal();
    // It may have fetched the new one, too.
    synced().sheet((2000, 2050), 2, 120).items((2100, 2200), 2, 120).is_legal();
    synced().sheet((2150, 2160), 2, 120).items((2100, 2200), 2, 120).breaks(LifeRule::ItemsDiffer);
}

#[test]
fn items_are_not_compared_while_another_run_may_change_them() {
    let other = |begin| synced().start((begin, begin + 50), 202, "b").items((2100, 2200), 1, 99);
    other(2199).is_legal();
    other(2200).breaks(LifeRule::ItemsDiffer);
    // A preview changes nothing.
    synced().preview((2150, 2180), "p").items((2100, 2200), 1, 99).breaks(LifeRule::ItemsDiffer);
    // A run that was first seen later may come from a start without an answer, and not from nothing.
    let late = |history: HistoryBuilder| history.items((2100, 2200), 1, 99).poll((9000, 9100), "b", "completed", 100);
    late(synced().lost_start((1500, 1600))).is_legal();
    late(synced().lost_start((2300, 2400))).breaks(LifeRule::ItemsDiffer);
}

#[test]
fn items_are_not_compared_after_a_run_that_did_not_complete() {
    HistoryBuilder::default()
        .sheet((0, 10), 1, 100)
        .start((1000, 1100), 202, "a")
        .poll((2000, 2100), "a", "failed", 40)
        .items((2100, 2200), 1, 60)
        .is_legal();
}

#[test]
fn items_of_an_edition_that_was_never_published_are_found() {
    HistoryBuilder::default().sheet((0, 10), 1, 100).items((500, 600), 7, 100).breaks(LifeRule::UnpublishedItems);
    HistoryBuilder::default().sheet((600, 700), 1, 100).items((500, 600), 1, 100).is_legal();
    HistoryBuilder::default().sheet((601, 700), 1, 100).items((500, 600), 1, 100).breaks(LifeRule::UnpublishedItems);
}
