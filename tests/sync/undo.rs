//! What an undo does with the columns and the lists that others left, and how one that was cut short is finished.

use lockstep::sync::follow_up::FollowUp;

use crate::support::memory_kind::MemoryTable;
use crate::support::refused_batches::with_refused_batches;
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    an_undo_of_another_run_leaves_the_list_that_waits,
    an_undo_that_is_cut_short_has_too_many_items_rather_than_too_few_and_is_finished_by_another,
    an_undo_of_the_first_load_keeps_the_columns_of_items_that_stay,
    an_undo_keeps_no_columns_of_items_that_were_removed_since,
    an_undo_leaves_columns_that_another_run_changed_last,
];

fn an_undo_of_another_run_leaves_the_list_that_waits(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::albums(100, "Title"));
    engine.sync(&source);
    engine.memory.set_table("albums", MemoryTable::albums(100, "Other"));
    let renamed = engine.sync(&source).summary.id;
    engine.memory.set_table("albums", MemoryTable::albums(40, "Other"));
    let withheld = engine.sync(&source).summary.id;
    engine.control.keep_withheld(withheld, "ada").expect("kept");
    engine.undo_run(renamed);
    let review = engine.store.find_review(source.id).expect("an answer").expect("the list");
    assert_eq!((review.item_count, review.is_open()), (60, false), "the decision stays");
}

fn an_undo_that_is_cut_short_has_too_many_items_rather_than_too_few_and_is_finished_by_another(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,title\n1,One\n2,Two\n3,Three\n");
    engine.sync(&source);
    let catalog = || engine.store.find_catalog(source.id).expect("an answer").expect("a catalog");
    let before = catalog();
    engine.rewrite_file(&source, "id,link,title\n2,https://example.org/2,Two\n4,,Four\n");
    let sync = engine.sync(&source).summary.id;
    for (batches, lines) in [
        (1, ["1|One", "2|https://example.org/2|Two", "3|Three", "4||Four"]),
        (2, ["1|One", "2|Two", "3|Three", "4||Four"]),
    ] {
        let message = with_refused_batches(db, batches, || engine.undo_run(sync));
        assert!(message.contains("database"), "{message}");
        assert_eq!(engine.item_lines(&source), lines);
        assert_eq!((catalog().columns, catalog().column_types), (before.columns.clone(), before.column_types.clone()));
    }
    assert!(engine.undo_run(sync).starts_with("1 album removed."));
    assert_eq!(engine.item_lines(&source), ["1|One", "2|Two", "3|Three"]);
}

fn an_undo_of_the_first_load_keeps_the_columns_of_items_that_stay(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,title\n1,One\n2,Two\n");
    let first = engine.sync(&source).summary.id;
    engine.rewrite_file(&source, "id,title,year\n1,One,1959\n2,Two,\n");
    engine.sync(&source);
    engine.rewrite_file(&source, "id,title,year\n1,One,1960\n2,Two,\n");
    let second = engine.sync(&source).summary.id;
    engine.undo_run(second);
    assert_eq!(engine.item_lines(&source), ["1|One|1959", "2|Two|"]);
    let answer = engine.control.forecast_undo(first).expect("an answer");
    assert!(matches!(answer, FollowUp::Refused(_)), "every item was changed since: {answer:?}");
    let other = engine.csv_source("labels", "id,title\n1,One\n2,Two\n");
    let load = engine.sync(&other).summary.id;
    engine.rewrite_file(&other, "id,title\n1,Uno\n2,Two\n");
    engine.sync(&other);
    engine.undo_run(load);
    assert_eq!(engine.item_lines(&other), ["1|Uno"]);
    let catalog = engine.store.find_catalog(other.id).expect("an answer").expect("a catalog");
    assert_eq!(catalog.columns, ["id", "title"], "the item that stays can be read");
}

fn an_undo_keeps_no_columns_of_items_that_were_removed_since(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,title\n1,One\n2,Two\n");
    engine.sync(&source);
    engine.rewrite_file(&source, "id,title,year\n1,One,1959\n2,Two,1960\n");
    let with_years = engine.sync(&source).summary.id;
    engine.rewrite_file(&source, "id,title,year\n1,One,1959\n");
    engine.sync(&source);
    engine.undo_run(with_years);
    let catalog = engine.store.find_catalog(source.id).expect("an answer").expect("a catalog");
    assert_eq!(
        (catalog.columns, engine.item_lines(&source)),
        (vec!["id".into(), "title".into()], vec!["1|One".into()])
    );
}

fn an_undo_leaves_columns_that_another_run_changed_last(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let table = |columns: &[&str], last: usize| {
        let row =
            |n: usize| columns.iter().map(move |name| if *name == "id" { n.to_string() } else { (*name).to_owned() });
        let rows = (1..=last).map(|n| row(n).collect()).collect();
        engine.memory.set_table("albums", MemoryTable::from_rows(columns, rows));
    };
    let source = engine.memory_source("albums", MemoryTable::albums(1, "Title"));
    table(&["id", "year", "title"], 30);
    engine.sync(&source);
    table(&["id", "title"], 30);
    let without_years = engine.sync(&source).summary.id;
    // The other items are withheld and stay as the run before left them.
    table(&["id", "title", "label"], 10);
    assert_eq!(engine.sync(&source).withheld_removals, 20);
    assert!(engine.undo_run(without_years).starts_with("20 albums restored."));
    let catalog = engine.store.find_catalog(source.id).expect("an answer").expect("a catalog");
    assert_eq!(catalog.columns, ["id", "title", "label"]);
}
