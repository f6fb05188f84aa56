//! Random histories of one catalog: sheets, syncs, failures, kills, cancels, previews, removals and undos. After each
//! step the catalog equals a simple model, on both databases.
//!
//! Wrong engines were seen to fail here: undos that touch items which changed later, restore no digest, search text,
//! column or type, record wrong fields, or keep the validators; runs that were cut short and lose changes; lists that
//! wait too long, or forget or keep a decision; previews that show other items or fields than the sync changes, or
//! write something; counts, `added_by`, `changed_by` and the times of items that are not kept. What needs a rare order
//! of steps has a test of its own in `undo`, `removals`, `preview` and `second_steps`.

mod blocks;
mod checks;
mod columns;
mod form_history;
mod model;
mod player;
mod review;
mod sheet;
mod steps;
mod stored_rows;

use std::cell::Cell;

use proptest::test_runner::{Config, TestRunner};

use self::form_history::FormHistory;
use self::player::HistoryPlayer;
use self::steps::{any_edit, any_history};
use crate::support::{TestDatabase, on_both_databases};

on_both_databases![
    every_history_leaves_the_catalog_that_the_model_predicts,
    an_undo_of_the_last_sync_restores_every_byte,
];

/// The number of random histories for each database.
const HISTORIES: u32 = 20;

fn every_history_leaves_the_catalog_that_the_model_predicts(db: &TestDatabase) {
    let config = Config { cases: HISTORIES, max_shrink_iters: 60, failure_persistence: None, ..Config::default() };
    let number = Cell::new(0);
    TestRunner::new(config)
        .run(&any_history(2..7), |history| {
            number.set(number.get() + 1);
            let mut player =
                HistoryPlayer::new(db, &format!("albums-{}", number.get()), FormHistory::of_number(number.get()));
            for step in &history {
                player.play(step);
            }
            player.finish();
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
}

fn an_undo_of_the_last_sync_restores_every_byte(db: &TestDatabase) {
    let config = Config { cases: HISTORIES / 2, max_shrink_iters: 60, failure_persistence: None, ..Config::default() };
    let number = Cell::new(0);
    TestRunner::new(config)
        .run(&(any_history(0..3), any_edit()), |(history, edit)| {
            number.set(number.get() + 1);
            let mut player =
                HistoryPlayer::new(db, &format!("labels-{}", number.get()), FormHistory::of_number(number.get()));
            for step in history.iter().chain([&edit]) {
                player.play(step);
            }
            player.sync_and_undo();
            player.finish();
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
}
