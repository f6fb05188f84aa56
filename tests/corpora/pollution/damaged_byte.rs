//! One byte of a clean file is damaged: the run fails before it writes, or the rows without that byte stay as they are.

use std::cell::Cell;
use std::collections::BTreeMap;

use lockstep::domain::operation::Status;
use lockstep::store::items::Item;
use proptest::prelude::{Strategy, any, prop_oneof};
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::clean::CleanTable;
use crate::support::{TestDatabase, TestEngine, on_both_databases};

/// The number of damaged files on SQLite and on PostgreSQL, unless `LOCKSTEP_DAMAGED_FILES` sets it.
const CASE_COUNT: [u32; 2] = [250, 100];
/// How many smaller cases are tried when one fails; each of them takes two runs.
const MAX_SHRINKS: u32 = 100;

on_both_databases![one_damaged_byte_changes_no_row_but_its_own];

/// The damage to a byte.
#[derive(Clone, Copy, Debug)]
enum ByteDamage {
    FlippedBit(u32),
    /// Another byte in its place.
    Replaced(u8),
}

impl ByteDamage {
    /// A flipped bit, a character with a meaning in CSV, or any byte.
    fn any() -> impl Strategy<Value = Self> {
        prop_oneof![
            4 => (0..8_u32).prop_map(Self::FlippedBit),
            3 => select(&b"\"\n\r\0\xE9,;"[..]).prop_map(Self::Replaced),
            1 => any::<u8>().prop_map(Self::Replaced),
        ]
    }

    fn apply(self, byte: u8) -> u8 {
        match self {
            Self::FlippedBit(bit) => byte ^ (1 << bit),
            Self::Replaced(other) => other,
        }
    }
}

/// The cases are the same in every run, so a failure is caused by the tested change.
fn one_damaged_byte_changes_no_row_but_its_own(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let usual = CASE_COUNT[usize::from(!db.is_sqlite())];
    let cases =
        std::env::var("LOCKSTEP_DAMAGED_FILES").map_or(usual, |number| number.parse().expect("a number of files"));
    let config = Config { cases, max_shrink_iters: MAX_SHRINKS, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let number = Cell::new(0);
    let done = runner.run(&(CleanTable::any(), any::<Index>(), ByteDamage::any()), |(clean, at, damage)| {
        number.set(number.get() + 1);
        let mut bytes = clean.to_bytes();
        let at = at.index(bytes.len());
        bytes[at] = damage.apply(bytes[at]);
        let reported = format!("byte {at} of {}", String::from_utf8_lossy(&bytes).escape_debug());
        check_damage(&engine, &format!("case-{}", number.get()), &clean, &bytes, at, &reported);
        Ok(())
    });
    done.unwrap_or_else(|error| panic!("{error}"));
}

fn check_damage(engine: &TestEngine, slug: &str, clean: &CleanTable, damaged: &[u8], at: usize, reported: &str) {
    let source = engine.csv_source(slug, clean.to_bytes());
    assert_eq!(engine.sync(&source).summary.status, Status::Completed, "{reported}");
    let before = values_by_key(engine.list_items(&source));
    engine.rewrite_file(&source, damaged);
    let record = engine.sync(&source);
    let after = values_by_key(engine.list_items(&source));
    if record.summary.status == Status::Failed {
        assert_eq!(after, before, "a failed run writes nothing; {reported}");
        return;
    }
    let issues = engine.list_issues(record.summary.id);
    let (row, next) = rows_at(clean, at);
    let touched: Vec<&String> =
        [row, next].into_iter().filter_map(|row| clean.rows[1..].get(row.checked_sub(1)?)).map(|row| &row[0]).collect();
    if row == 0 {
        let is_same = damaged == clean.to_bytes() || after == before;
        let is_told = issues.iter().any(|issue| issue.starts_with("1/"));
        assert!(is_same || is_told, "a changed header is told; {issues:?}; {reported}");
    }
    // A damaged key may equal that of another row. Then the first of the two is taken and the other one refused.
    let is_of_touched_row = |values: &Vec<String>| {
        touched.iter().any(|key| before.get(*key).is_some_and(|touched| touched[1..] == values[1..]))
    };
    let is_duplicate = |key: &String| {
        issues.iter().any(|issue| issue.contains(&format!("Duplicate key “{key}”")))
            && after.get(key).is_some_and(is_of_touched_row)
    };
    for (key, values) in &before {
        assert!(
            touched.contains(&key) || after.get(key) == Some(values) || is_duplicate(key),
            "{key} changed: {:?}; {issues:?}; {reported}",
            after.get(key)
        );
    }
    // Rows that the byte joined, split or made duplicates are reported.
    let rows = record.summary.stats.items.total;
    if rows + 1 != clean.rows.len() as u64 || record.summary.stats.rejected > 0 {
        let is_named = |line: &String| {
            let number = line.split('/').next().and_then(|row| row.parse::<usize>().ok());
            number.is_none_or(|number| number.abs_diff(row + 1) <= 2) || line.contains(" rows (rows ")
        };
        assert!(issues.iter().any(is_named), "rows {row}, {next} were joined or split; {issues:?}; {reported}");
    }
}

/// The cells of each item by its key, without empty ones at the end: a damaged header may name a column more.
fn values_by_key(items: Vec<Item>) -> BTreeMap<String, Vec<String>> {
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
    for (row, line) in clean.write_lines(&clean.written_rows()).iter().enumerate() {
        let text_end = end + line.len();
        end = text_end + clean.line_end.len();
        if at < end {
            return (row, if at >= text_end { row + 1 } else { row });
        }
    }
    (clean.rows.len(), clean.rows.len())
}
