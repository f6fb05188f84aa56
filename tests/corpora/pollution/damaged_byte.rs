//! One byte of a clean file is damaged: the run fails before it writes, or the rows without that byte stay as they are.

use std::collections::BTreeMap;

use lockstep::domain::operation::Status;
use lockstep::store::items::Item;

use super::clean::{CleanTable, index};
use crate::support::random::Random;
use crate::support::{Database, House, on_both_databases};

const CASES: u64 = 100;
const SEED: u64 = 0xB17E_0009;

on_both_databases![one_damaged_byte_changes_no_row_but_its_own];

fn one_damaged_byte_changes_no_row_but_its_own(db: &Database) {
    let house = House::on(db);
    for case in 0..CASES {
        let mut random = Random::new(SEED + case);
        let clean = CleanTable::draw(&mut random);
        let mut bytes = clean.bytes();
        let at = index(&mut random, bytes.len());
        // Half of the damage is a flipped bit, and half a sign that means something.
        bytes[at] = match random.below(8) {
            0..4 => bytes[at] ^ (1 << random.below(8)),
            other => b"\"\n\0\xE9"[usize::try_from(other - 4).expect("small")],
        };
        let told = format!("case {case}, byte {at}: {}", String::from_utf8_lossy(&bytes).escape_debug());
        check(&house, &format!("case-{case}"), &clean, &bytes, at, &told);
    }
}

fn check(house: &House, slug: &str, clean: &CleanTable, damaged: &[u8], at: usize, told: &str) {
    let source = house.csv_source(slug, clean.bytes());
    assert_eq!(house.sync(&source).status, Status::Completed, "{told}");
    let before = values(house.items(&source));
    house.rewrite(&source, damaged);
    let record = house.sync(&source);
    let after = values(house.items(&source));
    if record.status == Status::Failed {
        assert_eq!(after, before, "a failed run writes nothing; {told}");
        return;
    }
    let issues = house.issues(record.id);
    let (row, next) = rows_at(clean, at);
    let touched: Vec<&String> =
        [row, next].into_iter().filter_map(|row| clean.rows[1..].get(row.checked_sub(1)?)).map(|row| &row[0]).collect();
    if row == 0 {
        let is_same = damaged == clean.bytes() || after == before;
        let is_told = issues.iter().any(|issue| issue.starts_with("1/"));
        assert!(is_same || is_told, "a changed header is told; {issues:?}; {told}");
    }
    for (key, values) in &before {
        assert!(
            touched.contains(&key) || after.get(key) == Some(values),
            "{key} changed: {:?}; {issues:?}; {told}",
            after.get(key)
        );
    }
    // What the byte joined, split or made a duplicate of is named.
    let rows = record.stats.items.total;
    if rows + 1 != clean.rows.len() as u64 || record.stats.rejected > 0 {
        let is_named = |line: &String| {
            let number = line.split('/').next().and_then(|row| row.parse::<usize>().ok());
            number.is_none_or(|number| number.abs_diff(row + 1) <= 2) || line.contains(" rows (rows ")
        };
        assert!(issues.iter().any(is_named), "rows {row}, {next} were joined or split; {issues:?}; {told}");
    }
}

/// The cells of each item by its key, without empty ones at the end: a damaged header may name a column more.
fn values(items: Vec<Item>) -> BTreeMap<String, Vec<String>> {
    let cells = |item: &Item| {
        let mut cells: Vec<String> = item.fields.iter().map(|(_, value)| value.clone()).collect();
        cells.truncate(cells.iter().rposition(|cell| !cell.is_empty()).map_or(0, |last| last + 1));
        cells
    };
    items.into_iter().map(|item| (item.key.clone(), cells(&item))).collect()
}

/// The row that the byte at this place is in, the header being row 0, and the next one where it is its line end.
fn rows_at(clean: &CleanTable, at: usize) -> (usize, usize) {
    let mut end = 0;
    for (row, line) in clean.lines(&clean.written_rows()).iter().enumerate() {
        let text_end = end + line.len();
        end = text_end + clean.line_end.len();
        if at < end {
            return (row, if at >= text_end { row + 1 } else { row });
        }
    }
    (clean.rows.len(), clean.rows.len())
}
