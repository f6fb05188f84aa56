//! The Sheets API, by a stub that verifies signatures and sends the errors of the real one.

use std::time::{Duration, Instant};

use lockstep::domain::location::SourceLocation;
use lockstep::domain::operation::Mode;
use lockstep::domain::source::Validators;
use lockstep::domain::sync_id::SyncId;
use lockstep::fetch::{FetchError, FetchOutcome, FetchRequest, FetchedContent, SourceKinds};

use super::{FetchSetup, RecordingObserver, expect_failure, peak_memory, read_cells, read_rows, source_of_kind};
use crate::support::google_server::{GoogleServer, SERVICE_ACCOUNT_EMAIL, SHEET_ID, SheetTab, TabCells, api_error};
use crate::support::stub_server::StubReply;
use crate::support::waiting::WAIT_LIMIT;

pub(super) fn fetch_setup(google: &GoogleServer) -> FetchSetup {
    let mut setup = FetchSetup::new();
    setup.settings.google_url = google.url().parse().expect("an address");
    setup.settings.service_account = Some(google.key_json().to_string().parse().expect("a key"));
    setup
}

pub(super) fn sheet_link(rest: &str) -> SourceLocation {
    SourceLocation::Url(format!("https://docs.google.com/spreadsheets/d/{SHEET_ID}{rest}"))
}

pub(super) fn albums_tab() -> SheetTab {
    SheetTab::new(0, "Albums", &[&["id", "title"], &["1", "Kind of Blue"]])
}

/// Fetches as a run does. A probe makes fewer requests.
fn fetch_for_run(
    kinds: &SourceKinds,
    place: &SourceLocation,
    known: &Validators,
    observer: &RecordingObserver,
) -> Result<FetchOutcome, FetchError> {
    let sync = Some(SyncId::new());
    let request = FetchRequest { sync_id: sync, mode: Mode::Incremental, ..FetchRequest::for_probe(known, WAIT_LIMIT) };
    kinds.get("sheet").expect("a kind").fetch(&source_of_kind("sheet", place.clone()), &request, observer)
}

pub(super) fn expect_content(fetched: Result<FetchOutcome, FetchError>) -> Box<dyn FetchedContent> {
    match fetched.expect("a fetch") {
        FetchOutcome::Content(content) => content,
        FetchOutcome::Unchanged(_) => panic!("it is new"),
    }
}

#[test]
fn the_service_account_reads_the_tab_of_the_link() {
    let google = GoogleServer::start();
    let hidden = SheetTab { hidden: true, ..SheetTab::new(3, "Hidden", &[&["id"], &["h"]]) };
    let odd = SheetTab::new(42, "Bob's; “A:Z”, 100%", &[&["id", "title"], &["1", "second"]]);
    google.serve_sheet(SHEET_ID, vec![hidden, albums_tab(), odd]);
    let setup = fetch_setup(&google);
    for (place, title) in [
        (sheet_link("/edit?usp=sharing"), "Kind of Blue"),
        (SourceLocation::Url(SHEET_ID.to_owned()), "Kind of Blue"),
        (sheet_link("/edit#gid=0"), "Kind of Blue"),
        (sheet_link("/edit?gid=42#gid=42"), "second"),
        (sheet_link("/gviz/tq?tqx=out:csv&sheet=Albums"), "Kind of Blue"),
        (sheet_link("/edit?sheet=Bob%27s%3B%20%E2%80%9CA%3AZ%E2%80%9D%2C%20100%25"), "second"),
    ] {
        let content = setup.fetch_content("sheet", &place).expect("the sheet");
        assert_eq!(content.columns(), ["id", "title"]);
        assert_eq!(read_cells(&*content), [["1", title]], "{place:?}");
    }
    assert_eq!(
        (google.request_count("values:batchGet"), google.request_count("/drive/")),
        (6, 0),
        "a look asks Drive nothing"
    );
    let shown = format!("{:?}", setup.settings);
    assert!(
        shown.contains(SERVICE_ACCOUNT_EMAIL) && google.secrets().iter().all(|secret| !shown.contains(secret)),
        "{shown}"
    );
    let request = &google.requests("values:batchGet")[0];
    assert!(request.target.contains("valueRenderOption=FORMATTED_VALUE"), "{}", request.target);
}

#[test]
fn rows_are_counted_padded_and_flagged_as_those_of_a_csv() {
    let google = GoogleServer::start();
    let wide: &[&[&str]] = &[
        &[],
        &["", " "],
        &["id", "", "title", "title"],
        &["1"],
        &[],
        &["2", "x", "y", "z", "surplus"],
        &["3", "a\0b", "line\nbreak", "", " "],
        &["4", "", "", "=1+1"],
    ];
    google.serve_sheet(SHEET_ID, vec![SheetTab::new(0, "Albums", wide)]);
    let content = fetch_setup(&google).fetch_content("sheet", &sheet_link("/edit")).expect("the sheet");
    assert_eq!(content.columns(), ["id", "column 2", "title", "title (2)"]);
    let found = read_rows(&*content);
    let numbers: Vec<(u64, bool, usize)> =
        found.iter().map(|row| (row.number, row.surplus, row.repairs.len())).collect();
    assert_eq!(numbers, [(4, false, 0), (6, true, 0), (7, false, 1), (8, false, 0)]);
    assert_eq!(found[0].cells, ["1", "", "", ""]);
    assert_eq!(found[2].cells, ["3", "ab", "line\nbreak", ""]);
    assert_eq!(found[2].repairs[0].message, "NUL characters were dropped");
    assert_eq!(found[3].cells[3], "=1+1");
    assert_eq!(read_cells(&*content), found.into_iter().map(|row| row.cells).collect::<Vec<_>>(), "and again");
    google.serve_sheet(SHEET_ID, vec![SheetTab::new(0, "Albums", &[])]);
    assert!(
        fetch_setup(&google).fetch_content("sheet", &sheet_link("/edit")).expect("an empty sheet").columns().is_empty()
    );
}

