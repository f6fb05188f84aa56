//! Addresses that redirect to a Google Sheet are judged like its own links.

use lockstep::domain::location::SourceLocation;

use super::{expect_failed_run, new_engine};
use crate::support::google_server::SHEET_ID;
use crate::support::stub_server::{StubReply, StubServer};
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![an_address_that_redirects_to_a_sheet_is_obeyed_or_refused_as_the_link_of_that_sheet];

fn an_address_that_redirects_to_a_sheet_is_obeyed_or_refused_as_the_link_of_that_sheet(db: &TestDatabase) {
    let (google, shortener) = (StubServer::start(), StubServer::start());
    let engine: TestEngine = new_engine(db, &google);
    let sheet = format!("/spreadsheets/d/{SHEET_ID}");
    google.serve_csv(&format!("{sheet}/export?format=csv&gid=7"), "id,title,salary\nA1,Blue,100\n");
    google.serve_csv(&format!("{sheet}/export?format=csv&gid=7&range=A1:B3"), "id,title\nA1,Blue\n");
    let source = |slug: &str, kind: &str, rest: &str| {
        // Through a second address of the shortener.
        shortener.set_reply(&format!("/{slug}"), StubReply::redirect(301, &format!("/{slug}/2")));
        shortener.set_reply(&format!("/{slug}/2"), StubReply::redirect(302, &google.url(&format!("{sheet}{rest}"))));
        engine.add_source(slug, kind, SourceLocation::Url(shortener.url(&format!("/{slug}"))))
    };
    let obeyed = source("obeyed", "csv", "/export?format=csv&gid=7&range=A1:B3");
    let record = engine.sync(&obeyed);
    assert_eq!(engine.item_lines(&obeyed), ["A1|Blue"], "{}", record.summary.message);
    let count_before = google.request_count(&format!("{sheet}/export"));
    for (slug, kind, rest, text) in [
        ("hash", "csv", "/export?format=csv&gid=7#range=A1:B3", "Google ignores “range=” in this link"),
        ("named", "csv", "/export?format=csv&sheet=Pay", "Google ignores “sheet=” in this link"),
        ("view", "csv", "/export?format=csv&gid=7&fvid=3", "Google ignores “fvid=” in this link"),
        ("page", "csv", "/edit?usp=sharing", "This is a link to a Google Sheet"),
        ("published", "csv", "/pubhtml", "This is a link to a Google Sheet"),
        ("workbook", "excel", "/export?format=xlsx&gid=7", "This is a link to a Google Sheet"),
    ] {
        let source = source(slug, kind, rest);
        let record = engine.sync(&source);
        let (code, error) = expect_failed_run(&record);
        let led = format!("127.0.0.1:{} redirects to a Google Sheet. {text}", shortener.port());
        assert!(code == Some("sheet_link") && error.starts_with(&led) && error.contains("--kind sheet"), "{error}");
        assert!(engine.list_items(&source).is_empty());
    }
    assert_eq!(google.request_count(&format!("{sheet}/export")), count_before, "nothing of it was fetched");
}
