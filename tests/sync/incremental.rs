//! Incremental syncs: a source is asked whether it has changed before it is fetched.

use lockstep::domain::operation::{StartOptions, StartRequest, Status};
use lockstep::store::sources::SourceChange;

use crate::support::stub_server::{StubReply, StubServer};
use crate::support::test_engine::{full_sync, incremental_sync, preview_run, source_draft};
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    an_unchanged_source_takes_one_request,
    a_source_without_validators_is_compared_by_its_body,
    a_full_sync_and_a_preview_read_everything,
    a_source_with_changed_settings_is_read_again,
    a_failed_run_keeps_the_validators_of_the_last_success,
];

const CSV: &str = "id,title\na,One\nb,Two\n";

fn an_unchanged_source_takes_one_request(db: &TestDatabase) {
    let (engine, stub) = (TestEngine::on_database(db), StubServer::start());
    stub.set_reply("/albums.csv", StubReply::csv(CSV).etag("\"v1\""));
    let source = engine.url_source("albums", stub.url("/albums.csv"));
    assert_eq!(engine.run_request(&source, &incremental_sync()).summary.stats.added, 2);
    let before = db.items_as_written();
    let first = engine.store.find_catalog(source.id).expect("an answer").expect("a catalog");

    let record = engine.run_request(&source, &incremental_sync());
    assert_eq!(
        (record.summary.status, record.summary.progress, record.summary.stats.unchanged),
        (Status::Completed, 100, 2)
    );
    assert!(record.summary.message.starts_with("Nothing new since the last sync"), "{}", record.summary.message);
    let requests = stub.requests("/albums.csv");
    assert_eq!(requests.len(), 2, "one for each sync");
    assert_eq!((requests[0].header("If-None-Match"), requests[1].header("If-None-Match")), (None, Some("\"v1\"")));
    assert_eq!(db.items_as_written(), before);
    let second = engine.store.find_catalog(source.id).expect("an answer").expect("a catalog");
    assert_eq!((second.columns, second.validators, second.item_count), (first.columns, first.validators, 2));
    assert!(second.last_success_at > first.last_success_at, "it is a success of its own");

    stub.set_reply("/albums.csv", StubReply::csv("id,title\na,One\nb,Two again\n").etag("\"v2\""));
    assert_eq!(engine.run_request(&source, &incremental_sync()).summary.stats.updated, 1);
    assert!(engine.run_request(&source, &incremental_sync()).summary.message.starts_with("Nothing new"));
    assert_eq!(stub.requests("/albums.csv").last().and_then(|seen| seen.header("If-None-Match")), Some("\"v2\""));
}

fn a_source_without_validators_is_compared_by_its_body(db: &TestDatabase) {
    let (engine, stub) = (TestEngine::on_database(db), StubServer::start());
    stub.serve_csv("/albums.csv", CSV);
    let source = engine.url_source("albums", stub.url("/albums.csv"));
    engine.run_request(&source, &incremental_sync());
    assert!(engine.run_request(&source, &incremental_sync()).summary.message.starts_with("Nothing new"));
    stub.serve_csv("/albums.csv", "id,title\na,One\n");
    assert_eq!(engine.run_request(&source, &incremental_sync()).summary.stats.removed, 1);
}

fn a_full_sync_and_a_preview_read_everything(db: &TestDatabase) {
    let (engine, stub) = (TestEngine::on_database(db), StubServer::start());
    stub.set_reply("/albums.csv", StubReply::csv(CSV).etag("\"v1\""));
    let source = engine.url_source("albums", stub.url("/albums.csv"));
    engine.run_request(&source, &incremental_sync());
    let force =
        StartRequest { options: StartOptions { force_refresh: true, ..StartOptions::default() }, ..incremental_sync() };
    for request in [full_sync(), preview_run(), StartRequest { kind: preview_run().kind, ..incremental_sync() }, force]
    {
        let record = engine.run_request(&source, &request);
        assert_eq!(record.summary.status, Status::Completed);
        assert!(!record.summary.message.starts_with("Nothing new"), "{}", record.summary.message);
        assert_eq!(stub.requests("/albums.csv").last().and_then(|seen| seen.header("If-None-Match")), None);
    }
    assert!(
        engine.run_request(&source, &incremental_sync()).summary.message.starts_with("Nothing new"),
        "the validators are still there"
    );
}

fn a_source_with_changed_settings_is_read_again(db: &TestDatabase) {
    let (engine, stub) = (TestEngine::on_database(db), StubServer::start());
    stub.set_reply("/albums.csv", StubReply::csv("id,code\na,x\nb,y\n").etag("\"v1\""));
    let source = engine.url_source("albums", stub.url("/albums.csv"));
    engine.run_request(&source, &incremental_sync());
    let mut other = source_draft("albums", "csv", source.location.clone());
    other.key_column = "code".to_owned();
    assert_eq!(engine.store.change_source(source.id, &other, None).expect("changed"), SourceChange::Done);
    let record = engine.run_request(&source, &incremental_sync());
    assert_eq!((record.summary.stats.added, record.summary.stats.removed), (2, 2), "{}", record.summary.message);
    assert_eq!(engine.list_items(&source).into_iter().map(|item| item.key).collect::<Vec<_>>(), ["x", "y"]);
}

fn a_failed_run_keeps_the_validators_of_the_last_success(db: &TestDatabase) {
    let (engine, stub) = (TestEngine::on_database(db), StubServer::start());
    stub.set_reply("/albums.csv", StubReply::csv(CSV).etag("\"v1\""));
    let source = engine.url_source("albums", stub.url("/albums.csv"));
    engine.run_request(&source, &incremental_sync());
    for reply in
        [StubReply::status(404), StubReply::csv("").etag("\"v2\""), StubReply::csv("key,title\na,One\n").etag("\"v3\"")]
    {
        stub.set_reply("/albums.csv", reply);
        assert_eq!(engine.run_request(&source, &incremental_sync()).summary.status, Status::Failed);
    }
    stub.set_reply("/albums.csv", StubReply::csv(CSV).etag("\"v1\""));
    assert!(engine.run_request(&source, &incremental_sync()).summary.message.starts_with("Nothing new"));
}
