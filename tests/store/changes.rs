//! The changes of a run are searched, filtered by kind, paged and read one step after the other.

use lockstep::domain::change_set::ChangeKind;
use lockstep::domain::sync_id::SyncId;
use lockstep::store::changes::{ChangeCounts, ChangeCursor, ChangeFilter};

use crate::support::memory_kind::MemoryTable;
use crate::support::test_engine::preview_run;
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    a_search_finds_keys_and_values_of_both_sides_without_case_and_accents,
    names_of_columns_are_not_found,
    changes_of_an_older_version_are_found_by_their_fields,
    pages_and_steps_hold_every_change_once_across_rows_and_added_items,
    the_first_load_stores_no_changes,
    the_change_of_one_item_is_found_by_its_key,
];

fn filter(kinds: &[ChangeKind], search: &str) -> ChangeFilter {
    ChangeFilter { kinds: kinds.to_vec(), search: search.to_owned() }
}

/// The keys of the changes that match, by kind and then in their order.
fn find_keys(engine: &TestEngine, run: SyncId, search: &str) -> Vec<String> {
    let found = engine.store.change_page(run, &filter(&[], search), 1, 100).expect("an answer, whatever is searched");
    assert_eq!(found.total, found.changes.len() as u64);
    let counts = found.counts;
    assert_eq!(found.total, counts.added + counts.updated + counts.removed);
    found.changes.into_iter().map(|change| change.key).collect()
}

/// A run that added `n1` and `n2`, returned `b1`, changed `u1` to `u3` and removed `r1`.
fn run_with_all_kinds(engine: &TestEngine) -> SyncId {
    let columns = ["id", "artist", "title"];
    let first = [
        ["b1", "Björk", "Homogenic"],
        ["r1", "HÜSKER DÜ", "Zen Arcade"],
        ["u1", "Sigur Rós", "Ágætis byrjun"],
        ["u2", "Miles Davis", "Milestones 100%"],
        ["u3", "Can", "title"],
    ];
    let source = engine.memory_source("albums", MemoryTable::new(&columns, &first));
    engine.sync(&source);
    engine.memory.set_table("albums", MemoryTable::new(&columns, &first[1..]));
    engine.sync(&source);
    let rows = [
        ["n1", "Joni Mitchell", "Blue"],
        ["n2", "Motörhead", "Overkill"],
        ["b1", "Björk", "Homogenic"],
        ["u1", "Sigur Rós", "Takk…"],
        ["u2", "Miles Davis", "Kind of Blue"],
        ["u3", "Can", "Tago Mago"],
    ];
    engine.memory.set_table("albums", MemoryTable::new(&columns, &rows));
    engine.sync(&source).summary.id
}

fn a_search_finds_keys_and_values_of_both_sides_without_case_and_accents(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let run = run_with_all_kinds(&engine);
    for (search, keys) in [
        ("", &["b1", "n1", "n2", "u1", "u2", "u3", "r1"][..]),
        ("bjork", &["b1"]),
        ("BJÖRK homogenic", &["b1"]),
        ("agætis", &["u1"]),
        ("takk", &["u1"]),
        ("blue", &["n1", "u2"]),
        ("blue miles", &["u2"]),
        ("blue milestones", &["u2"]),
        ("motorhead", &["n2"]),
        ("husker", &["r1"]),
        ("U3", &["u3"]),
        ("N1", &["n1"]),
        ("100%", &["u2"]),
        ("%", &["u2"]),
        ("_", &[]),
        ("'; DROP TABLE items; --", &[]),
        ("? $1 \\", &[]),
        ("\0", &["b1", "n1", "n2", "u1", "u2", "u3", "r1"]),
        ("nobody", &[]),
    ] {
        assert_eq!(find_keys(&engine, run, search), keys, "{search:?}");
    }
    let blue = engine.store.change_page(run, &filter(&[ChangeKind::Updated], "blue"), 1, 10).expect("a page");
    assert_eq!(blue.counts, ChangeCounts { added: 1, updated: 1, removed: 0 }, "all kinds are counted");
    assert_eq!((blue.total, &*blue.changes[0].key), (1, "u2"));
}

fn names_of_columns_are_not_found(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let run = run_with_all_kinds(&engine);
    assert_eq!(find_keys(&engine, run, "artist"), [""; 0]);
    assert_eq!(find_keys(&engine, run, "title"), ["u3"], "its former value is the word");
    db.run_sql("UPDATE item_changes SET search_text = NULL");
    assert_eq!(find_keys(&engine, run, "artist"), [""; 0]);
    assert_eq!(find_keys(&engine, run, "title"), ["u3"]);
}

