//! A look at a place before it is added: its columns, its first rows, and which column tells its entries apart.

use std::time::Duration;

use super::key_search::key_hints;
use super::{EmptyShelf, FetchError, Fetched, Kind, Order, Shelf, Watch};
use crate::domain::key_column::KeyHints;
use crate::domain::location::Location;
use crate::domain::look::Look;
use crate::domain::read_options::ReadOptions;
use crate::domain::source::{Noun, Slug, Source, SourceId, Validators};

/// How many rows are shown.
const SHOWN: usize = 20;

/// Fetches what is at `location`, to be read with `read_options`, waits included within `timeout`, and looks at its beginning.
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
    let is_there = columns.contains(&source.key_column);
    let hints = key_hints(&*content, if is_there { &EmptyShelf } else { shelf })?;
    let rows = content.rows()?.take(SHOWN).collect::<Result<_, _>>()?;
    let KeyHints { different, known } = hints;
    Ok(Look { columns, rows, keys: different, known, bytes: content.bytes(), feeds: Vec::new(), hidden_columns })
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
