//! Public Google Sheets, served by the stub server.

use lockstep::domain::location::SourceLocation;

use super::{FetchSetup, RecordingObserver, expect_failure, read_cells, source_of_kind};
use crate::support::google_query_service::{NamedTab, answer_queries};
use crate::support::stub_server::{RecordedRequest, StubReply, StubServer};
use crate::support::workbook_builder::sample_path;

const ID: &str = "1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms";

fn fetch_setup(stub: &StubServer) -> FetchSetup {
    let mut setup = FetchSetup::new();
    setup.settings.google_url = stub.url("").parse().expect("an address");
    setup
}

fn sheet_link(rest: &str) -> SourceLocation {
    SourceLocation::Url(format!("https://docs.google.com/spreadsheets/d/{ID}{rest}"))
}

#[test]
fn a_sheet_is_fetched_by_its_link_with_the_right_tab() {
    let stub = StubServer::start();
    stub.serve_sheet(ID, 0, "id,title\n1,first\n");
    stub.serve_sheet(ID, 42, "id,title\n1,second\n");
    let setup = fetch_setup(&stub);
    for (location, title) in [
        (sheet_link("/edit?usp=sharing"), "first"),
        (SourceLocation::Url(ID.to_owned()), "first"),
        (sheet_link("/edit#gid=0"), "first"),
        (sheet_link("/edit?gid=42#gid=42"), "second"),
    ] {
        let content = setup.fetch_content("sheet", &location).expect("the sheet");
        assert_eq!(read_cells(&*content), [["1", title]], "{location:?}");
    }
}

#[test]
fn the_error_of_a_sheet_that_is_not_public_explains_how_to_share_it() {
    let stub = StubServer::start();
    stub.serve_private_sheet(ID);
    let setup = fetch_setup(&stub);
    let (code, message) = expect_failure(setup.fetch_content("sheet", &sheet_link("/edit")));
    assert_eq!(code, "sign_in_page");
    assert!(message.contains("Anyone with the link"), "{message}");
    assert_eq!(stub.request_count("/ServiceLogin"), 0);
    stub.set_reply(&format!("/spreadsheets/d/{ID}/export"), StubReply::html("<html>Sign in"));
    assert_eq!(expect_failure(setup.fetch_content("sheet", &sheet_link("/edit"))).0, "sign_in_page");
    stub.set_reply(&format!("/spreadsheets/d/{ID}/export"), StubReply::status(401));
    assert_eq!(expect_failure(setup.fetch_content("sheet", &sheet_link("/edit"))).0, "sign_in_page");
}

#[test]
fn the_error_of_a_sheet_with_disabled_downloads_names_who_can_allow_them() {
    let stub = StubServer::start();
    let setup = fetch_setup(&stub);
    let owner = "<!DOCTYPE html><html><head><title>Google Drive: Access Denied</title></head><body><p>Sorry, the owner \
                 hasn't given you permission to download this file.</p></body></html>";
    let export = format!("/spreadsheets/d/{ID}/export");
    for reply in [StubReply::html(owner), StubReply::status(403).body(owner)] {
        stub.set_reply(&export, reply);
        let (code, message) = expect_failure(setup.fetch_content("sheet", &sheet_link("/edit")));
        assert!(code == "downloads_disabled", "{code}");
        assert!(message.starts_with("Downloads are disabled by the owner of this sheet."), "{message}");
    }
    stub.set_reply(&export, StubReply::html("<title>Google Drive: Access Denied</title><p>You need access"));
    assert_eq!(expect_failure(setup.fetch_content("sheet", &sheet_link("/edit"))).0, "sign_in_page");
}

#[test]
fn a_tab_by_name_is_never_taken_for_another() {
    let stub = StubServer::start();
    let setup = fetch_setup(&stub);
    let path = format!("/spreadsheets/d/{ID}/gviz/tq");
    // For an unknown name Google answers with the first tab.
    let tabs: Vec<NamedTab> =
        vec![("A-sides", &[&["id", "title"], &["1", "first"]]), ("B-sides", &[&["id", "title"], &["1", "second"]])];
    stub.reply_with(&path, answer_queries(tabs.clone()));
    let by_name = |name: &str| setup.fetch_content("sheet", &sheet_link(&format!("/gviz/tq?tqx=out:csv&sheet={name}")));
    assert_eq!(read_cells(&*by_name("B-sides").expect("the tab")), [["1", "second"]]);
    let (code, message) = expect_failure(by_name("Albms"));
    assert!(code == "no_tab" && message.contains("“Albms”") && message.contains("gid="), "{message}");
    // A service that refuses unknown names never answers with another tab.
    for status in [400, 404] {
        let known = answer_queries(tabs.clone());
        let is_known = |seen: &RecordedRequest| seen.target.contains("sheet=B-sides&");
        stub.reply_with(&path, move |seen| if is_known(seen) { known(seen) } else { StubReply::status(status) });
        assert_eq!(read_cells(&*by_name("B-sides").expect("the tab")), [["1", "second"]]);
    }
    let published = SourceLocation::Url("https://docs.google.com/spreadsheets/d/e/2PACX-1vQx_y/pub?sheet=B".to_owned());
    assert_eq!(expect_failure(setup.fetch_content("sheet", &published)).0, "no_tab");
}