fn changes_of_an_older_version_are_found_by_their_fields(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let run = run_with_all_kinds(&engine);
    // The older version does not know the column.
    db.run_sql("UPDATE item_changes SET search_text = NULL WHERE key <> 'u2'");
    for (search, keys) in [
        ("Björk", &["b1"][..]),
        ("HOMOGENIC", &["b1"]),
        ("takk", &["u1"]),
        ("zen arcade", &["r1"]),
        ("miles 100%", &["u2"]),
        ("blue", &["n1", "u2"]),
        ("R1", &["r1"]),
        ("%", &["u2"]),
        ("nobody", &[]),
    ] {
        assert_eq!(find_keys(&engine, run, search), keys, "{search:?}");
    }
}

/// The keys of all changes, read in steps of `step`.
fn read_steps(engine: &TestEngine, run: SyncId, filter: &ChangeFilter, step: u32) -> Vec<String> {
    let (mut keys, mut cursor) = (Vec::new(), Some(ChangeCursor::default()));
    while let Some(from) = cursor {
        let (changes, next) = engine.store.changes_after(run, filter, from, step).expect("a step");
        assert!(changes.len() <= step as usize);
        keys.extend(changes.into_iter().map(|change| change.key));
        cursor = next;
    }
    keys
}

fn pages_and_steps_hold_every_change_once_across_rows_and_added_items(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::albums(40, "Title"));
    engine.sync(&source);
    engine.memory.set_table("albums", MemoryTable::numbered_albums(1..=30, "Title"));
    engine.sync(&source);
    // Ten return, fifteen are new, 28 are changed and two are removed.
    engine.memory.set_table("albums", MemoryTable::numbered_albums(3..=55, "Other"));
    let run = engine.sync(&source).summary.id;
    for (kinds, search, total) in [
        (&[][..], "", 55),
        (&[][..], "other", 53),
        (&[][..], "title", 30),
        (&[ChangeKind::Added], "", 25),
        (&[ChangeKind::Added], "other", 25),
        (&[ChangeKind::Updated, ChangeKind::Removed], "", 30),
        (&[ChangeKind::Removed], "title 2", 1),
    ] {
        let filter = filter(kinds, search);
        let all = engine.store.change_page(run, &filter, 1, 500).expect("a page");
        let keys: Vec<String> = all.changes.iter().map(|change| change.key.clone()).collect();
        assert_eq!((all.total, keys.len()), (total, usize::try_from(total).expect("small")), "{filter:?}");
        for per in [1, 7, 24, 25, 26, 54, 55] {
            let pages = 1..=total.div_ceil(per) + 1;
            let paged: Vec<String> = pages
                .flat_map(|page| engine.store.change_page(run, &filter, page, per).expect("a page").changes)
                .map(|change| change.key)
                .collect();
            assert_eq!(paged, keys, "{filter:?}, {per} a page");
            let step = u32::try_from(per).expect("small");
            assert_eq!(read_steps(&engine, run, &filter, step), keys, "{filter:?}, in steps of {per}");
        }
    }
}

fn the_first_load_stores_no_changes(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::albums(60, "Title"));
    let run = engine.sync(&source).summary.id;
    assert_eq!(db.count_rows("item_changes", "1 = 1"), 0);
    let found = engine.store.change_page(run, &filter(&[], "title 7"), 1, 50).expect("a page");
    assert_eq!((found.total, &*found.changes[0].key), (6, "7"), "7, 17, 27 …");
    let preview = engine.run_request(&source, &preview_run()).summary.id;
    assert_eq!(find_keys(&engine, preview, ""), [""; 0]);
}

fn the_change_of_one_item_is_found_by_its_key(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let run = run_with_all_kinds(&engine);
    let source = engine.store.find_record(run).expect("an answer").expect("a record").source_id;
    let find = |key: &str| engine.store.find_change(run, source, key).expect("an answer");
    let kinds = ["n1", "b1", "u1", "r1"].map(|key| find(key).expect("a change").kind);
    assert_eq!(kinds, [ChangeKind::Added, ChangeKind::Added, ChangeKind::Updated, ChangeKind::Removed]);
    assert!(find("n1").is_some_and(|change| change.after.is_some_and(|after| after.contains("Joni"))));
    assert_eq!([find("nothing"), find("'; --"), find("n1\0")], [None, None, None]);
    let live = engine.store.live_item_ids(source, &["n1", "u1", "r1", "nothing"]).expect("ids");
    let mut keys: Vec<&String> = live.keys().collect();
    keys.sort_unstable();
    assert_eq!(keys, ["n1", "u1"]);
}
