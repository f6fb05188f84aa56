//! Stores the names of columns once for all items that have them, and makes each form of stored fields from the other.

use std::collections::{HashMap, HashSet};

use diesel::dsl::max;
use diesel::prelude::*;

use super::connection::AnyConnection;
use super::error::StoreError;
use super::schema::column_layouts;
use super::stored_values::{parse_json, to_json};
use crate::domain::compact_fields::{StoredLayout, apply_difference, encode_difference, is_difference, layout_number};
use crate::domain::item::{BorrowedFields, parse_borrowed_fields};

/// The number of numbers in one statement.
const MAX_NUMBERS_PER_STATEMENT: usize = 500;

type LayoutRow = (i64, String);

fn layout_from_row((number, names): LayoutRow) -> Result<StoredLayout, StoreError> {
    Ok(StoredLayout::new(number, parse_json("column_layouts.columns", &names)?))
}

/// The layouts that stored fields need to be read.
#[derive(Clone, Default, Debug)]
pub(super) struct LayoutsByNumber(HashMap<i64, StoredLayout>);

impl LayoutsByNumber {
    /// Loads the layouts that these stored fields name.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable or a layout cannot be parsed.
    pub(super) fn load<'t>(
        conn: &mut AnyConnection,
        stored: impl IntoIterator<Item = &'t str>,
    ) -> Result<Self, StoreError> {
        let mut layouts = Self::default();
        layouts.load_missing(conn, stored)?;
        Ok(layouts)
    }

    /// Loads the layouts that these stored fields name and that are not loaded yet.
    ///
    /// # Errors
    /// Like [`LayoutsByNumber::load`].
    pub(super) fn load_missing<'t>(
        &mut self,
        conn: &mut AnyConnection,
        stored: impl IntoIterator<Item = &'t str>,
    ) -> Result<(), StoreError> {
        let numbers: HashSet<i64> = stored.into_iter().filter_map(layout_number).collect();
        let missing: Vec<i64> = numbers.into_iter().filter(|number| !self.0.contains_key(number)).collect();
        for numbers in missing.chunks(MAX_NUMBERS_PER_STATEMENT) {
            let found = column_layouts::table.filter(column_layouts::number.eq_any(numbers));
            let rows: Vec<LayoutRow> =
                found.select((column_layouts::number, column_layouts::column_names)).load(conn)?;
            for row in rows {
                self.0.insert(row.0, layout_from_row(row)?);
            }
        }
        Ok(())
    }

    fn layout_of(&self, place: &'static str, stored: &str) -> Result<Option<&StoredLayout>, StoreError> {
        let Some(number) = layout_number(stored) else { return Ok(None) };
        let missing = || StoreError::corrupt_value(place)(&"the layout of its columns is not stored");
        self.0.get(&number).map(Some).ok_or_else(missing)
    }

    /// Returns stored fields with each name beside its value. `place` is the column that they are stored in.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] naming the place, when they cannot be read.
    pub(super) fn to_named(&self, place: &'static str, stored: String) -> Result<String, StoreError> {
        let Some(layout) = self.layout_of(place, &stored)? else { return Ok(stored) };
        layout.decode(&stored).ok_or_else(|| misfit(place))
    }

    /// Returns the names and values of stored fields. `place` is the column that they are stored in.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] naming the place, when they cannot be read.
    pub(super) fn parse<'a>(&'a self, place: &'static str, stored: &'a str) -> Result<BorrowedFields<'a>, StoreError> {
        match self.layout_of(place, stored)? {
            Some(layout) => layout.parse(stored).ok_or_else(|| misfit(place)),
            None => parse_borrowed_fields(stored).map_err(|error| StoreError::corrupt_value(place)(&error)),
        }
    }

    /// Returns the fields before and after a change with each name beside its value.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when they cannot be read.
    pub(super) fn to_named_sides(
        &self,
        before: Option<String>,
        after: Option<String>,
    ) -> Result<(Option<String>, Option<String>), StoreError> {
        const AFTER: &str = "item_changes.after";
        let after = match (&before, after) {
            (Some(before), Some(after)) if is_difference(&after) => {
                Some(apply_difference(before, &after).ok_or_else(|| misfit(AFTER))?)
            }
            (None, Some(after)) if is_difference(&after) => return Err(misfit(AFTER)),
            (_, after) => after,
        };
        let before = before.map(|fields| self.to_named("item_changes.before", fields)).transpose()?;
        Ok((before, after.map(|fields| self.to_named(AFTER, fields)).transpose()?))
    }
}

