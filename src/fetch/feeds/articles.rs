//! Writes the entries of feeds as rows of the catalog.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, SecondsFormat, Utc};

use super::identity::{entry_key, key_prefix};
use super::parse::FeedEntry;
use crate::domain::columns::column_type::ColumnType;
use crate::domain::feed::EntryIdentity;
use crate::domain::rows::row::{CellRepair, NUL_DROPPED_MESSAGE, TextRow};
use crate::domain::text::shortening::clip_name;
use crate::fetch::FetchError;
use crate::fetch::row_file::RowWriter;

/// The position of the column with the name of the feed. Its cells are addresses of feeds until all feeds were read,
/// because the names are made unique only then.
pub(super) const FEED_COLUMN: usize = 2;
/// The name of the key column.
pub(super) const KEY_COLUMN: &str = "id";

/// The columns with their types.
pub(super) const ARTICLE_COLUMNS: [(&str, ColumnType); 12] = [
    ("title", ColumnType::Text),
    ("link", ColumnType::Link),
    ("feed", ColumnType::Text),
    ("author", ColumnType::Text),
    ("published", ColumnType::Moment),
    ("updated", ColumnType::Moment),
    ("summary", ColumnType::Html),
    ("content", ColumnType::Html),
    ("categories", ColumnType::Text),
    ("image", ColumnType::Image),
    ("enclosure", ColumnType::Link),
    (KEY_COLUMN, ColumnType::Text),
];

/// The feed that entries belong to.
#[derive(Clone, Copy, Debug)]
pub(super) struct FeedOrigin<'a> {
    /// Its address, or the path of a local file.
    pub(super) address: &'a str,
    /// What identifies the entries of the feed.
    pub(super) identity: EntryIdentity,
}

/// Writes the entries of one feed. `kept` replaces keys (see [`super::kept_keys`]). Returns how many entries were
/// skipped because an earlier one has the same key.
///
/// # Errors
/// `disk` when the temporary file cannot be written.
pub(super) fn write_entries(
    rows: &mut RowWriter,
    entries: Vec<FeedEntry>,
    origin: FeedOrigin<'_>,
    kept: &HashMap<String, String>,
) -> Result<u64, FetchError> {
    let prefix = key_prefix(origin.address);
    let mut written = HashSet::new();
    let mut repeated = 0;
    for entry in entries {
        let key = entry_key(&prefix, origin.identity, &entry);
        let key = kept.get(&key).cloned().unwrap_or(key);
        if written.contains(&key) {
            repeated += 1;
            continue;
        }
        rows.push(&to_row(rows.rows(), entry, &key, origin.address))?;
        written.insert(key);
    }
    Ok(repeated)
}

fn to_row(rows_before: u64, entry: FeedEntry, key: &str, address: &str) -> TextRow {
    let mut cells = vec![
        entry.title,
        entry.link.unwrap_or_default(),
        address.to_owned(),
        clip_name(&entry.author),
        format_date(entry.published),
        format_date(entry.updated),
        entry.summary,
        entry.content,
        entry.categories.join(", "),
        entry.image.unwrap_or_default(),
        entry.enclosure.unwrap_or_default(),
        key.to_owned(),
    ];
    let mut repairs = Vec::new();
    for (position, cell) in cells.iter_mut().enumerate().filter(|(_, cell)| cell.contains('\0')) {
        cell.retain(|c| c != '\0');
        repairs.push(CellRepair::common_in_cell(Some(position), NUL_DROPPED_MESSAGE));
    }
    // The header is row 1.
    TextRow { number: rows_before + 2, cells, repairs, ..TextRow::default() }
}

fn format_date(date: Option<DateTime<Utc>>) -> String {
    date.map(|date| date.to_rfc3339_opts(SecondsFormat::Secs, true)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::{ARTICLE_COLUMNS, FEED_COLUMN, FeedOrigin, KEY_COLUMN, write_entries};
    use crate::domain::feed::EntryIdentity;
    use crate::domain::rows::row::column_names;
    use crate::fetch::feeds::parse::FeedEntry;
    use crate::fetch::row_file::{RowFileSummary, RowWriter};
    use crate::fetch::{FetchError, FetchedContent};

    #[test]
    fn entries_become_rows_and_the_first_with_a_key_wins() -> Result<(), FetchError> {
        let folder = tempfile::tempdir().expect("a folder");
        let mut out = RowWriter::new(folder.path())?;
        let entry = |guid: &str, title: &str| FeedEntry {
            guid: Some(guid.to_owned()),
            title: title.to_owned(),
            published: "2026-11-20T08:00:00.123+01:00".parse().ok(),
            categories: vec!["a".to_owned(), "b".to_owned()],
            ..FeedEntry::default()
        };
        let from = FeedOrigin { address: "https://h.example/", identity: EntryIdentity::Guid };
        let none = HashMap::new();
        let repeated =
            write_entries(&mut out, vec![entry("1", "One"), entry("1", "Two"), entry("2", "Th\0ree")], from, &none)?;
        assert_eq!((repeated, out.rows()), (1, 2));
        let other = FeedOrigin { address: "https://i.example/", ..from };
        assert_eq!(
            write_entries(&mut out, vec![entry("1", "Four")], other, &none)?,
            0,
            "another feed may have the same ids"
        );
        let columns = column_names(&ARTICLE_COLUMNS.map(|(name, _)| name));
        assert!(columns.iter().any(|name| name == KEY_COLUMN));
        let facts =
            RowFileSummary { columns, types: Vec::new(), validators: Default::default(), bytes: 0, is_complete: false };
        let names = [("https://h.example/".to_owned(), "News".to_owned())].into();
        let content = out.finish(facts)?.with_replaced_cells(FEED_COLUMN, names);
        let rows: Vec<_> = content.rows()?.collect::<Result<_, _>>()?;
        assert_eq!(
            rows.iter().map(|row| (row.number, row.cells[0].as_str())).collect::<Vec<_>>(),
            [(2, "One"), (3, "Three"), (4, "Four")]
        );
        assert_eq!(rows[1].repairs.len(), 1);
        assert_eq!(rows[0].cells[2..9], ["News", "", "2026-11-20T07:00:00Z", "", "", "", "a, b"]);
        let keys: std::collections::HashSet<_> = rows.iter().map(|row| &row.cells[11]).collect();
        assert_eq!(keys.len(), 3, "{keys:?}");
        Ok(())
    }
}
