//! Reports 16 to 19: links that show a part of a sheet, published sheets, and a busy Google.

mod read_options;
mod short_links;

use std::time::{Duration, Instant};

use lockstep::domain::location::SourceLocation;
use lockstep::domain::operation::{OperationKind, Status};
use lockstep::domain::record::SyncRecord;
use lockstep::domain::source::Source;
use lockstep::sync::Timeouts;
use serde_json::Value;

use super::read_report;
use crate::support::google_server::{GoogleServer, SHEET_ID, SheetTab, quota_exceeded};
use crate::support::load_clock::LoadClock;
use crate::support::stub_server::{StubReply, StubServer};
use crate::support::test_engine::{TEST_TIMEOUTS, full_sync};
use crate::support::waiting::wait_until;
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    a_range_or_a_query_in_a_link_never_publishes_what_it_leaves_out,
    a_service_account_reads_the_range_of_a_link_and_never_more,
    a_query_goes_to_the_query_service_even_with_a_service_account,
    a_link_that_cannot_be_obeyed_is_refused_and_nothing_is_written,
    a_published_sheet_is_asked_for_what_is_published,
    a_run_waits_after_too_many_requests_even_if_google_names_no_time,
    a_google_that_stays_busy_fails_the_run_in_time_and_keeps_the_items,
    a_redirect_after_the_link_of_a_company_is_followed,
];

/// The reply of the stub for report `number`.
fn read_answer(number: &str) -> Value {
    let answers: Value = serde_json::from_slice(&read_report("answers.json")).expect("JSON");
    answers[number].clone()
}

fn link_of(number: &str) -> String {
    read_answer(number)["link"].as_str().expect("a link").replace("ID", SHEET_ID)
}

/// An engine that fetches from this stub of Google.
fn new_engine(db: &TestDatabase, stub: &StubServer) -> TestEngine {
    new_engine_with(db, stub, TEST_TIMEOUTS)
}

fn new_engine_with(db: &TestDatabase, stub: &StubServer, timeouts: Timeouts) -> TestEngine {
    TestEngine::with_fetch_settings(db.store(), timeouts, |settings| {
        settings.google_url = stub.url("").parse().expect("an address");
    })
}

/// A server with a service account.
fn new_engine_with_account(db: &TestDatabase, google: &GoogleServer) -> TestEngine {
    TestEngine::with_fetch_settings(db.store(), TEST_TIMEOUTS, |settings| {
        settings.google_url = google.url().parse().expect("an address");
        settings.service_account = Some(google.key_json().to_string().parse().expect("a key"));
    })
}

fn add_sheet(engine: &TestEngine, slug: &str, link: &str) -> Source {
    engine.add_source(slug, "sheet", SourceLocation::Url(link.to_owned()))
}

fn expect_failed_run(record: &SyncRecord) -> (Option<&str>, &str) {
    assert_eq!(record.summary.status, Status::Failed, "{}", record.summary.message);
    (record.summary.code.as_deref(), record.summary.error.as_deref().unwrap_or_default())
}

fn salaries_tab() -> SheetTab {
    SheetTab::new(
        7,
        "Pay",
        &[&["id", "title", "salary"], &["A1", "Blue", "100"], &["A2", "Red", "200"], &["A3", "Green", "300"]],
    )
}

