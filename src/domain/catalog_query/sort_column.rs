//! The columns by which a list of items is sorted: `-year,title`.

use std::cmp::Ordering;

use super::column_names::split_names;
use crate::domain::columns::sorting::SortKey;

/// The most columns by which a list is sorted.
pub const MAX_SORT_COLUMNS: usize = 2;

/// A column to sort by.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct SortColumn {
    /// The name of the column.
    pub name: String,
    /// Whether the largest value comes first.
    pub descending: bool,
}

/// Why an order was refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SortError {
    /// A part names no column.
    #[error("“{0}” is not a column of this catalog. Sort by column names, with a leading - for descending order.")]
    UnknownColumn(String),
    /// There are too many columns.
    #[error("A list is sorted by at most {MAX_SORT_COLUMNS} columns.")]
    TooManyColumns,
}

impl SortColumn {
    /// Parses the columns of an order: names separated by commas, each with a leading hyphen for descending order. The
    /// empty text is the order of the source. A column whose name begins with a hyphen is found by that name. A column
    /// that is repeated counts once.
    ///
    /// # Errors
    /// [`SortError`] when a part names none of `columns`, or when there are more than [`MAX_SORT_COLUMNS`].
    pub fn parse_list(sort: &str, columns: &[String]) -> Result<Vec<Self>, SortError> {
        if sort.is_empty() {
            return Ok(Vec::new());
        }
        let names = split_names(sort, columns, |text| text.strip_prefix('-').map(|name| ((), name)));
        let names = names.map_err(SortError::UnknownColumn)?;
        let mut sorted: Vec<Self> = Vec::new();
        for (at, mark) in names {
            let column = Self { name: columns[at].clone(), descending: mark.is_some() };
            if !sorted.iter().any(|known| known.name == column.name) {
                sorted.push(column);
            }
        }
        if sorted.len() > MAX_SORT_COLUMNS { Err(SortError::TooManyColumns) } else { Ok(sorted) }
    }

    /// Formats an order as [`SortColumn::parse_list`] reads it.
    #[must_use]
    pub fn format_list(sort: &[Self]) -> String {
        let part = |column: &Self| format!("{}{}", if column.descending { "-" } else { "" }, column.name);
        sort.iter().map(part).collect::<Vec<_>>().join(",")
    }

    /// Compares two items by their keys in this column. Items without a key come last in both directions.
    #[must_use]
    pub fn compare_keys(&self, a: Option<&SortKey>, b: Option<&SortKey>) -> Ordering {
        match (a, b) {
            (Some(a), Some(b)) => {
                let order = a.partial_cmp(b).unwrap_or(Ordering::Equal);
                if self.descending { order.reverse() } else { order }
            }
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{SortColumn, SortError};

    #[test]
    fn an_order_names_up_to_two_columns() {
        let columns = ["a", "-a", "b", "c"].map(str::to_owned);
        let parsed = |sort: &str| SortColumn::parse_list(sort, &columns).map(|list| SortColumn::format_list(&list));
        for sort in ["", "b", "-b", "-a", "--a", "-b,a", "b,--a"] {
            assert_eq!(parsed(sort), Ok(sort.to_owned()));
        }
        assert_eq!(parsed("b,-b"), Ok("b".to_owned()));
        assert_eq!(parsed("d"), Err(SortError::UnknownColumn("d".to_owned())));
        assert_eq!(parsed("a,b,c"), Err(SortError::TooManyColumns));
    }
}
