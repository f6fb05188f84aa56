//! Workbooks through whole syncs: taken, unchanged, updated, removed, and what is noted about them.

use lockstep::domain::location::Location;
use lockstep::domain::operation::Status;

use crate::support::house::{full, incremental};
use crate::support::outside::{Outside, Reply};
use crate::support::workbook::{Xlsx, sample, text_row};
use crate::support::{Database, House, on_both_databases};

on_both_databases![
    a_workbook_is_taken_and_then_unchanged,
    rows_of_a_workbook_are_updated_and_removed,
    a_workbook_at_an_address_is_asked_for_with_what_is_known,
    a_damaged_workbook_leaves_the_catalog_alone,
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