#[test]
fn one_token_is_used_until_it_is_refused() {
    let google = GoogleServer::start();
    google.serve_sheet(SHEET_ID, vec![albums_tab()]);
    let kinds = fetch_setup(&google).source_kinds();
    let nothing = Validators::default();
    for _ in 0..3 {
        expect_content(fetch_for_run(&kinds, &sheet_link("/edit"), &nothing, &RecordingObserver::default()));
    }
    assert_eq!(google.request_count("/token"), 1);
    google.revoke_tokens();
    expect_content(fetch_for_run(&kinds, &sheet_link("/edit"), &nothing, &RecordingObserver::default()));
    assert_eq!(google.request_count("/token"), 2, "one more, and it was enough");
    let expired = api_error(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.", "");
    google.reply_times(9, "/v4/", expired);
    let (code, message) =
        expect_failure(fetch_for_run(&kinds, &sheet_link("/edit"), &nothing, &RecordingObserver::default()));
    assert!(
        code == "token_refused" && message.contains(SERVICE_ACCOUNT_EMAIL) && message.contains("revoked"),
        "{message}"
    );
    assert_eq!(google.request_count("/token"), 3, "a new one is had once");
}

#[test]
fn an_unmodified_sheet_is_not_fetched_and_equal_values_change_nothing() {
    let google = GoogleServer::start();
    google.serve_sheet(SHEET_ID, vec![albums_tab()]);
    let kinds = fetch_setup(&google).source_kinds();
    let fetch = |known: &Validators| fetch_for_run(&kinds, &sheet_link("/edit"), known, &RecordingObserver::default());
    let first = expect_content(fetch(&Validators::default()));
    assert_eq!(first.validators().modified, None, "Drive is not enabled, and the sync goes on");
    let same = fetch(first.validators());
    assert!(matches!(same, Ok(FetchOutcome::Unchanged(Some(_)))), "the same body");
    assert_eq!(google.request_count("values:batchGet"), 2);

    google.set_modified_time("2026-11-20T08:00:00.000Z");
    let Ok(FetchOutcome::Unchanged(Some(known))) = fetch(first.validators()) else { panic!("the same body") };
    assert_eq!(known.modified.as_deref(), Some("2026-11-20T08:00:00.000Z"));
    assert_eq!(google.request_count("values:batchGet"), 3);
    assert!(matches!(fetch(&known), Ok(FetchOutcome::Unchanged(None))));
    assert_eq!(google.request_count("values:batchGet"), 3, "nothing was fetched");

    google.set_modified_time("2026-11-20T09:00:00.000Z");
    google.serve_sheet(SHEET_ID, vec![SheetTab::new(0, "Albums", &[&["id"], &["2"]])]);
    assert_eq!(read_cells(&*expect_content(fetch(&known))), [["2"]]);
    for broken in
        [StubReply::status(500), StubReply::html("<html>"), api_error(404, "NOT_FOUND", "File not found: 1.", "")]
    {
        google.reply_times(3, "/drive/", broken);
        expect_content(fetch(&Validators::default()));
    }
}

#[test]
fn a_hundred_megabytes_are_read_in_little_memory() {
    let google = GoogleServer::start();
    google.serve_sheet(SHEET_ID, vec![SheetTab { cells: TabCells::Many(112_000), ..albums_tab() }]);
    let setup = fetch_setup(&google).with_timeout(Duration::from_secs(100)).with_run_limit(Duration::from_secs(100));
    drop(setup.fetch_content("sheet", &sheet_link("/edit?gid=5")));
    let (before, started) = (peak_memory(), Instant::now());
    let content = setup.fetch_content("sheet", &sheet_link("/edit")).expect("the sheet");
    let last = content.rows().expect("rows").last().expect("a last one").expect("a row");
    assert_eq!((last.number, last.cells[0].as_str()), (112_001, "112000"));
    assert!(content.byte_count() > 100_000_000, "{}", content.byte_count());
    let grown = peak_memory() - before;
    println!("{} bytes in {:?}, {grown} kB more", content.byte_count(), started.elapsed());
    assert!(grown < 10_000, "{grown} kB");
}

#[test]
fn a_published_link_is_read_without_the_service_account() {
    let google = GoogleServer::start();
    let place = SourceLocation::Url("https://docs.google.com/spreadsheets/d/e/2PACX-1vQx_y/pubhtml".to_owned());
    google.reply_once("/pub?output=csv", StubReply::csv("id,title\n1,published\n"));
    let setup = fetch_setup(&google);
    assert_eq!(read_cells(&*setup.fetch_content("sheet", &place).expect("the sheet")), [["1", "published"]]);
    google.reply_once("/pub?output=csv", StubReply::html("<!doctype html><title>Sign in"));
    let (code, message) = expect_failure(setup.fetch_content("sheet", &place));
    assert!(code == "sign_in_page" && message.contains("Publish to web"), "{message}");
    assert_eq!(google.request_count("/token"), 0);
}
