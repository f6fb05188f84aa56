//! A tab and a header row that are set for a source, in addition to its link.

use lockstep::domain::location::SourceLocation;
use lockstep::domain::read_options::ReadOptions;
use lockstep::domain::source::{Source, SourceDraft};

use super::{expect_failed_run, new_engine, new_engine_with_account, salaries_tab};
use crate::support::google_query_service::{NamedTab, answer_queries};
use crate::support::google_server::{GoogleServer, SHEET_ID, SheetTab};
use crate::support::stub_server::StubServer;
use crate::support::test_engine::source_draft;
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    a_tab_that_is_set_overrides_the_tab_of_the_link,
    a_header_row_that_is_set_is_obeyed_by_the_service_account,
    a_header_row_that_is_set_is_obeyed_in_the_range_of_an_export,
    a_tab_by_name_has_one_header_row_and_it_is_the_one_that_is_set,
    a_header_that_most_rows_do_not_fit_is_found_and_can_be_accepted,
];

fn read_with(engine: &TestEngine, slug: &str, link: &str, read_options: ReadOptions) -> Source {
    let draft = SourceDraft { read_options, ..source_draft(slug, "sheet", SourceLocation::Url(link.to_owned())) };
    engine.store.add_source(&draft, None).expect("a source")
}

fn a_tab_that_is_set_overrides_the_tab_of_the_link(db: &TestDatabase) {
    let (google, stub) = (GoogleServer::start(), StubServer::start());
    google.serve_sheet(SHEET_ID, vec![SheetTab::new(0, "Other", &[&["id"], &["x"]]), salaries_tab()]);
    let by_tab = |name: &str| ReadOptions { tab: Some(name.to_owned()), ..ReadOptions::default() };
    let link = format!("https://docs.google.com/spreadsheets/d/{SHEET_ID}/edit#gid=0");
    let engine_of_account = new_engine_with_account(db, &google);
    let source = read_with(&engine_of_account, "pay", &link, by_tab("Pay"));
    engine_of_account.sync(&source);
    assert_eq!(engine_of_account.item_lines(&source), ["A1|Blue|100", "A2|Red|200", "A3|Green|300"]);
    let source = read_with(&engine_of_account, "none", &link, by_tab("Play"));
    let record = engine_of_account.sync(&source);
    assert!(
        expect_failed_run(&record).1.starts_with("This sheet has no tab “Play”. The tabs are “Other”, “Pay”."),
        "{}",
        record.summary.message
    );

    let engine = new_engine(db, &stub);
    let tabs: Vec<NamedTab> = vec![("Other", &[&["id"], &["x"]]), ("Pay", &[&["id", "title"], &["A1", "Blue"]])];
    stub.reply_with(&format!("/spreadsheets/d/{SHEET_ID}/gviz/tq"), answer_queries(tabs));
    let source = read_with(&engine, "pay-by-link", &link, by_tab("Pay"));
    let record = engine.sync(&source);
    assert_eq!(engine.item_lines(&source), ["A1|Blue"]);
    let issues = engine.list_issues(record.summary.id);
    assert!(issues.len() == 1 && issues[0].contains("gid=…, to get all cells"), "{issues:?}");
    let published = "https://docs.google.com/spreadsheets/d/e/2PACX-1vQx_y/pub?gid=7";
    let source = read_with(&engine, "published", published, by_tab("Pay"));
    let record = engine.sync(&source);
    assert!(
        expect_failed_run(&record).0 == Some("no_tab") && record.summary.message.contains("gid="),
        "{}",
        record.summary.message
    );
}

fn a_header_row_that_is_set_is_obeyed_by_the_service_account(db: &TestDatabase) {
    let google = GoogleServer::start();
    let rows: &[&[&str]] =
        &[&["Pay of 2026"], &[], &["not", "the", "header"], &["id", "title"], &[], &["A1", "Blue"], &["", "no key"]];
    google.serve_sheet(SHEET_ID, vec![SheetTab::new(0, "Pay", rows)]);
    let engine = new_engine_with_account(db, &google);
    let at_row = |row| ReadOptions { header_row: Some(row), ..ReadOptions::default() };
    let base = format!("https://docs.google.com/spreadsheets/d/{SHEET_ID}/edit");
    for (slug, rest) in [("whole", ""), ("ranged", "#range=A3:B9")] {
        let source = read_with(&engine, slug, &format!("{base}{rest}"), at_row(4));
        let record = engine.sync(&source);
        assert_eq!(engine.item_lines(&source), ["A1|Blue"], "{}", record.summary.message);
        let issues = engine.store.list_issues(record.summary.id, 1, 10).expect("issues");
        assert_eq!(issues[0].row, Some(7), "rows are numbered as the tab numbers them: {issues:?}");
    }
    for (slug, rest, row, text) in [
        ("above", "#range=A3:B9", 2, "above the link's range A3:B9"),
        ("below", "", 40, "has fewer rows"),
        ("blank", "", 2, "Row 2 is set as the header row but is blank"),
    ] {
        let source = read_with(&engine, slug, &format!("{base}{rest}"), at_row(row));
        let record = engine.sync(&source);
        assert!(
            expect_failed_run(&record).0 == Some("no_header") && record.summary.message.contains(text),
            "{}",
            record.summary.message
        );
    }
}

