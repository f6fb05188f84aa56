//! Reports 30 to 32: answers of reader servers.

use lockstep::domain::location::SourceLocation;
use lockstep::domain::operation::Status;
use lockstep::domain::source::{Source, SourceDraft};

use super::read_report;
use super::server_answers::{assert_imported, format_issues, list_values};
use crate::support::reader_server::{ReaderArticle, ReaderDialect, ReaderFault, ReaderServer};
use crate::support::stub_server::{StubReply, StubServer};
use crate::support::test_engine::{incremental_sync, source_draft};
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    report_30_contents_are_asked_for_by_long_ids,
    report_31_the_error_of_a_page_in_the_place_of_a_login_names_the_path_of_the_server,
    report_32_a_list_of_ids_that_breaks_off_keeps_what_came,
    a_failed_batch_of_contents_affects_only_itself,
    a_reader_run_counts_feeds_and_articles,
];

pub(super) fn add_account(engine: &TestEngine, slug: &str, url: String) -> Source {
    let noun = "article/articles".parse().expect("a noun");
    let draft = SourceDraft { noun, ..source_draft(slug, "reader", SourceLocation::Url(url)) };
    engine.store.add_source(&draft, None).expect("a source added")
}

fn report_30_contents_are_asked_for_by_long_ids(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let server = ReaderServer::start(ReaderDialect::Miniflux, ReaderArticle::make_many(40, 20));
    assert_imported(&engine, &add_account(&engine, "news", server.url()), 20);
    let requests = server.take_requests();
    let contents = requests.iter().filter(|request| request.what == "contents");
    let ids: Vec<&String> =
        contents.flat_map(|request| &request.fields).filter(|(name, _)| name == "i").map(|(_, id)| id).collect();
    assert!(ids.len() == 20 && ids.iter().all(|id| id.starts_with("tag:google.com,2005:reader/item/0000")), "{ids:?}");
}

fn report_31_the_error_of_a_page_in_the_place_of_a_login_names_the_path_of_the_server(db: &TestDatabase) {
    let (engine, stub) = (TestEngine::on_database(db), StubServer::start());
    stub.set_reply("/accounts/ClientLogin", StubReply::html(read_report("31-login-page.html")));
    let url = stub.url("").replace("http://", "http://me:s3cret@");
    let record = engine.sync(&add_account(&engine, "news", url));
    assert_eq!(record.summary.status, Status::Failed);
    assert!(record.summary.message.contains("it responded with a web page"), "{}", record.summary.message);
    assert!(
        record.summary.message.contains("/api/greader.php") && !record.summary.message.contains("s3cret"),
        "{}",
        record.summary.message
    );
}

fn report_32_a_list_of_ids_that_breaks_off_keeps_what_came(db: &TestDatabase) {
    let faults = [
        ReaderFault::Status(404, vec![]),
        ReaderFault::Status(500, vec![]),
        ReaderFault::LoginPage,
        ReaderFault::TruncatedJson,
        ReaderFault::UnknownPath,
    ];
    for (dialect, fault) in [ReaderDialect::FreshRss, ReaderDialect::Miniflux]
        .into_iter()
        .flat_map(|dialect| faults.clone().map(|fault| (dialect, fault)))
    {
        let engine = TestEngine::on_database(db);
        let server = ReaderServer::start(dialect, ReaderArticle::make_many(200, 10));
        server.set_page_size(3);
        let source = add_account(&engine, "news", server.url());
        server.inject_fault("all", 2..usize::MAX, fault.clone());
        let record = assert_imported(&engine, &source, 3);
        let text = format_issues(&engine, &record);
        assert!(
            text.contains("ended early after 3, which were imported.")
                && text.contains("The next sync updates the others."),
            "{text}"
        );
        server.clear_faults();
        assert_imported(&engine, &source, 10);
        // Articles that are no longer listed keep everything, including their states.
        let before = (list_values(&engine, &source, "read"), list_values(&engine, &source, "starred"));
        server.change_articles(|articles| articles.iter_mut().for_each(|article| article.title.push('!')));
        for part in ["all", "unread"] {
            server.inject_fault(part, 2..usize::MAX, fault.clone());
        }
        let record = engine.run_request(&source, &incremental_sync());
        assert_eq!(
            (record.summary.status, record.summary.stats.removed),
            (Status::Completed, 0),
            "{}",
            record.summary.message
        );
        assert_eq!((list_values(&engine, &source, "read"), list_values(&engine, &source, "starred")), before);
        engine.store.remove_source(source.id).expect("removed");
    }
}

fn a_failed_batch_of_contents_affects_only_itself(db: &TestDatabase) {
    for fault in [ReaderFault::Status(404, vec![]), ReaderFault::LoginPage, ReaderFault::TruncatedJson] {
        let engine = TestEngine::on_database(db);
        let server = ReaderServer::start(ReaderDialect::Miniflux, ReaderArticle::make_many(1000, 350));
        let source = add_account(&engine, "news", server.url());
        server.inject_fault("contents", 2..3, fault.clone());
        let record = assert_imported(&engine, &source, 250);
        let text = format_issues(&engine, &record);
        assert!(text.contains("did not send the contents of 100 articles"), "{fault:?}: {text}");
        let record = engine.run_request(&source, &incremental_sync());
        assert_eq!(
            (record.summary.stats.added, record.summary.stats.updated, engine.list_items(&source).len()),
            (100, 0, 350)
        );
        server.change_articles(|articles| articles.extend(ReaderArticle::make_many(600, 450)));
        server.take_requests();
        server.inject_fault("contents", 1..usize::MAX, fault);
        // A run that gets none of the new articles fails.
        let record = engine.run_request(&source, &incremental_sync());
        assert_eq!(
            (record.summary.status, record.summary.stats.updated),
            (Status::Failed, 0),
            "{}",
            record.summary.message
        );
        assert_eq!(engine.list_items(&source).len(), 350);
        assert_eq!(
            server.take_request_names().iter().filter(|name| *name == "contents").count(),
            3,
            "then it is left alone"
        );
        engine.store.remove_source(source.id).expect("removed");
    }
}

fn a_reader_run_counts_feeds_and_articles(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let server = ReaderServer::start(ReaderDialect::Inoreader, ReaderArticle::make_many(1000, 230));
    let id = engine.start(&add_account(&engine, "news", server.url()), &incremental_sync());
    let record = engine.run(id);
    let json = serde_json::to_value(engine.status_report(id)).expect("JSON");
    assert_eq!(json["stats"]["feeds"], serde_json::json!({"processed": 2, "total": 2}), "{}", record.summary.message);
    assert_eq!(json["stats"]["articles"], serde_json::json!({"processed": 230, "total": 230}));
}