/// Report 16. The stub sends all columns when a part of the link is missing.
fn a_range_or_a_query_in_a_link_never_publishes_what_it_leaves_out(db: &TestDatabase) {
    let stub = StubServer::start();
    let engine = new_engine(db, &stub);
    let (export, query) = (format!("/spreadsheets/d/{SHEET_ID}/export"), format!("/spreadsheets/d/{SHEET_ID}/gviz/tq"));
    let two_columns = "id,title\nA1,Blue\nA2,Red\n";
    for path in [&export, &query] {
        stub.set_reply(path, StubReply::csv(read_report("16-sheet.csv")));
    }
    stub.serve_csv(&format!("{export}?format=csv&gid=7&range=A1%3AB3"), two_columns);
    stub.serve_csv(&format!("{query}?tqx=out:csv&gid=7&tq=select+A%2CB"), two_columns);
    let links = read_answer("16")["links"].clone();
    let mut links: Vec<String> = links
        .as_array()
        .expect("links")
        .iter()
        .map(|link| link.as_str().expect("a link").replace("ID", SHEET_ID))
        .collect();
    links.push(format!("https://docs.google.com/spreadsheets/d/{SHEET_ID}/edit?gid=7#gid=7&range=A1:B3"));
    for (number, link) in links.iter().enumerate() {
        let source = add_sheet(&engine, &format!("pay-{number}"), link);
        let record = engine.sync(&source);
        assert_eq!(
            (record.summary.status, record.summary.stats.added),
            (Status::Completed, 2),
            "{link}: {}",
            record.summary.message
        );
        assert_eq!(engine.item_lines(&source), ["A1|Blue", "A2|Red"], "{link}");
    }
    // As a CSV, the link is fetched unchanged, or refused if Google would send more than the link shows.
    let as_it_is = "?format=csv&gid=7&range=A1:B3";
    stub.serve_csv(&format!("{export}{as_it_is}"), two_columns);
    let source = engine.url_source("pay-csv", stub.url(&format!("{export}{as_it_is}")));
    engine.sync(&source);
    assert_eq!(engine.item_lines(&source), ["A1|Blue", "A2|Red"]);
    let behind_hash = engine.url_source("pay-hash", stub.url(&format!("{export}?format=csv&gid=7#range=A1:B3")));
    let record = engine.sync(&behind_hash);
    let (code, error) = expect_failed_run(&record);
    assert!(code == Some("sheet_link") && error.contains("“range=”") && error.contains("--kind sheet"), "{error}");
    assert!(engine.list_items(&behind_hash).is_empty());
}

fn a_service_account_reads_the_range_of_a_link_and_never_more(db: &TestDatabase) {
    let google = GoogleServer::start();
    google.serve_sheet(SHEET_ID, vec![SheetTab::new(0, "Other", &[&["id"], &["x"]]), salaries_tab()]);
    let engine = new_engine_with_account(db, &google);
    let base = format!("https://docs.google.com/spreadsheets/d/{SHEET_ID}");
    let first = add_sheet(&engine, "first", &format!("{base}/edit?gid=7#gid=7&range=A1:B3"));
    engine.sync(&first);
    assert_eq!(engine.item_lines(&first), ["A1|Blue", "A2|Red"]);
    let columns = add_sheet(&engine, "columns", &format!("{base}/export?format=csv&gid=7&range=A:B"));
    engine.sync(&columns);
    assert_eq!(engine.item_lines(&columns), ["A1|Blue", "A2|Red", "A3|Green"]);
    let requests = google.requests("values:batchGet");
    assert!(requests[0].target.contains("ranges=%27Pay%27%21A1%3AB3&"), "{}", requests[0].target);
    assert_eq!(google.request_count("/export"), 0);
}

fn a_query_goes_to_the_query_service_even_with_a_service_account(db: &TestDatabase) {
    let google = GoogleServer::start();
    google.serve_sheet(SHEET_ID, vec![salaries_tab()]);
    let engine = new_engine_with_account(db, &google);
    let link = read_answer("16")["links"][0].as_str().expect("a link").replace("ID", SHEET_ID);
    google.reply_once(
        "/gviz/tq?tqx=out:csv&gid=7&tq=select+A%2CB",
        StubReply::csv("\"id\",\"title\"\n\"A1\",\"Blue\"\n"),
    );
    let source = add_sheet(&engine, "pay", &link);
    let record = engine.sync(&source);
    assert_eq!(
        (record.summary.status, engine.item_lines(&source)),
        (Status::Completed, vec!["A1|Blue".to_owned()]),
        "{}",
        record.summary.message
    );
    for (reply, text) in [
        (StubReply::redirect(302, "/ServiceLogin?continue=x"), "=QUERY(…)"),
        (StubReply::status(400).body("Invalid query: NO_COLUMN: Z"), "rejected the query of this link"),
    ] {
        google.reply_once("/gviz/", reply);
        let record = engine.sync(&source);
        assert!(expect_failed_run(&record).1.contains(text), "{}", record.summary.message);
        assert_eq!(engine.item_lines(&source), ["A1|Blue"]);
    }
    assert_eq!(
        (google.request_count("/v4/"), google.request_count("/token")),
        (0, 0),
        "nothing is read past the query"
    );
}