fn a_header_row_that_is_set_is_obeyed_in_the_range_of_an_export(db: &TestDatabase) {
    let stub = StubServer::start();
    let export = format!("/spreadsheets/d/{SHEET_ID}/export?format=csv&range=A3%3AB9");
    stub.serve_csv(&export, "not,the header\nid,title\n,\nA1,Blue\n,no key\n");
    let engine = new_engine(db, &stub);
    let at_row = |row| ReadOptions { header_row: Some(row), ..ReadOptions::default() };
    let link = format!("https://docs.google.com/spreadsheets/d/{SHEET_ID}/edit#range=A3:B9");
    let source = read_with(&engine, "pay", &link, at_row(4));
    let record = engine.sync(&source);
    assert_eq!(engine.item_lines(&source), ["A1|Blue"], "{}", record.summary.message);
    let issues = engine.store.list_issues(record.summary.id, 1, 10).expect("issues");
    assert_eq!(issues[0].row, Some(7), "{issues:?}");
    for (slug, row, text) in [("above", 2, "above the link's range A3:B9"), ("blank", 5, "Row 5 is set")] {
        let source = read_with(&engine, slug, &link, at_row(row));
        let record = engine.sync(&source);
        assert!(
            expect_failed_run(&record).0 == Some("no_header") && record.summary.message.contains(text),
            "{}",
            record.summary.message
        );
    }
}

fn a_tab_by_name_has_one_header_row_and_it_is_the_one_that_is_set(db: &TestDatabase) {
    let stub = StubServer::start();
    let engine = new_engine(db, &stub);
    let tabs: Vec<NamedTab> = vec![
        ("First", &[&["id"], &["x"]]),
        ("Words", &[&["id", "title"], &["A1", "Blue"], &["A2", "Red"]]),
        ("Units", &[&["id", "price"], &["text", "euros"], &["A1", "7"], &["A2", "8"], &["A3", "9"]]),
        ("Titled", &[&["Prices"], &["of", "2026"], &["id", "price"], &["A1", "7"], &["A2", "8"]]),
    ];
    stub.reply_with(&format!("/spreadsheets/d/{SHEET_ID}/gviz/tq"), answer_queries(tabs));
    let link = |rest: &str| format!("https://docs.google.com/spreadsheets/d/{SHEET_ID}/edit{rest}");
    let options = |tab: &str, row| ReadOptions { tab: Some(tab.to_owned()), header_row: row, ..ReadOptions::default() };
    // Without the option Google would guess no header, or two rows.
    for (tab, row, expected) in [
        ("Words", None, &["A1|Blue", "A2|Red"][..]),
        ("Words", Some(1), &["A1|Blue", "A2|Red"]),
        ("Units", None, &["text|", "A1|7", "A2|8", "A3|9"]),
    ] {
        let slug = format!("{}-{}", tab.to_lowercase(), row.unwrap_or_default());
        let source = read_with(&engine, &slug, &link(""), options(tab, row));
        let record = engine.sync(&source);
        assert_eq!(engine.item_lines(&source), expected, "{tab}: {}", record.summary.message);
    }
    // A header below the first row is possible if the link names the last cell.
    for (slug, rest) in [("ranged", "#range=A2:B9"), ("open", "#range=A1:B"), ("columns", "#range=A:B")] {
        let source = read_with(&engine, slug, &link(rest), options("Titled", Some(3)));
        let record = engine.sync(&source);
        assert_eq!(engine.item_lines(&source), ["A1|7", "A2|8"], "{slug}: {}", record.summary.message);
    }
    for (slug, rest, text) in [
        ("whole", "", "Use the link of the tab, which ends in gid=…, instead of the name"),
        ("below", "#range=A1:B3", "the link's range A1:B3 ends above it"),
    ] {
        let source = read_with(&engine, slug, &link(rest), options("Titled", Some(3)));
        let record = engine.sync(&source);
        assert!(
            expect_failed_run(&record).0 == Some("no_header") && record.summary.message.contains(text),
            "{}",
            record.summary.message
        );
    }
}

fn a_header_that_most_rows_do_not_fit_is_found_and_can_be_accepted(db: &TestDatabase) {
    let google = GoogleServer::start();
    let rows: &[&[&str]] = &[&["id", "title"], &["A1", "Blue", "100"], &["A2", "Red", "200"], &["A3", "Green", "300"]];
    google.serve_sheet(SHEET_ID, vec![SheetTab::new(0, "Pay", rows)]);
    let engine = new_engine_with_account(db, &google);
    let link = format!("https://docs.google.com/spreadsheets/d/{SHEET_ID}/edit");
    let source = read_with(&engine, "strict", &link, ReadOptions::default());
    let record = engine.sync(&source);
    assert_eq!(expect_failed_run(&record).0, Some("header_mismatch"), "{}", record.summary.message);
    let accepting = ReadOptions { accept_header_mismatch: true, ..ReadOptions::default() };
    let source = read_with(&engine, "lenient", &link, accepting);
    let record = engine.sync(&source);
    assert_eq!(engine.item_lines(&source), ["A1|Blue", "A2|Red", "A3|Green"], "{}", record.summary.message);
}
