//! Converts rows that earlier versions wrote to the compact form, in small steps beside everything else. Each step is a
//! transaction of a few milliseconds that also stores how far the conversion is, so it goes on after a restart, and
//! several servers share the work.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::column_layouts::{LayoutWriter, LayoutsByNumber};
use super::connection::{AnyConnection, Store};
use super::dialect::{clock, convertible_rows as rows};
use super::error::StoreError;
use super::installation::get_fact;
use super::rollback_period::compact_form_from;
use super::run_numbers::number_of_run;
use super::schema::installation_facts;
use crate::domain::compact_fields::layout_number;

/// How far the conversion is: see [`ConversionCursor`].
const PROGRESS_FACT: &str = "compact_form_progress";

/// The number of rows that one step reads.
const MAX_ROWS_PER_STEP: i64 = 400;

/// The result of one step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CompactionStep {
    /// Rows were read, and converted where necessary. More may be left.
    Converted,
    /// Nothing can be converted now: the version before this one may still be in use, another server is converting, a
    /// run is writing the next rows, or the disk is full.
    Waiting,
    /// All rows are converted.
    Done,
}

/// How far the conversion of a database is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ConversionState {
    /// It begins at this time; until then the version before this one can still be used.
    Begins(DateTime<Utc>),
    /// A server that runs is converting rows.
    Started,
    /// All rows are converted.
    Done,
}

/// Returns how far the conversion is.
pub(super) fn conversion_state(conn: &mut AnyConnection) -> Result<ConversionState, StoreError> {
    if get_fact(conn, PROGRESS_FACT)?.is_none_or(|progress| progress == "done") {
        return Ok(ConversionState::Done);
    }
    let (now, from) = (clock::now(conn)?, compact_form_from(conn)?);
    let begins = DateTime::from_timestamp_millis(from).unwrap_or(DateTime::<Utc>::MAX_UTC);
    Ok(if begins > now { ConversionState::Begins(begins) } else { ConversionState::Started })
}

/// The place from which the conversion goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum ConversionCursor {
    /// After the item with this id.
    Items(i64),
    /// After the change with this id; all items are converted.
    Changes(i64),
    /// Nothing is left.
    Done,
}

impl ConversionCursor {
    fn parse(text: &str) -> Option<Self> {
        match text.split_once(':') {
            Some(("items", id)) => id.parse().ok().map(Self::Items),
            Some(("changes", id)) => id.parse().ok().map(Self::Changes),
            _ => (text == "done").then_some(Self::Done),
        }
    }

    fn to_text(self) -> String {
        match self {
            Self::Items(id) => format!("items:{id}"),
            Self::Changes(id) => format!("changes:{id}"),
            Self::Done => "done".to_owned(),
        }
    }
}

fn parse_progress(text: &str) -> Result<ConversionCursor, StoreError> {
    ConversionCursor::parse(text).ok_or_else(|| StoreError::corrupt_value("house_facts.value")(&"not a progress"))
}

impl Store {
    /// Converts the next rows to the compact form.
    ///
    /// # Errors
    /// [`StoreError`] when the database is unavailable, stays busy too long or refuses the statement. Nothing is
    /// converted then.
    pub fn convert_next_rows(&self) -> Result<CompactionStep, StoreError> {
        match self.read(conversion_state)? {
            ConversionState::Done => return Ok(CompactionStep::Done),
            ConversionState::Begins(_) => return Ok(CompactionStep::Waiting),
            ConversionState::Started => {}
        }
        if self.check_space_for_items().is_err() {
            return Ok(CompactionStep::Waiting);
        }
        self.write_items(|conn| {
            let Some(progress) = rows::lock_fact(conn, PROGRESS_FACT)? else { return Ok(CompactionStep::Waiting) };
            let progress = parse_progress(&progress)?;
            let next = match progress {
                ConversionCursor::Items(after) => {
                    convert_items(conn, after)?.map_or(ConversionCursor::Changes(0), ConversionCursor::Items)
                }
                ConversionCursor::Changes(after) => {
                    convert_changes(conn, after)?.map_or(ConversionCursor::Done, ConversionCursor::Changes)
                }
                ConversionCursor::Done => return Ok(CompactionStep::Done),
            };
            if next == progress {
                return Ok(CompactionStep::Waiting);
            }
            let fact = installation_facts::table.find(PROGRESS_FACT);
            diesel::update(fact).set(installation_facts::value.eq(next.to_text())).execute(conn)?;
            Ok(if next == ConversionCursor::Done { CompactionStep::Done } else { CompactionStep::Converted })
        })
    }
}

/// Converts the next items. Returns the id from which to go on, `None` at the end.
fn convert_items(conn: &mut AnyConnection, after: i64) -> Result<Option<i64>, StoreError> {
    let ids = rows::next_item_ids(conn, after, MAX_ROWS_PER_STEP)?;
    let Some(last) = ids.last().copied() else { return Ok(None) };
    let mut items = rows::lock_items(conn, &ids)?;
    let end = end_of_locked(&ids, items.iter().map(|item| item.id), last);
    let mut writers = SourceWriters::default();
    for item in &mut items {
        let writer = writers.of_source(item.source_id);
        if layout_number(&item.fields).is_none() {
            item.fields = writer.encode(conn, &item.fields)?;
        }
        for run in [&mut item.added_by, &mut item.changed_by] {
            if run.starts_with("sync_") {
                *run = number_of_run(conn, run, item.source_id)?;
            }
        }
    }
    rows::update_items(conn, &items)?;
    Ok(Some(end))
}

/// Converts the next changes. Returns the id from which to go on, `None` at the end.
fn convert_changes(conn: &mut AnyConnection, after: i64) -> Result<Option<i64>, StoreError> {
    let ids = rows::next_change_ids(conn, after, MAX_ROWS_PER_STEP)?;
    let Some(last) = ids.last().copied() else { return Ok(None) };
    let changes = rows::lock_changes(conn, &ids)?;
    let end = end_of_locked(&ids, changes.iter().map(|change| change.id), last);
    // Sides that are compact already are decoded first: the difference may be missing.
    let stored = changes.iter().flat_map(|change| [&change.before, &change.after]).filter_map(Option::as_deref);
    let layouts = LayoutsByNumber::load(conn, stored)?;
    let mut writers = SourceWriters::default();
    let mut converted = Vec::with_capacity(changes.len());
    for mut change in changes {
        // A change that cannot be read stays as it is.
        let Ok((before, after)) = layouts.to_named_sides(change.before, change.after) else { continue };
        let writer = writers.of_source(change.source_id);
        (change.before, change.after) = writer.encode_sides(conn, before.as_deref(), after.as_deref())?;
        converted.push(change);
    }
    rows::update_changes(conn, &converted)?;
    Ok(Some(end))
}

/// The writers of the layouts of each source.
#[derive(Default)]
struct SourceWriters(HashMap<i64, LayoutWriter>);

impl SourceWriters {
    fn of_source(&mut self, source_id: i64) -> &mut LayoutWriter {
        self.0.entry(source_id).or_insert_with(|| LayoutWriter::new(source_id))
    }
}

/// Returns the last id before the first one that could not be locked.
fn end_of_locked(ids: &[i64], locked: impl Iterator<Item = i64>, last: i64) -> i64 {
    let locked: Vec<i64> = locked.collect();
    ids.iter().find(|id| !locked.contains(id)).map_or(last, |skipped| skipped - 1)
}
