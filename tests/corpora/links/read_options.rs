//! A tab and a header row that are set for a source, beside what its link says.

use lockstep::domain::location::Location;
use lockstep::domain::read_options::ReadOptions;
use lockstep::domain::source::{Source, SourceDraft};

use super::{failed, house, house_with_account, salaries};
use crate::support::google::{Google, ID, Tab};
use crate::support::house::draft;
use crate::support::outside::Outside;
use crate::support::{Database, House, on_both_databases};

on_both_databases![
    a_tab_that_is_set_counts_more_than_that_of_the_link,
    a_header_row_that_is_set_is_obeyed_by_the_service_account,
    a_header_row_that_is_set_is_obeyed_in_the_range_of_an_export,
    a_header_that_most_rows_do_not_fit_is_found_and_can_be_accepted,
];

fn read_with(house: &House, slug: &str, link: &str, read_options: ReadOptions) -> Source {
    let draft = SourceDraft { read_options, ..draft(slug, "sheet", Location::Url(link.to_owned())) };
    house.store.add_source(&draft, None).expect("a source")
}

fn a_tab_that_is_set_counts_more_than_that_of_the_link(db: &Database) {
    let (google, outside) = (Google::start(), Outside::start());
    google.sheet(ID, vec![Tab::new(0, "Other", &[&["id"], &["x"]]), salaries()]);
    let by_tab = |name: &str| ReadOptions { tab: Some(name.to_owned()), ..ReadOptions::default() };
    let link = format!("https://docs.google.com/spreadsheets/d/{ID}/edit#gid=0");
    let house_of_account = house_with_account(db, &google);
    let source = read_with(&house_of_account, "pay", &link, by_tab("Pay"));
    house_of_account.sync(&source);
    assert_eq!(house_of_account.lines(&source), ["A1|Blue|100", "A2|Red|200", "A3|Green|300"]);
    let source = read_with(&house_of_account, "none", &link, by_tab("Play"));
    let record = house_of_account.sync(&source);
    assert!(failed(&record).1.starts_with("There is no tab “Play”; there are “Other”, “Pay”."), "{}", record.message);

    let house = house(db, &outside);
    let query = format!("/spreadsheets/d/{ID}/gviz/tq");
    outside.csv(&query, "id,title\nx,first\n");
    outside.csv(&format!("{query}?tqx=out:csv&sheet=Pay"), "id,title\nA1,Blue\n");
    let source = read_with(&house, "pay-by-link", &link, by_tab("Pay"));
    house.sync(&source);
    assert_eq!(house.lines(&source), ["A1|Blue"]);
    let published = "https://docs.google.com/spreadsheets/d/e/2PACX-1vQx_y/pub?gid=7";
    let source = read_with(&house, "published", published, by_tab("Pay"));
    let record = house.sync(&source);
    assert!(failed(&record).0 == Some("no_tab") && record.message.contains("gid="), "{}", record.message);
}

fn a_header_row_that_is_set_is_obeyed_by_the_service_account(db: &Database) {
    let google = Google::start();
    let rows: &[&[&str]] =
        &[&["Pay of 2026"], &[], &["not", "the", "header"], &["id", "title"], &[], &["A1", "Blue"], &["", "no key"]];
    google.sheet(ID, vec![Tab::new(0, "Pay", rows)]);
    let house = house_with_account(db, &google);
    let at_row = |row| ReadOptions { header_row: Some(row), ..ReadOptions::default() };
    let base = format!("https://docs.google.com/spreadsheets/d/{ID}/edit");
    for (slug, rest) in [("whole", ""), ("ranged", "#range=A3:B9")] {
        let source = read_with(&house, slug, &format!("{base}{rest}"), at_row(4));
        let record = house.sync(&source);
        assert_eq!(house.lines(&source), ["A1|Blue"], "{}", record.message);
        let issues = house.store.issues(record.id, 1, 10).expect("issues");
        assert_eq!(issues[0].row, Some(7), "rows are numbered as the tab numbers them: {issues:?}");
    }
    for (slug, rest, row, said) in [
        ("above", "#range=A3:B9", 2, "above the link's range A3:B9"),
        ("below", "", 40, "has fewer rows"),
        ("blank", "", 2, "Row 2 is set as the header row, and it is blank"),
    ] {
        let source = read_with(&house, slug, &format!("{base}{rest}"), at_row(row));
        let record = house.sync(&source);
        assert!(failed(&record).0 == Some("no_header") && record.message.contains(said), "{}", record.message);
    }
}

fn a_header_row_that_is_set_is_obeyed_in_the_range_of_an_export(db: &Database) {
    let outside = Outside::start();
    let export = format!("/spreadsheets/d/{ID}/export?format=csv&range=A3%3AB9");
    outside.csv(&export, "not,the header\nid,title\n,\nA1,Blue\n,no key\n");
    let house = house(db, &outside);
    let at_row = |row| ReadOptions { header_row: Some(row), ..ReadOptions::default() };
    let link = format!("https://docs.google.com/spreadsheets/d/{ID}/edit#range=A3:B9");
    let source = read_with(&house, "pay", &link, at_row(4));
    let record = house.sync(&source);
    assert_eq!(house.lines(&source), ["A1|Blue"], "{}", record.message);
    let issues = house.store.issues(record.id, 1, 10).expect("issues");
    assert_eq!(issues[0].row, Some(7), "{issues:?}");
    for (slug, row, said) in [("above", 2, "above the link's range A3:B9"), ("blank", 5, "Row 5 is set")] {
        let source = read_with(&house, slug, &link, at_row(row));
        let record = house.sync(&source);
        assert!(failed(&record).0 == Some("no_header") && record.message.contains(said), "{}", record.message);
    }
}

fn a_header_that_most_rows_do_not_fit_is_found_and_can_be_accepted(db: &Database) {
    let google = Google::start();
    let rows: &[&[&str]] = &[&["id", "title"], &["A1", "Blue", "100"], &["A2", "Red", "200"], &["A3", "Green", "300"]];
    google.sheet(ID, vec![Tab::new(0, "Pay", rows)]);
    let house = house_with_account(db, &google);
    let link = format!("https://docs.google.com/spreadsheets/d/{ID}/edit");
    let source = read_with(&house, "strict", &link, ReadOptions::default());
    let record = house.sync(&source);
    assert_eq!(failed(&record).0, Some("header_mismatch"), "{}", record.message);
    let accepting = ReadOptions { accept_header_mismatch: true, ..ReadOptions::default() };
    let source = read_with(&house, "lenient", &link, accepting);
    let record = house.sync(&source);
    assert_eq!(house.lines(&source), ["A1|Blue", "A2|Red", "A3|Green"], "{}", record.message);
}
