//! Catalogs as files: CSV, JSON, lines of JSON, workbooks.

mod contents;
mod downloads;
mod requests;

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use serde_json::Value;

use super::site::{SiteResponse, TestSite};
use crate::support::TestDatabase;

fn open_site(db: &TestDatabase) -> TestSite {
    TestSite::without_cooldown(db.store(), tempfile::tempdir().expect("a folder"))
}

fn get_file(site: &TestSite, path: &str) -> SiteResponse {
    let reply = site.visitor().get(path);
    assert_eq!(reply.status, 200, "{path}: {}", reply.body);
    reply
}

/// The rows of a CSV file.
fn read_csv(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.records().map(|record| record.expect("a record").iter().map(str::to_owned).collect()).collect()
}

/// The items of a JSON file: `[key, fields]`.
fn read_json(text: &str) -> Vec<(String, Value)> {
    let items: Vec<Value> = serde_json::from_str(text).expect("JSON");
    items.iter().map(|item| (item["key"].as_str().expect("a key").to_owned(), item["fields"].clone())).collect()
}

fn json_keys(site: &TestSite, path: &str) -> Vec<String> {
    read_json(&get_file(site, path).body).into_iter().map(|(key, _)| key).collect()
}

/// The bytes of a file, however they are.
fn get_bytes(site: &TestSite, path: &str) -> Vec<u8> {
    let mut response = ureq::get(format!("http://{}{path}", site.address)).call().expect("an answer");
    response.body_mut().with_config().limit(1 << 30).read_to_vec().expect("a body")
}

/// The rows of the sheet of a workbook, all of whose cells must be texts.
fn read_workbook(bytes: Vec<u8>) -> Vec<Vec<String>> {
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(bytes)).expect("a workbook");
    assert_eq!(book.sheet_names(), ["Items"]);
    let sheet = book.worksheet_range("Items").expect("the sheet");
    let text = |cell: &Data| match cell {
        Data::Empty => String::new(),
        Data::String(text) => text.clone(),
        other => panic!("no text: {other:?}"),
    };
    sheet.rows().map(|row| row.iter().map(text).collect()).collect()
}
