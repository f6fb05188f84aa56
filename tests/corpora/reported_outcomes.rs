//! Report 38: everything that shows a run shows that rows were skipped. Report 4a, and columns that differ in invisible
//! characters: the message names the cause and the fix, the same in a sync, a probe and a page.

use std::process::Stdio;

use lockstep::domain::operation::Status;
use lockstep::domain::source::Source;

use super::read_report;
use crate::support::http_client::TestHttpClient;
use crate::support::log_files;
use crate::support::log_files::read_run_lines;
use crate::support::server_process::{ServerAnswer, ServerProcess, ServerSetup};
use crate::support::stub_server::StubServer;
use crate::support::test_engine::{TestEngine, full_sync, preview_run};
use crate::support::{TestDatabase, on_both_databases};

on_both_databases![
    a_run_with_skipped_rows_shows_them_everywhere,
    a_preview_shows_that_rows_would_be_skipped,
    a_failed_run_shows_how_many_rows_it_skipped,
    a_header_below_title_rows_is_named_with_its_row,
    the_header_row_can_be_set_instead,
    a_column_that_differs_in_a_character_that_cannot_be_seen_is_marked,
];

/// Three of these six rows are skipped.
const SOME_ROWS: &str = "id,title\n1,One\n,None\n2,Two\n1,Again\n3,Three\n,None\n";
const CSV_WITH_SKIPPED_ROWS: &str = "3 rows skipped";

