//! Workbooks through whole syncs: taken, unchanged, updated, removed, and what is noted about them.

use lockstep::domain::location::Location;
use lockstep::domain::operation::Status;
use lockstep::domain::source::SourceDraft;

use crate::corpora::report;
use crate::support::house::{draft, full, incremental};
use crate::support::outside::{Outside, Reply};
use crate::support::workbook::{Xlsx, ods, sample, text_row};
use crate::support::{Database, House, on_both_databases};

on_both_databases![
    a_workbook_is_taken_and_then_unchanged,
    rows_of_a_workbook_are_updated_and_removed,
    a_workbook_at_an_address_is_asked_for_with_what_is_known,
    a_damaged_workbook_leaves_the_catalog_alone,
    rows_of_a_workbook_that_all_have_one_cell_more_than_the_header_fail_the_run,
    a_mismatch_of_a_workbook_that_is_accepted_leaves_the_cells_beyond_the_header_out,
];

fn book(rows: &[[&str; 2]]) -> Vec<u8> {
    let rows = rows.iter().enumerate().map(|(row, cells)| text_row(row + 1, cells)).collect::<String>();
    Xlsx::of_rows(&rows).bytes()
}

fn a_workbook_is_taken_and_then_unchanged(db: &Database) {
    let house = House::on(db);
    let source = house.add("albums", "excel", sample("albums.xlsx"));
    let record = house.go(&source, &incremental());
    assert_eq!((record.status, record.stats.added), (Status::Completed, 3), "{}", record.message);
    assert_eq!(house.items(&source)[0].key, "10000000000");
    let issues = house.store.issues(record.id, 1, 100).expect("issues");
    let reasons: Vec<&str> = issues.iter().map(|issue| issue.reason.as_str()).collect();
    for place in ["“cost” is hidden", "Row 4 is hidden", "(B5:C5)"] {
        assert!(reasons.iter().any(|reason| reason.contains(place)), "{place}: {reasons:?}");
    }
    assert!(house.go(&source, &incremental()).message.starts_with("Nothing new"));
    let before = db.items_as_written();
    assert_eq!(house.go(&source, &full()).stats.unchanged, 3);
    assert_eq!(db.items_as_written(), before, "a full sync finds the same");
    // The same table in another format is the same catalog.
    for name in ["albums.xls", "albums.ods"] {
        let other = house.add(&name.replace('.', "-"), "excel", sample(name));
        assert_eq!(house.go(&other, &full()).stats.added, 3, "{name}");
        assert_eq!(house.lines(&other), house.lines(&source), "{name}");
    }
}

fn rows_of_a_workbook_are_updated_and_removed(db: &Database) {
    let (house, folder) = (House::on(db), tempfile::tempdir().expect("a folder"));
    let path = folder.path().join("albums.xlsx");
    let source = house.add("albums", "excel", Location::File(path.clone()));
    let head = ["id", "title"];
    std::fs::write(&path, book(&[head, ["1", "Blue"], ["2", "Train"], ["3", "Moanin"]])).expect("written");
    assert_eq!(house.go(&source, &incremental()).stats.added, 3);
    std::fs::write(&path, book(&[head, ["1", "Kind of Blue"], ["2", "Train"]])).expect("written");
    let record = house.go(&source, &incremental());
    assert_eq!((record.stats.updated, record.stats.removed, record.stats.unchanged), (1, 1, 1), "{}", record.message);
}