#[test]
fn a_wait_for_google_names_google() {
    let stub = StubServer::start();
    let setup = fetch_setup(&stub);
    let export = format!("/spreadsheets/d/{ID}/export");
    stub.set_reply(&export, StubReply::status(429).header("Retry-After", "0"));
    stub.queue_reply(&export, StubReply::csv("id\n1\n"));
    let observer = RecordingObserver::default();
    assert!(setup.fetch("sheet", &sheet_link("/edit"), None, &observer).is_ok());
    assert_eq!(observer.waits.lock().expect("waits")[0].0, "Google");
}

#[test]
fn a_sheet_is_redirected_to_googles_hosts_only() {
    let stub = StubServer::start();
    let setup = fetch_setup(&stub).allow_hosts("127.0.0.1,localhost");
    stub.serve_csv("/stolen", "id\n1\n");
    let elsewhere = format!("http://localhost:{}/stolen", stub.port());
    for target in [elsewhere.as_str(), "https://google.com.evil.example/", "https://evilgoogle.com/"] {
        stub.set_reply(&format!("/spreadsheets/d/{ID}/export"), StubReply::redirect(307, target));
        assert_eq!(expect_failure(setup.fetch_content("sheet", &sheet_link("/edit"))).0, "bad_redirect", "{target}");
    }
    assert_eq!(stub.request_count("/stolen"), 0);
}

#[test]
fn a_substitute_for_google_is_subject_to_the_address_guard() {
    let stub = StubServer::start();
    stub.serve_sheet(ID, 0, "id\n1\n");
    assert_eq!(
        expect_failure(fetch_setup(&stub).allow_hosts("").fetch_content("sheet", &sheet_link("/edit"))).0,
        "address_refused"
    );
}

#[test]
fn a_link_to_something_else_is_an_error() {
    let setup = FetchSetup::new();
    let document = SourceLocation::Url(format!("https://docs.google.com/document/d/{ID}/edit"));
    let (code, message) = expect_failure(setup.fetch_content("sheet", &document));
    assert_eq!(code, "bad_address");
    assert!(message.starts_with("This is a document, not a sheet:"), "{message}");
    assert_eq!(expect_failure(setup.fetch_content("csv", &sheet_link("/edit"))).0, "sheet_link");
}

#[test]
fn a_workbook_that_google_makes_of_a_sheet_is_not_fetched() {
    let stub = StubServer::start();
    let setup = fetch_setup(&stub);
    let sheet = format!("/spreadsheets/d/{ID}");
    for rest in
        ["/export?format=xlsx&range=A1:B3", "/pub?output=xlsx&gid=7", "/export?format=ods", "/gviz/tq?tq=select+A"]
    {
        let link = SourceLocation::Url(stub.url(&format!("{sheet}{rest}")));
        let (code, message) = expect_failure(setup.fetch_content("excel", &link));
        assert_eq!(code, "sheet_link", "{rest}: {message}");
        assert!(message.contains("choose the type Google Sheet (--kind sheet)"), "{rest}: {message}");
    }
    assert_eq!(stub.request_count(&sheet), 0);
    // On another host such a path has no meaning.
    let elsewhere = StubServer::start();
    let albums = std::fs::read(sample_path("albums.xlsx")).expect("a file");
    elsewhere.set_reply("/spreadsheets/export", StubReply::status(200).body(albums));
    let link = SourceLocation::Url(elsewhere.url("/spreadsheets/export?format=xlsx&range=A1:B3"));
    assert_eq!(setup.fetch_content("excel", &link).unwrap_or_else(|error| panic!("{error}")).line_count(), 3);
}

#[test]
fn the_message_names_the_place() {
    let kinds = FetchSetup::new().source_kinds();
    assert_eq!(kinds.names()[..2], ["sheet", "csv"]);
    let message =
        |kind: &str, location| kinds.get(kind).expect("a kind").fetching_message(&source_of_kind(kind, location));
    assert_eq!(message("sheet", sheet_link("/edit")), "Fetching albums from Google Sheets…");
    assert_eq!(
        message("csv", SourceLocation::Url("https://me:pw@h.example/a?t=1".into())),
        "Fetching albums from h.example…"
    );
    assert_eq!(message("csv", SourceLocation::File("/srv/albums.csv".into())), "Fetching albums from albums.csv…");
}
