//! Compares the catalog, as API clients read it, with its sheet.

use std::collections::HashSet;

use super::edited_sheet::{EditedSheet, SheetRow};
use crate::servers::crash_tally::{CrashTally, Violation};
use crate::support::TestDatabase;
use crate::support::http_client::TestHttpClient;

/// All items in the order in which they were added; `None` when a page had a wrong answer.
pub(super) fn list_items(client: &TestHttpClient) -> Option<Vec<(String, SheetRow)>> {
    let mut items = Vec::new();
    for page in 1.. {
        let answer = client.get(&format!("/api/catalog/albums/items?per=500&page={page}"))?;
        if answer.status != 200 {
            return None;
        }
        let list = answer.json();
        let found = list["items"].as_array()?;
        for item in found {
            let text = |name: &str| item["fields"][name].as_str().unwrap_or("(missing)").to_owned();
            items.push((item["key"].as_str()?.to_owned(), EditedSheet::COLUMNS.map(text)));
        }
        if found.len() < 500 {
            return Some(items);
        }
    }
    None
}

/// Compares the catalog with its sheet after `run` has ended.
pub(super) fn compare_catalog(
    client: &TestHttpClient,
    db: &TestDatabase,
    sheet: &EditedSheet,
    run: &str,
    tally: &mut CrashTally,
) {
    let Some(items) = list_items(client) else {
        return tally.record_violation(Violation::Item, format!("{run}: no items"));
    };
    let mut keys = HashSet::new();
    for (key, row) in &items {
        tally.record_unless(sheet.has_row(key, row), Violation::Item, || format!("{run}: {key} is {row:?}"));
        tally.record_unless(keys.insert(key.as_str()), Violation::Duplicate, || format!("{run}: {key} twice"));
    }
    for key in sheet.keys().filter(|key| !keys.contains(key.as_str())) {
        tally.record_violation(Violation::Item, format!("{run}: {key} is missing"));
    }
    // Removed items may not be duplicates either, and the stored count is the number of items.
    let twice = "SELECT count(*) FROM (SELECT key FROM items GROUP BY source_id, key HAVING count(*) > 1) AS twice";
    let twice = db.select_number(twice);
    tally.record_unless(twice == 0, Violation::Duplicate, || format!("{run}: {twice} keys are there twice"));
    let counted = db.select_number("SELECT item_count FROM catalogs WHERE item_count > 0");
    let right = usize::try_from(counted) == Ok(items.len());
    tally.record_unless(right, Violation::Item, || format!("{run}: {counted} are counted, {} are there", items.len()));
}
