//! Faults of reader servers: an error with its fix, or an issue beside the other articles.

use std::sync::Arc;

use lockstep::domain::location::SourceLocation;
use lockstep::domain::operation::Mode;

use super::{ALL_DIALECTS, ReaderObserver, StoredFields, fetch_articles, find_field, sample_articles};
use crate::fetch::{FetchSetup, expect_failure, peak_memory};
use crate::support::reader_server::{
    ACCOUNT_SECRETS, ReaderArticle, ReaderDialect, ReaderFault, ReaderReplyTransform, ReaderServer,
};
use crate::support::stub_server::{ReplyTransform, StubReply, StubServer};

/// The code and the message of a full fetch that must fail.
fn expect_fetch_failure(server: &ReaderServer) -> (&'static str, String) {
    let result = fetch_articles(&server.url(), Mode::Full, &StoredFields::new(), &ReaderObserver::default());
    let (code, message) = expect_failure(result);
    assert!(ACCOUNT_SECRETS.iter().all(|secret| !message.contains(secret)), "{message}");
    assert!(message.ends_with('.') && message.contains("127.0.0.1"), "{message}");
    (code, message)
}

#[test]
fn the_error_of_a_wrong_password_names_what_this_server_needs() {
    for (dialect, advice) in [
        (ReaderDialect::FreshRss, "API password"),
        (ReaderDialect::Miniflux, "Settings → Integrations → Google Reader"),
        (ReaderDialect::Inoreader, "AppId and AppKey"),
    ] {
        let server = ReaderServer::start(dialect, sample_articles());
        let url = server.url_with("wr0ng-password");
        let (code, message) =
            expect_failure(fetch_articles(&url, Mode::Full, &StoredFields::new(), &ReaderObserver::default()));
        assert_eq!(code, "unauthorized", "{dialect:?}: {message}");
        assert!(message.contains(advice) && !message.contains("wr0ng"), "{dialect:?}: {message}");
        assert_eq!(server.take_request_names(), ["login"], "{dialect:?}: once, or the account may be locked");
    }
    let server = ReaderServer::start(ReaderDialect::Inoreader, sample_articles());
    let url = server.url().replace(ACCOUNT_SECRETS[1], "another-key");
    let (code, message) =
        expect_failure(fetch_articles(&url, Mode::Full, &StoredFields::new(), &ReaderObserver::default()));
    assert!(code == "unauthorized" && message.contains("AppId") && !message.contains("another-key"), "{message}");
}

#[test]
fn the_error_of_an_address_without_a_reader_server_names_the_right_path() {
    let stub = StubServer::start();
    let at = |path: &str| stub.url(path).replace("http://", "http://me:s3cret@");
    let reported =
        |url: &str| expect_failure(fetch_articles(url, Mode::Full, &StoredFields::new(), &ReaderObserver::default()));
    let (code, message) = reported(&at(""));
    assert!(code == "no_reader" && message.contains("ends with /api/greader.php"), "{code}: {message}");
    for reply in
        [StubReply::html("<!DOCTYPE html><form>"), StubReply::csv("OK"), StubReply::csv(""), StubReply::csv("<html>")]
    {
        stub.set_reply("/accounts/ClientLogin", reply);
        let (code, message) = reported(&at(""));
        assert!(code == "no_reader" && !message.contains("s3cret"), "{code}: {message}");
    }
    stub.set_reply("/accounts/ClientLogin", StubReply::csv("Error=BadAuthentication\n"));
    assert_eq!(reported(&at("")).0, "unauthorized");
    stub.set_reply("/accounts/ClientLogin", StubReply::redirect(301, "/api/greader.php/accounts/ClientLogin"));
    let (code, message) = reported(&at(""));
    assert!(code == "bad_redirect" && message.contains("/api/greader.php"), "{code}: {message}");
    stub.set_reply("/api/greader.php/accounts/ClientLogin", StubReply::status(503).body("Service Unavailable!"));
    let (code, message) = reported(&at("/api/greader.php"));
    assert!(code == "api_disabled" && message.contains("Allow API access"), "{code}: {message}");
    for location in [SourceLocation::Url(stub.url("")), SourceLocation::Sample] {
        let accepted = FetchSetup::new().source_kinds().get("reader").expect("a kind").check_location(&location);
        assert!(accepted.expect_err("nothing to log in with").contains("name:password@host"));
    }
}

#[test]
fn a_missing_part_of_the_api_is_not_an_empty_account() {
    for dialect in ALL_DIALECTS {
        for part in ["subscriptions", "all", "contents"] {
            let server = ReaderServer::start(dialect, sample_articles());
            server.inject_fault(part, 1..usize::MAX, ReaderFault::UnknownPath);
            let (code, message) = expect_fetch_failure(&server);
            assert_eq!(code, "unsupported", "{dialect:?}, {part}: {message}");
            assert!(message.contains("may not support this part of the Google Reader API"), "{message}");
            server.inject_fault(part, 1..usize::MAX, ReaderFault::Status(404, Vec::new()));
            assert_eq!(expect_fetch_failure(&server).0, "unsupported", "{dialect:?}, {part}");
            server.clear_faults();
            server.inject_fault(part, 1..usize::MAX, ReaderFault::LoginPage);
            assert_eq!(expect_fetch_failure(&server).0, "no_reader", "{dialect:?}, {part}");
        }
    }
}

