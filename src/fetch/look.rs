//! A look at a place before it is added: its columns, its first rows, and which column tells its entries apart.

use std::collections::HashSet;
use std::time::Duration;

use super::{FetchError, Fetched, Kind, Order, Watch};
use crate::domain::look::Look;
use crate::domain::source::{Location, Noun, Slug, Source, SourceId, Validators};

/// How many rows are shown.
const SHOWN: usize = 20;

/// How many rows are looked through for a key.
const SEARCHED: usize = 1000;

/// Names that a key column often has, the most telling first.
const KEY_NAMES: [&str; 12] =
    ["id", "key", "sku", "isbn", "ean", "upc", "gtin", "guid", "uuid", "slug", "code", "number"];

/// Fetches what is at `location`, waits included within `timeout`, and looks at its beginning.
///
/// # Errors
/// When it cannot be fetched or read: what a sync of it would fail with.
pub fn look(kind: &dyn Kind, location: &Location, timeout: Duration, watch: &dyn Watch) -> Result<Look, FetchError> {
    let source = nameless(kind.name(), location)?;
    let nothing_known = Validators::default();
    let Fetched::Content(content) = kind.fetch(&source, &Order::whole(&nothing_known, timeout), watch)? else {
        return Err(FetchError::failed(
            "bad_status",
            "The server says that nothing has changed, though nothing was known of it.",
        ));
    };
    let columns = content.columns().to_vec();
    let mut candidates = vec![Some(HashSet::new()); columns.len()];
    let mut rows = Vec::new();
    let mut searched = 0;
    for row in content.rows()?.take(SEARCHED) {
        let row = row?;
        searched += 1;
        // A row that cannot be placed says nothing about columns.
        if !row.surplus {
            for (candidate, cell) in candidates.iter_mut().zip(&row.cells) {
                let key = cell.trim();
                let fits = candidate.as_mut().is_some_and(|seen| !key.is_empty() && seen.insert(key.to_owned()));
                if !fits {
                    *candidate = None;
                }
            }
        }
        if rows.len() < SHOWN {
            rows.push(row);
        }
    }
    let fitting = columns.iter().zip(&candidates).filter(|(_, seen)| searched > 0 && seen.is_some());
    let mut keys: Vec<String> = fitting.map(|(name, _)| name.clone()).collect();
    keys.sort_by_key(|name| rank(name));
    Ok(Look { columns, rows, keys, bytes: content.bytes(), feeds: Vec::new() })
}

/// Where a column's name stands among likely keys; ties keep the order of the columns.
fn rank(name: &str) -> usize {
    let name = name.to_lowercase();
    let has = |known: &str| name.split(|c: char| !c.is_alphanumeric()).any(|word| word == known);
    let whole = KEY_NAMES.iter().position(|known| name == *known);
    let part = || KEY_NAMES.iter().position(|known| has(known)).map(|at| at + KEY_NAMES.len());
    whole.or_else(part).unwrap_or(usize::MAX)
}

/// A source that is not in the database.
fn nameless(kind: &str, location: &Location) -> Result<Source, FetchError> {
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
    })
}

#[cfg(test)]
mod tests {
    use super::rank;

    #[test]
    fn telling_names_come_before_others() {
        let mut names = ["title", "Album ID", "code", "ID", "isbn"];
        names.sort_by_key(|name| rank(name));
        assert_eq!(names, ["ID", "isbn", "code", "Album ID", "title"]);
    }
}
