//! A fetch that fails in any way leaves the catalog unchanged, and the next sync brings it up to date.

use std::sync::Arc;
use std::time::Duration;

use lockstep::domain::operation::Status;
use lockstep::domain::source::Source;
use lockstep::sync::Timeouts;

use crate::support::source_fixture::SourceFixture;
use crate::support::stub_server::{ReplyTransform, StubReply};
use crate::support::test_engine::{TEST_TIMEOUTS, incremental_sync, source_draft};
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    a_failed_fetch_of_a_table_changes_nothing_and_the_next_sync_succeeds,
    a_failed_fetch_of_articles_changes_nothing_and_the_next_sync_succeeds,
];

/// The name of the server that never answers.
const SILENT_SERVER: &str = "silence";

/// Replies that make a fetch fail, each with validators that must not be kept.
fn bad_replies() -> [(&'static str, ReplyTransform); 6] {
    let bomb = StubReply::bomb(20_000_000);
    let transform = |transform: fn(StubReply) -> StubReply| -> ReplyTransform {
        Arc::new(move |whole| transform(whole).etag("\"spoiled\""))
    };
    [
        ("a page", transform(|_| StubReply::html("<!doctype html><title>Log in</title>"))),
        ("a private redirect", transform(|_| StubReply::redirect(302, "http://10.0.0.1/"))),
        ("half a gzip", transform(|whole| whole.gzip().halved())),
        ("a bomb", Arc::new(move |_| bomb.clone().etag("\"spoiled\""))),
        ("a reset", transform(StubReply::reset)),
        (SILENT_SERVER, transform(StubReply::hang)),
    ]
}

/// The whole catalog: its items with positions and fields, its columns and its validators.
fn dump_catalog(db: &TestDatabase, engine: &TestEngine, source: &Source) -> String {
    let catalog = engine.store.find_catalog(source.id).expect("an answer").expect("a catalog");
    let columns: Vec<_> = catalog.typed_columns().collect();
    format!("{:?} {columns:?} {:?} {}", db.items_as_written(), catalog.validators, catalog.item_count)
}

fn a_failed_fetch_of_a_table_changes_nothing_and_the_next_sync_succeeds(db: &TestDatabase) {
    check_failed_fetches(db, &["csv", "excel", "sheet"]);
}

fn a_failed_fetch_of_articles_changes_nothing_and_the_next_sync_succeeds(db: &TestDatabase) {
    check_failed_fetches(db, &["feeds", "reader"]);
}

fn check_failed_fetches(db: &TestDatabase, kinds: &[&str]) {
    for fixture in SourceFixture::all().into_iter().filter(|fixture| kinds.contains(&fixture.kind)) {
        let engine_with = |timeouts: Timeouts| {
            TestEngine::with_fetch_settings(db.store(), timeouts, |settings| {
                fixture.apply_settings(settings);
                settings.max_bytes = 5_000_000;
            })
        };
        // Only a server that never answers is given up after a second; all other runs take the time they need.
        let engine = engine_with(TEST_TIMEOUTS);
        let limited = engine_with(Timeouts { fetch: Duration::from_secs(1), ..TEST_TIMEOUTS });
        let draft = source_draft("news", fixture.kind, fixture.location.clone());
        let source = engine.store.add_source(&draft, None).expect("a source");
        let first = engine.run_request(&source, &incremental_sync());
        assert_eq!(
            (first.summary.status, first.summary.stats.added),
            (Status::Completed, 120),
            "{}: {}",
            fixture.name,
            first.summary.message
        );
        let known = dump_catalog(db, &engine, &source);
        for (name, transform) in bad_replies() {
            let what = format!("{name} by {}", fixture.name);
            // Known articles are not requested again.
            if fixture.uses_form {
                fixture.add_item();
            }
            let before = dump_catalog(db, &engine, &source);
            fixture.inject_fault(&transform);
            let runner = if name == SILENT_SERVER { &limited } else { &engine };
            let record = runner.run_request(&source, &incremental_sync());
            let reported = if fixture.is_list() { Status::Completed } else { Status::Failed };
            assert_eq!(record.summary.status, reported, "{what}: {}", record.summary.message);
            assert!(record.summary.code.is_some() || record.issues == 1, "{what}: {record:?}");
            let seen = format!("{} {:?}", record.summary.message, runner.status_report(record.summary.id));
            assert!(fixture.secrets().iter().all(|secret| !seen.contains(secret)), "{what}: {seen}");
            assert_eq!(dump_catalog(db, &engine, &source), before, "{what}: {}", record.summary.message);
            fixture.clear_faults();
            let healed = engine.run_request(&source, &incremental_sync());
            let news = u64::from(fixture.uses_form);
            let counts =
                (healed.summary.stats.added, healed.summary.stats.updated, healed.summary.stats.removed, healed.issues);
            assert_eq!(
                (healed.summary.status, counts),
                (Status::Completed, (news, 0, 0, 0)),
                "{what}: {}",
                healed.summary.message
            );
            if !fixture.uses_form {
                assert_eq!(dump_catalog(db, &engine, &source), known, "{what}: and so it stays");
            }
        }
        fixture.add_item();
        let news = engine.run_request(&source, &incremental_sync());
        assert_eq!(
            (news.summary.status, news.summary.stats.added, news.summary.stats.removed),
            (Status::Completed, 1, 0),
            "{}",
            fixture.name
        );
        engine.store.remove_source(source.id).expect("removed");
    }
}