fn misfit(place: &'static str) -> StoreError {
    StoreError::corrupt_value(place)(&"the values do not fit the columns")
}

/// Makes the compact form of fields of one source, and stores the layouts that it needs.
pub(in crate::store) struct LayoutWriter {
    source_id: i64,
    /// The known layouts, the one used last first. `None` until they are loaded.
    layouts: Option<Vec<StoredLayout>>,
}

impl LayoutWriter {
    /// Creates the writer of a source, for use in one transaction that writes.
    pub(in crate::store) const fn new(source_id: i64) -> Self {
        Self { source_id, layouts: None }
    }

    /// Returns the compact form of fields that have each name beside its value. Fields that cannot be parsed are
    /// returned as they are.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable or a layout cannot be parsed.
    pub(in crate::store) fn encode(&mut self, conn: &mut AnyConnection, named: &str) -> Result<String, StoreError> {
        let layouts = match &mut self.layouts {
            Some(layouts) => layouts,
            none => none.insert(load_layouts(conn, self.source_id)?),
        };
        for position in 0..layouts.len() {
            if let Some(compact) = layouts[position].encode(named) {
                layouts.swap(0, position);
                return Ok(compact);
            }
        }
        let Ok(fields) = parse_borrowed_fields(named) else { return Ok(named.to_owned()) };
        let names: Vec<String> = fields.into_iter().map(|(name, _)| name.into_owned()).collect();
        if StoredLayout::new(0, names.clone()).encode(named).is_none() {
            return Ok(named.to_owned());
        }
        layouts.insert(0, insert_layout(conn, self.source_id, names)?);
        Ok(layouts[0].encode(named).unwrap_or_else(|| named.to_owned()))
    }
}

impl LayoutWriter {
    /// Returns the fields before and after a change, which have each name beside its value, in the compact form. Those
    /// after it become a difference where that is shorter.
    ///
    /// # Errors
    /// Like [`LayoutWriter::encode`].
    pub(in crate::store) fn encode_sides(
        &mut self,
        conn: &mut AnyConnection,
        before: Option<&str>,
        after: Option<&str>,
    ) -> Result<(Option<String>, Option<String>), StoreError> {
        let before = before.map(|fields| self.encode(conn, fields)).transpose()?;
        let after = after.map(|fields| self.encode(conn, fields)).transpose()?;
        let difference = before.as_deref().zip(after.as_deref()).and_then(|(old, new)| encode_difference(old, new));
        Ok((before, difference.or(after)))
    }
}

/// Loads the layouts of a source that are in use, newest first.
pub(super) fn load_layouts(conn: &mut AnyConnection, source_id: i64) -> Result<Vec<StoredLayout>, StoreError> {
    let rows: Vec<LayoutRow> = column_layouts::table
        .filter(column_layouts::source_id.eq(source_id))
        .filter(column_layouts::unused_at.is_null())
        .order(column_layouts::number.desc())
        .select((column_layouts::number, column_layouts::column_names))
        .load(conn)?;
    rows.into_iter().map(layout_from_row).collect()
}

/// Stores a layout. If two transactions store the same names at once, both layouts stay; each is read by its number.
fn insert_layout(conn: &mut AnyConnection, source_id: i64, names: Vec<String>) -> Result<StoredLayout, StoreError> {
    let text = to_json("column_layouts.columns", &names)?;
    let row = (column_layouts::source_id.eq(source_id), column_layouts::column_names.eq(&text));
    diesel::insert_into(column_layouts::table).values(row).execute(conn)?;
    let stored = column_layouts::table
        .filter(column_layouts::source_id.eq(source_id))
        .filter(column_layouts::column_names.eq(&text));
    let number: Option<i64> = stored.select(max(column_layouts::number)).first(conn)?;
    let missing = || StoreError::corrupt_value("column_layouts.columns")(&"a layout was not stored");
    Ok(StoredLayout::new(number.ok_or_else(missing)?, names))
}
