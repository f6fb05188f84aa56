//! Finds columns that could be the key: they are filled and different in every row, or match the keys of the catalog.

use std::borrow::Cow;
use std::collections::HashSet;

use super::{FetchError, FetchedContent, ItemLookup};
use crate::domain::columns::spreadsheet_values::is_unfilled;
use crate::domain::item::KEY_MAX_BYTES;
use crate::domain::key_fitness::{KeyFitness, KeySearch};
use crate::domain::rows::key_cell::KeyCell;
use crate::domain::rows::key_column::{KeyHints, KnownKeys};
use crate::domain::rows::key_names::key_name_rank;
use crate::domain::rows::row::TextRow;
use crate::domain::run_text::missing_key::KnownKeyCount;
use crate::domain::text::comparable_form::comparable_form;

/// How many rows are searched.
const MAX_SEARCHED_ROWS: usize = 1000;
/// The most columns whose cells are looked up in the catalog.
const MAX_COLUMNS: usize = 100;
/// How many cells are looked up in one query.
const LOOKUP_BATCH_CELLS: usize = 1000;

/// Searches the first rows of `content` for columns that could be keys, and for the column that holds the keys of the
/// catalog.
///
/// # Errors
/// `disk` when the content cannot be read, [`FetchError::Stopped`] when the catalog could not be read before the run
/// ended.
pub fn find_key_candidates(content: &dyn FetchedContent, items: &dyn ItemLookup) -> Result<KeyHints, FetchError> {
    let columns = content.columns();
    let mut fitness = vec![KeyFitness::Unique; columns.len()];
    let mut seen: Vec<HashSet<String>> = vec![HashSet::new(); columns.len()];
    let mut known = vec![0_usize; columns.len().min(MAX_COLUMNS)];
    let mut batch: Vec<TextRow> = Vec::new();
    let mut searched = 0;
    let mut rows = content.rows()?;
    for row in rows.by_ref().take(MAX_SEARCHED_ROWS) {
        let row = row?;
        // In rows with extra cells the cells may be in the wrong columns, and blank rows have no keys.
        if row.surplus || is_unfilled(&row.cells) {
            continue;
        }
        searched += 1;
        for ((fitness, seen), cell) in fitness.iter_mut().zip(&mut seen).zip(&row.cells) {
            if *fitness == KeyFitness::Unique {
                *fitness = match KeyCell::parse(cell) {
                    KeyCell::Key(key) if seen.insert(comparable_form(key).into_owned()) => KeyFitness::Unique,
                    KeyCell::Key(_) => KeyFitness::Repeated,
                    _ => KeyFitness::Unusable,
                };
            }
        }
        batch.push(row);
        if batch.len() * known.len() >= LOOKUP_BATCH_CELLS {
            count_known_keys(&mut batch, &mut known, items)?;
        }
    }
    count_known_keys(&mut batch, &mut known, items)?;
    let more = searched >= MAX_SEARCHED_ROWS && rows.next().transpose()?.is_some();
    let fitting = columns.iter().zip(&fitness).filter(|(_, fitness)| searched > 0 && **fitness == KeyFitness::Unique);
    let mut unique: Vec<String> = fitting.map(|(name, _)| name.clone()).collect();
    unique.sort_by_key(|name| key_name_rank(name));
    // The first column wins a tie. Fewer than half of the rows may match by coincidence.
    let best = known.iter().zip(columns).rev().max_by_key(|(known, _)| **known);
    let best = best.filter(|(known, _)| **known > 0 && **known * 2 >= searched);
    // Without rows nothing is known of any column.
    let fitness = if searched > 0 { fitness } else { Vec::new() };
    let search = KeySearch { fitness, rows: searched as u64, has_more_rows: more };
    let hints = KeyHints { unique, search, known: None };
    let Some((&known, column)) = best else { return Ok(hints) };
    let named_like_a_key = items.find_fields(&[column.trim()])?.contains_key(column.trim());
    let count = KnownKeyCount { known, sampled: searched, has_more_rows: more };
    let known = Some(KnownKeys { column: column.clone(), count, named_like_a_key });
    Ok(KeyHints { known, ..hints })
}

/// Empties `batch` and adds to `known`, by column, how many of its cells are keys of the catalog.
fn count_known_keys(batch: &mut Vec<TextRow>, known: &mut [usize], items: &dyn ItemLookup) -> Result<(), FetchError> {
    let rows = std::mem::take(batch);
    let cells = || rows.iter().flat_map(|row| row.cells.iter().take(known.len()));
    let forms: Vec<Cow<'_, str>> = cells().map(|cell| comparable_form(cell)).collect();
    // The catalog may have the key as written in the cell, or in its comparable form.
    let keys: HashSet<&str> = cells().map(|cell| cell.trim()).chain(forms.iter().map(AsRef::as_ref)).collect();
    let keys: Vec<&str> = keys.into_iter().filter(|key| !key.is_empty() && key.len() <= KEY_MAX_BYTES).collect();
    let mut found = HashSet::new();
    for chunk in keys.chunks(LOOKUP_BATCH_CELLS) {
        found.extend(items.find_fields(chunk)?.into_keys());
    }
    for row in &rows {
        for (count, cell) in known.iter_mut().zip(&row.cells) {
            *count += usize::from(found.contains(cell.trim()) || found.contains(comparable_form(cell).as_ref()));
        }
    }
    Ok(())
}