#[test]
fn states_that_a_server_does_not_send_stay_unchanged() {
    for (part, column, other) in [("unread", "read", "starred"), ("starred", "starred", "read")] {
        for fault in [
            ReaderFault::UnknownPath,
            ReaderFault::Status(500, vec![]),
            ReaderFault::LoginPage,
            ReaderFault::TruncatedJson,
            ReaderFault::NextPageLoop,
        ] {
            let mut all = sample_articles();
            let server = ReaderServer::start(ReaderDialect::Miniflux, all.clone());
            let (_, stored) =
                fetch_articles(&server.url(), Mode::Full, &StoredFields::new(), &ReaderObserver::default())
                    .expect("articles");
            for article in &mut all {
                (article.read, article.starred) = (!article.read, !article.starred);
            }
            let new = ReaderArticle { read: true, starred: true, ..ReaderArticle::new(9, "New") };
            all.push(new.clone());
            server.change_articles(|articles| articles.clone_from(&all));
            server.inject_fault(part, 1..usize::MAX, fault.clone());
            let observer = ReaderObserver::default();
            let (_, now) =
                fetch_articles(&server.url(), Mode::Incremental, &stored, &observer).expect("the other articles");
            let issues = observer.list_issues();
            assert!(
                issues.len() == 1 && issues[0].contains("could not be updated and are unchanged."),
                "{fault:?}: {issues:?}"
            );
            for article in &sample_articles() {
                assert_eq!(find_field(&now, article, column), find_field(&stored, article, column), "{fault:?}");
                assert_ne!(find_field(&now, article, other), find_field(&stored, article, other), "{fault:?}");
            }
            assert_eq!(
                (find_field(&now, &new, "read"), find_field(&now, &new, "starred")),
                ("yes", "yes"),
                "it says so itself"
            );
        }
    }
}

#[test]
fn a_list_with_repeated_or_empty_pages_ends_and_is_reported() {
    for (dialect, fault, pages) in ALL_DIALECTS
        .into_iter()
        .flat_map(|dialect| [(dialect, ReaderFault::NextPageLoop, 2), (dialect, ReaderFault::LongNextPage, 1)])
    {
        let server = ReaderServer::start(dialect, ReaderArticle::make_many(2000, 1500));
        server.inject_fault("all", 1..usize::MAX, fault);
        let observer = ReaderObserver::default();
        let (keys, _) =
            fetch_articles(&server.url(), Mode::Full, &StoredFields::new(), &observer).expect("the known articles");
        assert_eq!(keys.len(), 1000, "{dialect:?}");
        assert!(
            observer.list_issues()[0].contains("repeated pages") && observer.list_issues().len() == 1,
            "{:?}",
            observer.list_issues()
        );
        assert_eq!(server.take_request_names().iter().filter(|name| *name == "all").count(), pages, "{dialect:?}");
    }
}

#[test]
fn a_refused_token_is_fetched_once_more() {
    for dialect in ALL_DIALECTS {
        let server = ReaderServer::start(dialect, ReaderArticle::make_many(2000, 450));
        server.inject_fault("contents", 2..3, ReaderFault::ExpiredToken);
        let observer = ReaderObserver::default();
        let (keys, _) = fetch_articles(&server.url(), Mode::Full, &StoredFields::new(), &observer).expect("in the end");
        assert_eq!((keys.len(), observer.list_issues().len()), (450, 0), "{dialect:?}");
        let request_names = server.take_request_names();
        let count = |what: &str| request_names.iter().filter(|name| *name == what).count();
        assert_eq!((count("login"), count("contents"), count("all")), (2, 6, 1), "{dialect:?}");
        server.inject_fault("all", 1..usize::MAX, ReaderFault::ExpiredToken);
        let (code, message) = expect_fetch_failure(&server);
        assert!(code == "unauthorized" && message.contains("Authorization header"), "{dialect:?}: {message}");
    }
}

#[test]
fn an_incomplete_answer_is_not_used() {
    for part in ["subscriptions", "all", "contents"] {
        let server = ReaderServer::start(ReaderDialect::FreshRss, sample_articles());
        server.inject_fault(part, 1..usize::MAX, ReaderFault::TruncatedJson);
        let (code, message) = expect_fetch_failure(&server);
        assert!(code == "bad_answer" && message.contains("is not valid JSON"), "{part}: {code}: {message}");
        server.clear_faults();
        server.inject_fault(part, 1..2, ReaderFault::BrokenConnection);
        fetch_articles(&server.url(), Mode::Full, &StoredFields::new(), &ReaderObserver::default())
            .expect("the second time");
        server.inject_fault(part, 1..usize::MAX, ReaderFault::BrokenConnection);
        assert_eq!(expect_fetch_failure(&server).0, "truncated", "{part}");
    }
}

