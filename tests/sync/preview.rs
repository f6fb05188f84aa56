//! A preview compares and writes nothing.

use lockstep::domain::change_set::ChangeKind;
use lockstep::domain::operation::{StartOptions, StartRequest, Status};
use lockstep::domain::source::Source;

use crate::support::memory_kind::MemoryTable;
use crate::support::test_engine::{full_sync, preview_run};
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    a_preview_lists_the_changes_by_name_and_writes_nothing,
    a_preview_of_a_source_that_a_sync_would_refuse_completes_and_reports_it,
    a_preview_before_the_first_sync_shows_all_as_new,
    a_preview_is_outdated_by_whatever_its_sync_would_do_differently,
];

/// What differs, and what happens before and after the preview.
type PreviewCase<'a> = (&'a str, &'a dyn Fn(), &'a dyn Fn());

/// Everything a preview must not touch.
fn dump_state(db: &TestDatabase, engine: &TestEngine, source: &Source) -> (Vec<Option<String>>, String) {
    let catalog = engine.store.find_catalog(source.id).expect("an answer").expect("a catalog");
    (db.items_as_written(), format!("{catalog:?}"))
}

fn a_preview_lists_the_changes_by_name_and_writes_nothing(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,title\na,One\nb,Two\nc,Three\n");
    engine.sync(&source);
    let before = dump_state(db, &engine, &source);
    engine.rewrite_file(&source, "id,title,year\na,One again,1959\nc,Three,\nd,Four,\n");
    let record = engine.run_request(&source, &preview_run());
    assert_eq!(record.summary.status, Status::Completed);
    assert_eq!(dump_state(db, &engine, &source), before);
    assert_eq!((record.summary.stats.added, record.summary.stats.updated, record.summary.stats.removed), (1, 2, 1));
    let shown_text = "A sync would add 1, update 2 and remove 1. Nothing was written. New column “year”.";
    assert_eq!(record.summary.message, shown_text);
    let names = |kind| -> Vec<String> {
        engine
            .store
            .list_changes(record.summary.id, kind, 100)
            .expect("changes")
            .into_iter()
            .map(|change| change.key)
            .collect()
    };
    assert_eq!(names(ChangeKind::Added), ["d"]);
    assert_eq!(names(ChangeKind::Updated), ["a", "c"]);
    assert_eq!(names(ChangeKind::Removed), ["b"]);
    let updated = &engine.store.list_changes(record.summary.id, ChangeKind::Updated, 1).expect("changes")[0];
    assert_eq!(updated.before.as_deref(), Some(r#"[["id","a"],["title","One"]]"#));
    assert_eq!(updated.after.as_deref(), Some(r#"[["id","a"],["title","One again"],["year","1959"]]"#));
    // The sync then does exactly that.
    let sync = engine.sync(&source);
    assert_eq!((sync.summary.stats.added, sync.summary.stats.updated, sync.summary.stats.removed), (1, 2, 1));
}

fn a_preview_of_a_source_that_a_sync_would_refuse_completes_and_reports_it(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let rows = |from: u32, to: u32| (from..=to).map(|n| format!("{n},Title\n")).collect::<String>();
    let source = engine.csv_source("albums", format!("id,title\n{}", rows(1, 100)));
    engine.sync(&source);
    let before = dump_state(db, &engine, &source);
    for (text, removals, word) in [
        ("id,title\n".to_owned(), 0, "would fail"),
        (String::new(), 0, "would fail"),
        (format!("id,title\n{}", rows(1, 40)), 60, "keep"),
        (format!("id,title\n{}", rows(1001, 1100)), 0, "would fail"),
    ] {
        engine.rewrite_file(&source, &text);
        let record = engine.run_request(&source, &preview_run());
        assert_eq!(record.summary.status, Status::Completed, "{}", record.summary.message);
        assert_eq!(record.withheld_removals, removals, "{}", record.summary.message);
        assert!(record.summary.message.contains(word), "{}", record.summary.message);
        assert_eq!(dump_state(db, &engine, &source), before);
    }
}

fn a_preview_before_the_first_sync_shows_all_as_new(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,title\na,One\nb,Two\n");
    let record = engine.run_request(&source, &preview_run());
    assert_eq!((record.summary.status, record.summary.stats.added), (Status::Completed, 2));
    assert_eq!(db.count_rows("items", "1 = 1"), 0);
    let catalog = engine.store.find_catalog(source.id).expect("an answer").expect("a catalog");
    assert_eq!((catalog.columns.len(), catalog.last_success_at, catalog.item_count), (0, None, 0));
}

fn a_preview_is_outdated_by_whatever_its_sync_would_do_differently(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    // The albums up to `last`; the first five have titles of this wording.
    let albums = |last: usize, wording: &str| {
        let title = |n| format!("{} {n}", if n <= 5 { wording } else { "Title" });
        let rows = (1..=last).map(|n| vec![n.to_string(), title(n)]).collect();
        engine.memory.set_table("albums", MemoryTable::from_rows(&["id", "title"], rows));
    };
    let source = engine.memory_source("albums", MemoryTable::albums(30, "Title"));
    engine.sync(&source);
    let keep = || {
        let review = engine.store.find_review(source.id).expect("an answer").expect("a list");
        engine.control.keep_withheld(review.id, "ada").expect("kept");
    };
    let cases: [PreviewCase<'_>; 5] = [
        ("nothing", &|| albums(29, "Other"), &|| ()),
        ("the fields after", &|| albums(29, "First"), &|| albums(29, "Second")),
        ("the fields before", &|| albums(29, "First"), &|| {
            albums(29, "Second");
            engine.sync(&source);
            albums(29, "First");
        }),
        ("the missing items", &|| albums(28, "Fourth"), &|| albums(27, "Fourth")),
        (
            "what the guards allow",
            &|| {
                albums(29, "Title");
                engine.sync(&source);
                albums(5, "Title");
                engine.sync(&source);
                albums(16, "Fifth");
            },
            &keep,
        ),
    ];
    for (what, before, between) in cases {
        before();
        let preview = engine.run_request(&source, &preview_run());
        between();
        let options = StartOptions { apply_preview: Some(preview.summary.id), ..StartOptions::default() };
        let applied = engine.run_request(&source, &StartRequest { options, ..full_sync() });
        let expected = Some("preview_outdated").filter(|_| what != "nothing");
        assert_eq!(applied.summary.code.as_deref(), expected, "{what}");
        if let Some(again) = applied.summary.successor {
            engine.run(again);
        }
    }
}