fn a_link_that_cannot_be_obeyed_is_refused_and_nothing_is_written(db: &TestDatabase) {
    let (stub, google) = (StubServer::start(), GoogleServer::start());
    stub.set_reply(&format!("/spreadsheets/d/{SHEET_ID}/export"), StubReply::csv(read_report("16-sheet.csv")));
    google.serve_sheet(SHEET_ID, vec![salaries_tab()]);
    let engines = [new_engine(db, &stub), new_engine_with_account(db, &google)];
    for (at, engine) in engines.iter().enumerate() {
        for (number, (rest, text)) in [
            ("edit#gid=7&fvid=12", "filter view"),
            ("edit#gid=7&range=Titles", "“Titles” in this link (range=) is not a range of cells"),
            ("edit?gid=7#gid=7&range=A1", "is a single row or cell"),
            ("edit#rangeid=99", "named range"),
            ("export?format=csv&gid=7&gid=8", "more than once"),
            ("export?format=pdf&gid=7", "“pdf”"),
            ("pub?output=csv&gid=7&tq=select%20A", "a query (tq=) to a published sheet"),
            ("pub?output=csv&sheet=Pay", "Publish to web"),
        ]
        .into_iter()
        .enumerate()
        {
            let location = SourceLocation::Url(format!("https://docs.google.com/spreadsheets/d/{SHEET_ID}/{rest}"));
            let refused = engine.control.check_location("sheet", &location).expect_err(rest);
            assert!(refused.contains(text), "{rest}: {refused}");
            let source = engine.add_source(&format!("pay-{at}-{number}"), "sheet", location);
            let record = engine.sync(&source);
            assert_eq!(expect_failed_run(&record).1, refused, "the form and the sync say the same");
            assert_eq!(engine.control.probe_source(&source).expect_err("the check, too").message, refused);
            assert!(engine.list_items(&source).is_empty(), "{rest}");
        }
    }
    assert_eq!((stub.request_count(&format!("/spreadsheets/d/{SHEET_ID}/export")), google.request_count("/")), (0, 0));
}

/// Report 17. Sharing and publishing are independent: `/export` redirects to a login here.
fn a_published_sheet_is_asked_for_what_is_published(db: &TestDatabase) {
    let stub = StubServer::start();
    let published = format!("/spreadsheets/d/{SHEET_ID}/pub");
    stub.serve_private_sheet(SHEET_ID);
    stub.set_reply("/signin", StubReply::html(read_report("17-sign-in.html")));
    stub.set_reply(&format!("/spreadsheets/d/{SHEET_ID}/export"), StubReply::redirect(302, "/signin"));
    stub.set_reply(&format!("{published}?output=csv"), StubReply::csv(read_report("16-sheet.csv")));
    stub.serve_csv(&format!("{published}?output=csv&single=true&gid=3"), "id\nthird\n");
    stub.serve_csv(&format!("{published}?output=csv&single=true&gid=3&range=A5%3AB"), "id,title\nx,fifth\n,none\n");
    let engine = new_engine(db, &stub);
    let source = add_sheet(&engine, "pay", &link_of("17"));
    let record = engine.sync(&source);
    assert_eq!(engine.item_lines(&source), ["A1|Blue|100", "A2|Red|200"], "{}", record.summary.message);
    let tab = add_sheet(
        &engine,
        "tab",
        &format!("https://docs.google.com/spreadsheets/d/{SHEET_ID}/pubhtml?gid=3&single=true"),
    );
    engine.sync(&tab);
    assert_eq!(engine.item_lines(&tab), ["third"]);
    let part =
        add_sheet(&engine, "part", &format!("https://docs.google.com/spreadsheets/d/{SHEET_ID}/pub?gid=3&range=A5:B"));
    let record = engine.sync(&part);
    assert_eq!(engine.item_lines(&part), ["x|fifth"]);
    let issues = engine.store.list_issues(record.summary.id, 1, 10).expect("issues");
    assert_eq!(issues[0].row, Some(7), "the range begins with row 5: {issues:?}");
    assert_eq!(stub.request_count(&format!("/spreadsheets/d/{SHEET_ID}/export")), 0);

    // A service account may read more than was published, so it is not used.
    let google = GoogleServer::start();
    google.serve_sheet(SHEET_ID, vec![salaries_tab()]);
    google.reply_once("/pub?output=csv", StubReply::csv("id,title\nA1,published\n"));
    let engine = new_engine_with_account(db, &google);
    let source = add_sheet(&engine, "of-account", &link_of("17"));
    engine.sync(&source);
    assert_eq!((engine.item_lines(&source), google.request_count("/v4/")), (vec!["A1|published".to_owned()], 0));
}

