//! Responses: web pages instead of data, unchanged content, encodings.

use lockstep::domain::location::SourceLocation;
use lockstep::domain::operation::Status;
use lockstep::domain::source::Validators;
use lockstep::fetch::FetchOutcome;

use super::{FetchSetup, RecordingObserver, read_cells, read_rows};
use crate::support::stub_server::{StubReply, StubServer};
use crate::support::test_engine::incremental_sync;
use crate::support::{TestDatabase, TestEngine};

#[test]
fn a_web_page_never_reaches_a_parser() {
    let stub = StubServer::start();
    stub.set_reply("/login", StubReply::html("id,title\n1,x\n"));
    stub.set_reply("/hidden", StubReply::csv("\u{FEFF}\n <!DOCTYPE html><p>id,title"));
    stub.set_reply("/bare", StubReply::status(200).body("<HTML><body>"));
    for path in ["/login", "/hidden", "/bare"] {
        let (code, message) = FetchSetup::new().fetch_failure(&stub.url(path));
        assert_eq!(code, "html_page", "{message}");
    }
}

#[test]
fn statuses_are_explained() {
    let stub = StubServer::start();
    for (status, expected) in
        [(401, "unauthorized"), (403, "forbidden"), (404, "not_found"), (410, "gone"), (418, "bad_status")]
    {
        stub.set_reply("/a", StubReply::status(status));
        let (code, message) = FetchSetup::new().fetch_failure(&stub.url("/a"));
        assert_eq!(code, expected);
        assert!(message.contains(&status.to_string()), "{message}");
    }
}

#[test]
fn content_that_the_server_calls_unchanged_is_not_sent_again() {
    let stub = StubServer::start();
    let odd = "W/\"a, b\"";
    stub.set_reply(
        "/a.csv",
        StubReply::csv("id\n1\n").etag(odd).header("Last-Modified", "Thu, 19 Nov 2026 08:00:00 GMT"),
    );
    let setup = FetchSetup::new();
    let first = setup.fetch_url(&stub.url("/a.csv")).expect("content");
    let known = first.validators().clone();
    assert_eq!(known.etag.as_deref(), Some(odd));
    let location = SourceLocation::Url(stub.url("/a.csv"));
    let again = setup.fetch("csv", &location, Some(&known), &RecordingObserver::default()).expect("an answer");
    assert!(matches!(again, FetchOutcome::Unchanged(None)));
    let seen = stub.requests("/a.csv");
    assert_eq!(seen[0].header("If-None-Match"), None);
    assert_eq!(seen[1].header("If-None-Match"), Some(odd));
    assert_eq!(seen[1].header("If-Modified-Since"), Some("Thu, 19 Nov 2026 08:00:00 GMT"));
}

#[test]
fn the_same_body_is_unchanged_but_a_full_fetch_brings_it() {
    let stub = StubServer::start();
    stub.serve_csv("/a.csv", "id\n1\n");
    let setup = FetchSetup::new();
    let known = setup.fetch_url(&stub.url("/a.csv")).expect("content").validators().clone();
    assert_eq!((known.etag.as_deref(), known.last_modified.as_deref()), (None, None));
    let location = SourceLocation::Url(stub.url("/a.csv"));
    let again = setup.fetch("csv", &location, Some(&known), &RecordingObserver::default()).expect("an answer");
    assert!(matches!(again, FetchOutcome::Unchanged(_)));
    stub.serve_csv("/a.csv", "id\n2\n");
    let changed = setup.fetch("csv", &location, Some(&known), &RecordingObserver::default()).expect("an answer");
    assert!(matches!(changed, FetchOutcome::Content(_)));
    let none =
        setup.fetch("csv", &location, Some(&Validators::default()), &RecordingObserver::default()).expect("an answer");
    assert!(matches!(none, FetchOutcome::Content(_)));
}

#[test]
fn a_new_name_for_the_same_content_is_kept() {
    let (db, stub) = (TestDatabase::sqlite(), StubServer::start());
    let (engine, albums) = (TestEngine::on_database(&db), || StubReply::csv("id,title\n1,One\n"));
    stub.set_reply("/a.csv", albums().etag("\"one\""));
    stub.queue_reply("/a.csv", albums().etag("\"two\""));
    let source = engine.url_source("albums", stub.url("/a.csv"));
    for _ in 0..3 {
        let record = engine.run_request(&source, &incremental_sync());
        assert_eq!(
            (record.summary.status, record.summary.stats.updated),
            (Status::Completed, 0),
            "{}",
            record.summary.message
        );
    }
    let seen = stub.requests("/a.csv");
    let known: Vec<_> = seen.iter().map(|seen| seen.header("If-None-Match")).collect();
    assert_eq!(known, [None, Some("\"one\""), Some("\"two\"")]);
    let kept = engine.store.find_catalog(source.id).expect("an answer").expect("a catalog").validators;
    assert_eq!(kept.etag.as_deref(), Some("\"two\""));
    assert!(kept.body_hash.is_some());
}

