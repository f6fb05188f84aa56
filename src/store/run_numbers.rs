//! Gives runs short numbers, by which items name the runs that wrote them.

use std::collections::HashMap;

use diesel::prelude::*;

use super::connection::AnyConnection;
use super::dialect::insert_once;
use super::error::StoreError;
use super::schema::run_numbers;

/// The number of numbers in one statement.
const MAX_NUMBERS_PER_STATEMENT: usize = 500;

/// Returns the number of a run as items have it, which is given to the run if it has none. Called in a transaction that
/// writes; only the worker of the run and the conversion of its items do this, and both lock the row of the run or of
/// an item first.
pub(super) fn number_of_run(conn: &mut AnyConnection, sync_id: &str, source_id: i64) -> QueryResult<String> {
    if let Some(number) = find_number(conn, sync_id)? {
        return Ok(number);
    }
    insert_once::insert_run_number(conn, sync_id, source_id)?;
    Ok(find_number(conn, sync_id)?.unwrap_or_else(|| sync_id.to_owned()))
}

fn find_number(conn: &mut AnyConnection, sync_id: &str) -> QueryResult<Option<String>> {
    let number = run_numbers::table.filter(run_numbers::sync_id.eq(sync_id)).select(run_numbers::number);
    Ok(number.first::<i64>(conn).optional()?.map(|number| number.to_string()))
}

/// Returns all texts by which items may name these runs: their ids and their numbers.
pub(super) fn run_texts(conn: &mut AnyConnection, runs: &[&str]) -> QueryResult<Vec<String>> {
    let numbers = run_numbers::table.filter(run_numbers::sync_id.eq_any(runs)).select(run_numbers::number);
    let numbers: Vec<i64> = numbers.load(conn)?;
    let ids = runs.iter().map(|&id| id.to_owned());
    Ok(ids.chain(numbers.into_iter().map(|number| number.to_string())).collect())
}

/// Finds the ids of runs by the texts that items name them by.
pub(super) struct RunIds(HashMap<String, String>);

impl RunIds {
    /// Loads the ids of the runs that these texts name.
    pub(super) fn load<'t>(conn: &mut AnyConnection, texts: impl Iterator<Item = &'t str>) -> QueryResult<Self> {
        let mut numbers: Vec<i64> = texts.filter_map(|text| text.parse().ok()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let mut ids = HashMap::with_capacity(numbers.len());
        for numbers in numbers.chunks(MAX_NUMBERS_PER_STATEMENT) {
            let found = run_numbers::table.filter(run_numbers::number.eq_any(numbers));
            let rows: Vec<(i64, String)> = found.select((run_numbers::number, run_numbers::sync_id)).load(conn)?;
            ids.extend(rows.into_iter().map(|(number, id)| (number.to_string(), id)));
        }
        Ok(Self(ids))
    }

    /// Returns the id of the run that an item names; an id names itself.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when no run has this number.
    pub(super) fn id_of<'t>(&'t self, text: &'t str) -> Result<&'t str, StoreError> {
        if text.parse::<i64>().is_err() {
            return Ok(text);
        }
        let missing = || StoreError::corrupt_value("items.changed_by")(&"no run has this number");
        self.0.get(text).map(String::as_str).ok_or_else(missing)
    }
}