fn busy_reply() -> StubReply {
    StubReply::html(read_report("18-too-many.html")).with_status(429)
}

/// Report 18.
fn a_run_waits_after_too_many_requests_even_if_google_names_no_time(db: &TestDatabase) {
    let stub = StubServer::start();
    let export = format!("/spreadsheets/d/{SHEET_ID}/export?format=csv&gid=0");
    stub.set_reply(&export, busy_reply());
    stub.queue_reply(&export, busy_reply().with_status(503));
    stub.queue_reply(&export, StubReply::csv(read_report("16-sheet.csv")));
    let engine = new_engine(db, &stub);
    let source = add_sheet(&engine, "pay", &link_of("18"));
    let id = engine.start(&source, &full_sync());
    let (started, load_clock) = (Instant::now(), LoadClock::start());
    std::thread::scope(|scope| {
        let running = scope.spawn(|| engine.run(id));
        wait_until(|| engine.status_report(id).summary.message.starts_with("Rate-limited by Google, retrying at "));
        let record = running.join().expect("a record");
        assert_eq!(
            (record.summary.status, record.summary.stats.added),
            (Status::Completed, 2),
            "{}",
            record.summary.message
        );
    });
    // 2 s and 4 s, each a tenth more or less.
    let (took, load_time) = (started.elapsed(), load_clock.elapsed());
    assert!(took >= Duration::from_millis(5300) && load_time < Duration::from_secs(15), "{took:?}, {load_time:?}");
}

fn a_google_that_stays_busy_fails_the_run_in_time_and_keeps_the_items(db: &TestDatabase) {
    let stub = StubServer::start();
    let export = format!("/spreadsheets/d/{SHEET_ID}/export?format=csv&gid=0");
    stub.set_reply(&export, StubReply::csv(read_report("16-sheet.csv")));
    stub.queue_reply(&export, busy_reply());
    // The first sync takes the time it needs. Only the second one has a limit, far beyond what a sync takes.
    let unlimited = new_engine(db, &stub);
    let source = add_sheet(&unlimited, "pay", &link_of("18"));
    let started = Instant::now();
    unlimited.sync(&source);
    let run_limit = (started.elapsed() * 8).max(Duration::from_secs(5));
    let engine = new_engine_with(db, &stub, Timeouts { sync: run_limit, ..TEST_TIMEOUTS });
    let load_clock = LoadClock::start();
    let record = engine.sync(&source);
    let (code, error) = expect_failed_run(&record);
    assert!(code == Some("rate_limited") && error.contains("(429)") && error.contains("Sync less often"), "{error}");
    assert!(load_clock.elapsed() < run_limit * 2, "{:?} of {run_limit:?}", load_clock.elapsed());
    assert_eq!(engine.item_lines(&source), ["A1|Blue|100", "A2|Red|200"]);

    let google = GoogleServer::start();
    google.serve_sheet(SHEET_ID, vec![salaries_tab()]);
    google.reply_once("values:batchGet", quota_exceeded());
    let by_account = new_engine_with_account(db, &google);
    let source =
        add_sheet(&by_account, "pay-2", &format!("https://docs.google.com/spreadsheets/d/{SHEET_ID}/edit#gid=7"));
    let start_time = Instant::now();
    assert_eq!(by_account.sync(&source).summary.kind, OperationKind::Sync);
    assert!(
        start_time.elapsed() >= Duration::from_millis(1800),
        "the same wait with a service account: {:?}",
        start_time.elapsed()
    );
}

/// Report 19.
fn a_redirect_after_the_link_of_a_company_is_followed(db: &TestDatabase) {
    let stub = StubServer::start();
    stub.set_reply(
        &format!("/spreadsheets/d/{SHEET_ID}/export?format=csv&gid=7"),
        StubReply::redirect(307, "/content/one-time"),
    );
    stub.set_reply("/content/one-time", StubReply::csv(read_report("16-sheet.csv")));
    let engine = new_engine(db, &stub);
    let source = add_sheet(&engine, "pay", &link_of("19"));
    let record = engine.sync(&source);
    assert_eq!(engine.item_lines(&source), ["A1|Blue|100", "A2|Red|200"], "{}", record.summary.message);
}