fn a_workbook_at_an_address_is_asked_for_with_what_is_known(db: &Database) {
    let (house, outside) = (House::on(db), Outside::start());
    let head = ["id", "title"];
    outside.set("/a.xlsx", Reply::status(200).body(book(&[head, ["1", "Blue"]])).etag("\"v1\""));
    let source = house.add("albums", "excel", Location::Url(outside.url("/a.xlsx")));
    assert_eq!(house.go(&source, &incremental()).stats.added, 1);
    assert!(house.go(&source, &incremental()).message.starts_with("Nothing new"));
    let asked = outside.requests("/a.xlsx");
    assert_eq!((asked.len(), asked[1].header("If-None-Match")), (2, Some("\"v1\"")));
    outside.set("/a.xlsx", Reply::status(200).body(book(&[head, ["1", "Blue"], ["2", "Train"]])).etag("\"v2\""));
    assert_eq!(house.go(&source, &incremental()).stats.added, 1);
}

fn a_damaged_workbook_leaves_the_catalog_alone(db: &Database) {
    let (house, folder) = (House::on(db), tempfile::tempdir().expect("a folder"));
    let path = folder.path().join("albums.xlsx");
    let source = house.add("albums", "excel", Location::File(path.clone()));
    let whole = book(&[["id", "title"], ["1", "Blue"], ["2", "Train"]]);
    std::fs::write(&path, &whole).expect("written");
    house.go(&source, &incremental());
    let before = db.items_as_written();
    std::fs::write(&path, &whole[..whole.len() / 2]).expect("written");
    let record = house.go(&source, &full());
    assert_eq!((record.status, record.stats.removed), (Status::Failed, 0), "{}", record.message);
    assert_eq!(db.items_as_written(), before);
}

/// Report 11 as workbooks: every row has one cell more than the header.
fn books_with_one_cell_too_many() -> [(&'static str, Vec<u8>); 2] {
    let text = String::from_utf8(report("11-one-cell-too-many.csv")).expect("UTF-8");
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split('|').collect()).collect();
    let xlsx: String = rows.iter().enumerate().map(|(row, cells)| text_row(row + 1, cells)).collect();
    let cell = |text: &&str| {
        format!("<table:table-cell office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell>")
    };
    let row = |cells: &Vec<&str>| {
        format!("<table:table-row>{}</table:table-row>", cells.iter().map(cell).collect::<String>())
    };
    [("xlsx", Xlsx::of_rows(&xlsx).bytes()), ("ods", ods(&rows.iter().map(row).collect::<String>()))]
}

fn rows_of_a_workbook_that_all_have_one_cell_more_than_the_header_fail_the_run(db: &Database) {
    let (house, folder) = (House::on(db), tempfile::tempdir().expect("a folder"));
    for (format, bytes) in books_with_one_cell_too_many() {
        let path = folder.path().join(format);
        std::fs::write(&path, bytes).expect("written");
        let source = house.add(format, "excel", Location::File(path));
        let record = house.sync(&source);
        let error = record.error.as_deref().unwrap_or_default();
        assert_eq!((record.status, record.code.as_deref()), (Status::Failed, Some("header_mismatch")), "{error}");
        assert!(error.starts_with("All 2 rows have 4 cells and the header has 3"), "{error}");
        assert!(house.lines(&source).is_empty(), "{format}");
    }
}

fn a_mismatch_of_a_workbook_that_is_accepted_leaves_the_cells_beyond_the_header_out(db: &Database) {
    let (house, folder) = (House::on(db), tempfile::tempdir().expect("a folder"));
    for (format, bytes) in books_with_one_cell_too_many() {
        let path = folder.path().join(format);
        std::fs::write(&path, bytes).expect("written");
        let mut accepting: SourceDraft = draft(format, "excel", Location::File(path));
        accepting.read_options.accept_header_mismatch = true;
        let source = house.store.add_source(&accepting, None).expect("added");
        let record = house.sync(&source);
        assert_eq!((record.status, record.stats.rejected), (Status::Completed, 0), "{format}: {}", record.message);
        assert_eq!(house.lines(&source), ["1|Marco|Silvio", "2|Ana|Maria"], "{format}");
        let issues = house.issues(record.id);
        assert!(issues.len() == 1 && issues[0].contains("2 rows (rows 2, 3) have cells beyond the last"), "{issues:?}");
    }
}