/// The standard output and the standard error of the program.
fn run_command(setup: &ServerSetup, args: &[&str]) -> (String, String) {
    let mut command = setup.build_command("data");
    let output = command.args(args).stdin(Stdio::null()).output().expect("the program runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (text(output.stdout), text(output.stderr))
}

fn get_page(client: &TestHttpClient, path: &str) -> String {
    let ServerAnswer { status, body, .. } = client.get(path).expect("an answer");
    assert_eq!(status, 200, "{path}: {body}");
    body
}

/// Asserts that all reports of the run `id` contain `shown_text`; `skipped` is the text in badges and titles.
fn assert_shown_everywhere(setup: &ServerSetup, server: &ServerProcess, id: &str, shown_text: &str) {
    let status = server.status(id);
    assert!(status["message"].as_str().is_some_and(|message| message.contains(shown_text)), "{status}");
    let entry = server.get(&format!("/api/history/{id}")).json();
    assert!(entry["message"].as_str().is_some_and(|message| message.contains(shown_text)), "{entry}");
    assert_eq!(entry["stats"]["rejected"], 3, "{entry}");
    let ended =
        read_run_lines(setup, "sync.jsonl", id).into_iter().find(|line| line["event"] == "ended").expect("an end");
    assert!(ended["message"].as_str().is_some_and(|message| message.contains(shown_text)), "{ended}");

    let admin = TestHttpClient::logged_in_admin(server.address());
    let dashboard = get_page(&admin, "/");
    assert!(
        dashboard.contains(&format!("data-state-of=\"albums\">Completed, {shown_text}<")),
        "dashboard: {dashboard}"
    );
    let badge = get_page(&admin, "/sync-badge");
    assert!(badge.contains(&format!("Sync completed, {shown_text}")), "badge: {badge}");
    let panel = get_page(&admin, &format!("/catalog/albums/sync-status?sync={id}"));
    assert!(panel.contains(&format!("<span>Sync completed, {shown_text}</span>")), "panel: {panel}");
    assert!(panel.contains(&format!(". {shown_text}.")), "panel: {panel}");
    assert!(get_page(&admin, "/history").contains(&format!("<span>Completed, {shown_text}</span>")), "history");
    let run = get_page(&admin, &format!("/history/{id}"));
    assert!(run.contains(&format!("sync completed, {shown_text}</span>")), "run: {run}");
    assert!(!run.contains("</b> refused") && !run.contains("</svg> refused"), "one word for it: {run}");
    let visitor = TestHttpClient::anonymous(server.address());
    let front_page = get_page(&visitor, "/");
    assert!(front_page.contains("3 albums"), "{front_page}");
    assert!(!front_page.contains("Completed") && !front_page.contains("skipped"), "nothing of syncs: {front_page}");
}

fn a_run_with_skipped_rows_shows_them_everywhere(db: &TestDatabase) {
    let stub = StubServer::start();
    stub.serve_csv("/albums.csv", SOME_ROWS);
    let setup = ServerSetup::on_database(db);
    let server = setup.start();
    setup.add_admin_and_token();
    setup.add_url("albums", stub.url("/albums.csv"));
    let (id, _) = log_files::sync_until_logged(&setup, &server, "albums");
    assert_eq!(server.status(&id)["message"], "3 added, 0 updated, 0 removed. 3 rows skipped.");
    assert_shown_everywhere(&setup, &server, &id, CSV_WITH_SKIPPED_ROWS);
    let (id, _) = log_files::sync_until_logged(&setup, &server, "albums");
    assert_eq!(server.status(&id)["message"], "No changes. 3 rows skipped.");
    assert_shown_everywhere(&setup, &server, &id, CSV_WITH_SKIPPED_ROWS);

    let (out, err) = run_command(&setup, &["sync", "albums", "--full"]);
    assert_eq!(out, "albums: No changes. 3 rows skipped. 3 issues.\n");
    assert!(err.contains("100 % Sync completed, 3 rows skipped"), "{err}");
    assert!(err.contains("row 3, column “id”, skipped: "), "{err}");
    let (out, _) = run_command(&setup, &["source", "show", "albums"]);
    assert!(out.lines().any(|line| line.contains("completed, 3 rows skipped") && line.ends_with("skipped.")), "{out}");

    // After the source is corrected, it is up to date.
    stub.serve_csv("/albums.csv", "id,title\n1,One\n2,Two\n3,Three\n");
    log_files::sync_until_logged(&setup, &server, "albums");
    let admin = TestHttpClient::logged_in_admin(server.address());
    assert!(get_page(&admin, "/").contains("data-state-of=\"albums\">Up to date<"));
    assert!(!get_page(&admin, "/sync-badge").contains("skipped"));
}

fn a_preview_shows_that_rows_would_be_skipped(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", SOME_ROWS);
    let record = engine.run_request(&source, &preview_run());
    let shown_text = "A sync would add 3, update 0 and remove 0. 3 rows would be skipped. Nothing was written.";
    assert_eq!(record.summary.message, shown_text);
}

fn a_failed_run_shows_how_many_rows_it_skipped(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,title\n,One\n,Two\n");
    let record = engine.sync(&source);
    assert_eq!((record.summary.status, record.summary.code.as_deref()), (Status::Failed, Some("empty_source")));
    assert!(record.summary.message.ends_with(" 2 rows skipped."), "{}", record.summary.message);
    assert_eq!(record.summary.error.as_deref(), Some(record.summary.message.as_str()));
}

/// A source with the key column `key`.
fn add_keyed_source(engine: &TestEngine, slug: &str, key: &str, content: &[u8]) -> Source {
    engine.csv_source_with(slug, content, |draft| key.clone_into(&mut draft.key_column))
}

/// Asserts that a sync of the source fails because its key column is missing, and writes nothing; returns the message,
/// which a probe shows, too.
fn expect_missing_key(db: &TestDatabase, engine: &TestEngine, source: &Source) -> String {
    let before = db.items_as_written();
    let record = engine.run_request(source, &full_sync());
    assert_eq!((record.summary.status, record.summary.code.as_deref()), (Status::Failed, Some("no_key_column")));
    assert_eq!(db.items_as_written(), before);
    let message = record.summary.error.expect("a message");
    let probe = engine.control.probe_source(source).expect("a probe");
    assert_eq!(
        probe.missing_key.map(|shown_text| format!("{shown_text} Nothing was changed.")).as_ref(),
        Some(&message)
    );
    message
}

fn a_header_below_title_rows_is_named_with_its_row(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let sales = read_report("04a-title-rows-above-header.csv");
    let source = add_keyed_source(&engine, "sales", "Transaction", &sales);
    let shown_text = "The column “Transaction” is in row 4. Delete the three rows above the header. Or set the header \
                      row to 4 in the settings of this source (/settings/sources/sales). Nothing was changed.";
    assert_eq!(expect_missing_key(db, &engine, &source), shown_text);
    // The same with a catalog that contains the keys.
    let text = String::from_utf8(sales).expect("UTF-8");
    let table: String = text.lines().skip(3).map(|line| format!("{line}\n")).collect();
    engine.rewrite_file(&source, table);
    assert_eq!(engine.sync(&source).summary.stats.added, 2);
    engine.rewrite_file(&source, text);
    assert_eq!(expect_missing_key(db, &engine, &source), shown_text);
    assert_eq!(engine.list_items(&source).len(), 2);
}

fn the_header_row_can_be_set_instead(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let content = read_report("04a-title-rows-above-header.csv");
    let keyed = |slug: &str, row| {
        engine.csv_source_with(slug, &content, |draft| {
            "Transaction".clone_into(&mut draft.key_column);
            draft.read_options.header_row = Some(row);
        })
    };
    let source = keyed("sales", 4);
    let record = engine.sync(&source);
    assert_eq!(
        (record.summary.status, record.summary.stats.added, record.summary.stats.rejected),
        (Status::Completed, 2, 1)
    );
    assert_eq!(record.summary.message, "2 added, 0 updated, 0 removed. 1 row skipped.", "the row of totals has no key");
    assert_eq!(engine.item_lines(&source)[0], "IT|T-1001|1/1/26|Red lamp");
    let shown_text = expect_missing_key(db, &engine, &keyed("other", 2));
    assert!(
        shown_text.starts_with("The column “Transaction” is in row 4, but the header row is set to 2. Set it to 4 in"),
        "{shown_text}"
    );
}

fn a_column_that_differs_in_a_character_that_cannot_be_seen_is_marked(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let text = "Member\u{a0}No\u{200d},Name\n1,Ada\n2,Bob\n";
    let source = add_keyed_source(&engine, "members", "Member No", text.as_bytes());
    let shown_text = expect_missing_key(db, &engine, &source);
    let named = "There is no column “Member No”; the columns are “Member⍽No·U+200D·”, “Name”. “Member⍽No·U+200D·” and \
                 “Member No” differ only in invisible characters or white space";
    assert!(shown_text.starts_with(named), "{shown_text}");
}