#[test]
fn an_answer_of_nothing_but_tiny_values_takes_little_memory() {
    let tiny = format!("{{\"itemRefs\": [{}0], \"items\": []}}", "0,".repeat(15_000_000));
    for part in ["subscriptions", "all", "contents"] {
        let server = ReaderServer::start(ReaderDialect::FreshRss, sample_articles());
        let body = tiny.clone();
        let deed: ReplyTransform = Arc::new(move |whole: StubReply| whole.body(&body));
        server.inject_fault(part, 1..usize::MAX, ReaderFault::ChangedReply(ReaderReplyTransform(deed)));
        let before = peak_memory();
        let (code, message) = expect_fetch_failure(&server);
        assert!(code == "too_large" && message.contains("and was discarded"), "{part}: {code}: {message}");
        // The stub holds its replies in memory several times.
        assert!(peak_memory() < before + 150_000, "{part}: {before} → {} kB", peak_memory());
    }
}

#[test]
fn articles_that_are_listed_and_not_sent_are_reported_and_requested_again() {
    for dialect in ALL_DIALECTS {
        let articles = ReaderArticle::make_many(500, 150);
        let server = ReaderServer::start(dialect, articles.clone());
        let missing = [articles[3].id, articles[120].id];
        server.inject_fault("contents", 1..usize::MAX, ReaderFault::MissingContents(missing.to_vec()));
        let observer = ReaderObserver::default();
        let (_, stored) =
            fetch_articles(&server.url(), Mode::Full, &StoredFields::new(), &observer).expect("the others");
        assert_eq!(stored.len(), 148);
        assert!(
            observer.list_issues().len() == 1 && observer.list_issues()[0].contains("2 articles"),
            "{:?}",
            observer.list_issues()
        );
        server.take_requests();
        let (_, now) =
            fetch_articles(&server.url(), Mode::Incremental, &stored, &ReaderObserver::default()).expect("all");
        assert_eq!(now.len(), 150, "{dialect:?}");
        let requests = server.take_requests();
        let contents = requests.last().expect("requests");
        assert_eq!(contents.fields.iter().filter(|(name, _)| name == "i").count(), 2, "{dialect:?}");
        let all = articles.iter().map(|article| article.id).collect();
        server.inject_fault("contents", 1..usize::MAX, ReaderFault::MissingContents(all));
        assert_eq!(expect_fetch_failure(&server).0, "unsupported", "{dialect:?}");
    }
}

#[test]
fn an_account_without_articles_removes_nothing_and_is_reported() {
    for dialect in ALL_DIALECTS {
        let server = ReaderServer::start(dialect, Vec::new());
        let observer = ReaderObserver::default();
        let (keys, _) =
            fetch_articles(&server.url(), Mode::Incremental, &StoredFields::new(), &observer).expect("nothing");
        let issues = observer.list_issues();
        assert!(keys.is_empty() && issues.len() == 1, "{dialect:?}: {issues:?}");
        assert!(
            issues[0].ends_with("lists no articles in this account. The articles in the catalog are kept."),
            "{issues:?}"
        );
        // Empty pages are not requested without end.
        server.take_request_names();
        server.inject_fault("all", 1..usize::MAX, ReaderFault::EmptyPage);
        let observer = ReaderObserver::default();
        fetch_articles(&server.url(), Mode::Incremental, &StoredFields::new(), &observer).expect("nothing");
        let issues = observer.list_issues();
        assert!(
            issues.len() == 1 && issues[0].contains("although it refers to further pages"),
            "{dialect:?}: {issues:?}"
        );
        assert!(server.take_request_names().len() < 5, "{dialect:?}");
    }
}

#[test]
fn contents_that_were_not_requested_are_not_used() {
    for dialect in ALL_DIALECTS {
        let server = ReaderServer::start(dialect, ReaderArticle::make_many(500, 250));
        let (_, stored) =
            fetch_articles(&server.url(), Mode::Full, &StoredFields::new(), &ReaderObserver::default()).expect("all");
        server.inject_fault("contents", 1..usize::MAX, ReaderFault::OtherContents);
        let (code, message) =
            expect_failure(fetch_articles(&server.url(), Mode::Full, &stored, &ReaderObserver::default()));
        assert_eq!(code, "unsupported", "{dialect:?}: {message}");
        assert!(message.contains("did not return any of the articles it lists."), "{message}");
        server.clear_faults();
        server.inject_fault("contents", 2..3, ReaderFault::OtherContents);
        let observer = ReaderObserver::default();
        let (_, now) = fetch_articles(&server.url(), Mode::Full, &stored, &observer).expect("the others");
        let issues = observer.list_issues();
        assert!(issues.len() == 1 && issues[0].contains("did not send 100 articles that it lists"), "{issues:?}");
        assert_eq!(now, stored, "{dialect:?}: what the catalog has stays");
    }
}
