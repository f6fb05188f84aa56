//! Whatever a server outside does to a sync, the catalog that was synced before is as it was, and the next sync heals.

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
    a_catalog_made_of_a_table_keeps_everything_and_the_next_sync_heals,
    a_catalog_made_of_articles_keeps_everything_and_the_next_sync_heals,
];

/// The name of the server that never answers.
const SILENCE: &str = "silence";

/// Misdeeds, each with validators that must not be kept.
fn deeds() -> [(&'static str, ReplyTransform); 6] {
    let bomb = StubReply::bomb(20_000_000);
    let deed =
        |deed: fn(StubReply) -> StubReply| -> ReplyTransform { Arc::new(move |whole| deed(whole).etag("\"spoiled\"")) };
    [
        ("a page", deed(|_| StubReply::html("<!doctype html><title>Log in</title>"))),
        ("a private redirect", deed(|_| StubReply::redirect(302, "http://10.0.0.1/"))),
        ("half a gzip", deed(|whole| whole.gzip().halved())),
        ("a bomb", Arc::new(move |_| bomb.clone().etag("\"spoiled\""))),
        ("a reset", deed(StubReply::reset)),
        (SILENCE, deed(StubReply::hang)),
    ]
}

/// What the catalog is: its items with their places and fields, its columns, and what is known of the last version.
fn whole(db: &TestDatabase, house: &TestEngine, source: &Source) -> String {
    let catalog = house.store.catalog(source.id).expect("an answer").expect("a catalog");
    let columns: Vec<_> = catalog.typed_columns().collect();
    format!("{:?} {columns:?} {:?} {}", db.items_as_written(), catalog.validators, catalog.item_count)
}

fn a_catalog_made_of_a_table_keeps_everything_and_the_next_sync_heals(db: &TestDatabase) {
    every_way_keeps_everything(db, &["csv", "excel", "sheet"]);
}

fn a_catalog_made_of_articles_keeps_everything_and_the_next_sync_heals(db: &TestDatabase) {
    every_way_keeps_everything(db, &["feeds", "reader"]);
}

fn every_way_keeps_everything(db: &TestDatabase, kinds: &[&str]) {
    for way in SourceFixture::all().into_iter().filter(|way| kinds.contains(&way.kind)) {
        let engine_with = |timeouts: Timeouts| {
            TestEngine::fetching(db.store(), timeouts, |settings| {
                way.settle(settings);
                settings.max_bytes = 5_000_000;
            })
        };
        // Only a server that never answers is given up after a second; all other runs take the time they need.
        let house = engine_with(TEST_TIMEOUTS);
        let impatient = engine_with(Timeouts { fetch: Duration::from_secs(1), ..TEST_TIMEOUTS });
        let draft = source_draft("news", way.kind, way.location.clone());
        let source = house.store.add_source(&draft, None).expect("a source");
        let first = house.go(&source, &incremental_sync());
        assert_eq!((first.status, first.stats.added), (Status::Completed, 120), "{}: {}", way.name, first.message);
        let known = whole(db, &house, &source);
        for (name, deed) in deeds() {
            let what = format!("{name} by {}", way.name);
            // Articles that are known are not asked for again.
            if way.by_form {
                way.grow();
            }
            let before = whole(db, &house, &source);
            way.misbehave(&deed);
            let engine = if name == SILENCE { &impatient } else { &house };
            let record = engine.go(&source, &incremental_sync());
            let told = if way.is_list() { Status::Completed } else { Status::Failed };
            assert_eq!(record.status, told, "{what}: {}", record.message);
            assert!(record.code.is_some() || record.issues == 1, "{what}: {record:?}");
            let seen = format!("{} {:?}", record.message, engine.report(record.id));
            assert!(way.secrets().iter().all(|secret| !seen.contains(secret)), "{what}: {seen}");
            assert_eq!(whole(db, &house, &source), before, "{what}: {}", record.message);
            way.behave();
            let healed = house.go(&source, &incremental_sync());
            let news = u64::from(way.by_form);
            let counts = (healed.stats.added, healed.stats.updated, healed.stats.removed, healed.issues);
            assert_eq!((healed.status, counts), (Status::Completed, (news, 0, 0, 0)), "{what}: {}", healed.message);
            if !way.by_form {
                assert_eq!(whole(db, &house, &source), known, "{what}: and so it stays");
            }
        }
        way.grow();
        let news = house.go(&source, &incremental_sync());
        assert_eq!((news.status, news.stats.added, news.stats.removed), (Status::Completed, 1, 0), "{}", way.name);
        house.store.remove_source(source.id).expect("removed");
    }
}
