//! A look at a place before it is added: its columns, its first rows, and which column tells its entries apart.

use std::time::Duration;

use super::key_search::key_hints;
use super::{EmptyShelf, FetchError, Fetched, Kind, Order, Shelf, Watch};
use crate::domain::header_row::{SEARCHED_ROWS, likely_header};
use crate::domain::issue::Issue;
use crate::domain::key_column::{HeaderSetting, KeyHints, MissingKey, missing_key_message};
use crate::domain::location::Location;
use crate::domain::look::{Look, TableStart, problems_of};
use crate::domain::read_options::{ReadOptions, ReadSetting};
use crate::domain::row::Row;
use crate::domain::row_shape::{RowShapes, ShapeFindings};
use crate::domain::source::{Noun, Slug, Source, SourceId, Validators};
use crate::domain::text_form::position_of;

/// How many rows are shown.
const SHOWN: usize = 20;
/// How many notes about rows are shown.
const NOTES: usize = 20;
/// How many rows there are between two questions whether the look should end.
const ROWS_PER_CHECK: u64 = 1000;

/// Fetches what is at `location`, to be read with `read_options`, waits included within `timeout`, and looks at its
/// beginning.
///
/// # Errors
/// When it cannot be fetched or read: what a sync of it would fail with.
pub fn look(
    kind: &dyn Kind,
    location: &Location,
    read_options: &ReadOptions,
    timeout: Duration,
    watch: &dyn Watch,
) -> Result<Look, FetchError> {
    look_again(kind, &nameless(kind.name(), location, read_options)?, timeout, &EmptyShelf, watch)
}

/// The same for a source that is there, with its catalog on the shelf.
///
/// # Errors
/// As [`look`], and when the catalog cannot be asked.
pub fn look_again(
    kind: &dyn Kind,
    source: &Source,
    timeout: Duration,
    shelf: &dyn Shelf,
    watch: &dyn Watch,
) -> Result<Look, FetchError> {
    let nothing_known = Validators::default();
    let Fetched::Content(content) = kind.fetch(source, &Order::whole(&nothing_known, timeout), watch)? else {
        return Err(FetchError::failed(
            "bad_status",
            "The server says that nothing has changed, though nothing was known of it.",
        ));
    };
    let columns = content.columns().to_vec();
    let hidden_columns = content.hidden_columns().to_vec();
    // With its key column there nobody asks for another.
    let is_there = position_of(&columns, &source.key_column).is_some();
    let hints = key_hints(&*content, if is_there { &EmptyShelf } else { shelf })?;
    let (mut rows, mut shapes) = (Vec::new(), RowShapes::new(&columns, |name| shelf.cell_class(name)));
    // All of them: a quotation mark that is never closed may stand in the last one.
    for (row, read) in content.rows()?.zip(1_u64..) {
        let row: Row = row?;
        shapes.look(&row);
        if read % ROWS_PER_CHECK == 0 && watch.should_stop() {
            return Err(FetchError::Stopped);
        }
        if rows.len() < SEARCHED_ROWS {
            rows.push(row);
        }
    }
    let ShapeFindings { notes, mismatch, swallowing, .. } = shapes.finish();
    let is_new = source.key_column.is_empty();
    // Feeds and accounts tell their entries apart by themselves.
    let asks_key = kind.key_column().is_none();
    let is_lost = asks_key && !is_new && !is_there && !columns.is_empty();
    let missing_key = is_lost.then(|| missing_key(kind, source, &columns, &rows, &hints));
    let offered = kind.read_settings().contains(&ReadSetting::HeaderRow) && source.read_options.header_row.is_none();
    let likely_header = if is_new && offered { likely_header(&columns, &rows) } else { None };
    rows.truncate(SHOWN);
    let KeyHints { different: keys, known } = hints;
    if let Some(row) = swallowing {
        let message = format!("Row {row}: a quotation mark (\") takes the rows below along. Remove it, or double it.");
        return Err(FetchError::failed("unclosed_quote", message));
    }
    // Under a header that is somewhere else rows have any width.
    let mismatch = mismatch.filter(|_| missing_key.is_none());
    let start = TableStart { columns: &columns, rows: &rows, keys: &keys, mismatch };
    let problems = if asks_key { problems_of(source, &start) } else { Vec::new() };
    let bytes = content.bytes();
    Ok(Look {
        columns,
        rows,
        keys,
        known,
        bytes,
        title: None,
        feeds: Vec::new(),
        missing_key,
        problems,
        notes: notes.iter().take(NOTES).map(Issue::with_place).collect(),
        likely_header,
        hidden_columns,
    })
}

/// The message about the key column of `source` where it is not among `columns`; `rows` are the first ones.
#[must_use]
pub fn missing_key(kind: &dyn Kind, source: &Source, columns: &[String], rows: &[Row], hints: &KeyHints) -> String {
    let header_row = match source.read_options.header_row {
        _ if !kind.read_settings().contains(&ReadSetting::HeaderRow) => HeaderSetting::NotOffered,
        None => HeaderSetting::Detected,
        Some(row) => HeaderSetting::Set(row),
    };
    let (wanted, slug) = (source.key_column.as_str(), source.slug.as_str());
    missing_key_message(&MissingKey { wanted, columns, rows, hints, slug, header_row })
}

/// A source that is not in the database.
fn nameless(kind: &str, location: &Location, read_options: &ReadOptions) -> Result<Source, FetchError> {
    let slug: Slug = "preview".parse().map_err(|error| FetchError::failed("bad_slug", format!("{error}")))?;
    Ok(Source {
        id: SourceId(0),
        name: String::new(),
        slug,
        noun: Noun::default(),
        kind: kind.to_owned(),
        location: location.clone(),
        key_column: String::new(),
        schedule: None,
        public: false,
        read_options: read_options.clone(),
    })
}