#[test]
fn a_304_that_was_not_asked_for_is_a_failure() {
    let stub = StubServer::start();
    stub.set_reply("/a", StubReply::status(304));
    assert_eq!(FetchSetup::new().fetch_failure(&stub.url("/a")).0, "bad_status");
}

#[test]
fn encodings_are_recognised_declared_or_not() {
    let stub = StubServer::start();
    let setup = FetchSetup::new();
    stub.set_reply(
        "/declared",
        StubReply::csv(b"id;name\n1;Bj\xF6rk\n").header("Content-Type", "text/csv; charset=ISO-8859-1"),
    );
    let wide: Vec<u8> = "\u{FEFF}id\tname\r\n1\tBjörk\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    stub.set_reply("/wide", StubReply::csv(wide));
    stub.set_reply("/silent", StubReply::status(200).body(b"id,name\n1,Bj\xF6rk\n").gzip());
    for path in ["/declared", "/wide", "/silent"] {
        let content = setup.fetch_url(&stub.url(path)).expect("content");
        assert_eq!(content.columns(), ["id", "name"], "{path}");
        assert_eq!(read_cells(&*content), [["1", "Björk"]], "{path}");
        assert_eq!(content.line_count(), 2, "{path}");
    }
}

#[test]
fn a_declared_charset_that_the_bytes_contradict_is_not_believed() {
    let stub = StubServer::start();
    let setup = FetchSetup::new();
    stub.set_reply("/utf-8-declared.csv", StubReply::csv(b"id,name\n1,Bj\xF6rk\n"));
    let latin = "text/csv; charset=ISO-8859-1";
    stub.set_reply("/latin-declared.csv", StubReply::csv("id,name\n1,Björk\n").header("Content-Type", latin));
    for path in ["/utf-8-declared.csv", "/latin-declared.csv"] {
        let content = setup.fetch_url(&stub.url(path)).expect("content");
        assert_eq!(read_cells(&*content), [["1", "Björk"]], "{path}");
        assert!(read_rows(&*content).iter().all(|row| row.repairs.is_empty()), "{path}");
    }
}

#[test]
fn a_content_encoding_that_was_not_requested_is_refused() {
    let stub = StubServer::start();
    let setup = FetchSetup::new();
    for encoding in ["br", "zstd", "compress"] {
        stub.set_reply("/a.csv", StubReply::csv("id\n1\n").header("Content-Encoding", encoding));
        let (code, message) = setup.fetch_failure(&stub.url("/a.csv"));
        assert_eq!(code, "bad_answer", "{encoding}: {message}");
        assert!(message.contains(encoding) && message.contains("127.0.0.1"), "{message}");
    }
    for plain in ["identity", "Identity", "", "UTF-8", "none", "binary", "gzip"] {
        stub.set_reply("/a.csv", StubReply::csv("id\n1\n").header("Content-Encoding", plain));
        assert_eq!(read_cells(&*setup.fetch_url(&stub.url("/a.csv")).expect("content")), [["1"]], "{plain}");
    }
    stub.set_reply("/a.csv", StubReply::csv("id\n1\n").gzip());
    assert_eq!(read_cells(&*setup.fetch_url(&stub.url("/a.csv")).expect("content")), [["1"]]);
}

#[test]
fn corrected_cells_are_reported_and_surplus_cells_are_marked() {
    let stub = StubServer::start();
    // With so many valid characters, one broken byte does not change the encoding.
    let sound = format!("{},y,z,,\n", "ö".repeat(30));
    let text = [b"\nid,title,title,\n1,a\0b\n\n2,\xFF,c,d,e\n,,,\n3,", sound.as_bytes()].concat();
    stub.set_reply("/a.csv", StubReply::csv(text));
    let content = FetchSetup::new().fetch_url(&stub.url("/a.csv")).expect("content");
    assert_eq!(content.columns(), ["id", "title", "title (2)", "column 4"]);
    let rows = read_rows(&*content);
    assert_eq!(rows.iter().map(|row| row.number).collect::<Vec<_>>(), [3, 5, 7]);
    assert_eq!(rows[0].cells, ["1", "ab", "", ""]);
    assert_eq!(rows[0].repairs[0].column, Some(1));
    assert!(rows[0].repairs[0].message.contains("NUL"));
    assert!(rows[1].surplus && rows[1].cells[1] == "\u{FFFD}" && rows[1].repairs.len() == 1);
    assert!(!rows[2].surplus && rows[2].repairs.is_empty());
    assert_eq!(read_rows(&*content), rows, "the same rows each time");
}
