//! Filters for catalogs of articles: unread or starred articles.

use super::columns::column_type::ColumnType;
use super::text::string_enum::string_enum;

string_enum! {
    /// A filter for a catalog of articles.
    Filter {
        /// Articles that are not read.
        Unread = "unread",
        /// Articles that have a star.
        Starred = "starred",
    }
}

impl Filter {
    /// Returns the column that the filter tests.
    #[must_use]
    pub const fn column(self) -> &'static str {
        match self {
            Self::Unread => "read",
            Self::Starred => "starred",
        }
    }

    /// Returns whether the filter selects cells that are `yes` (true) or all other cells (false).
    #[must_use]
    pub const fn matches_yes(self) -> bool {
        match self {
            Self::Unread => false,
            Self::Starred => true,
        }
    }

    /// Returns whether the filter applies to a catalog with these columns. The catalog must have the filter's column,
    /// and either this column is a flag or the columns of all filters exist. The column `read` alone may mean something
    /// else in a list of books.
    #[must_use]
    pub fn applies_to(self, columns: &[String], types: &[ColumnType]) -> bool {
        let at = |filter: Self| columns.iter().position(|name| name == filter.column());
        let is_flag = |at: usize| types.get(at) == Some(&ColumnType::Flag);
        at(self).is_some_and(|own| is_flag(own) || Self::ALL.iter().all(|&other| at(other).is_some()))
    }
}

#[cfg(test)]
mod tests {
    use super::Filter;
    use crate::domain::columns::column_type::ColumnType::{Flag, Text};

    #[test]
    fn only_catalogs_of_articles_have_unread_ones() {
        let columns = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert!(Filter::Unread.applies_to(&columns(&["id", "read", "starred"]), &[]));
        assert!(Filter::Unread.applies_to(&columns(&["id", "read"]), &[Text, Flag]));
        assert!(!Filter::Starred.applies_to(&columns(&["id", "read"]), &[Text, Flag]));
        assert!(!Filter::Unread.applies_to(&columns(&["id", "read"]), &[Text, Text]));
        assert!(!Filter::Unread.applies_to(&columns(&["id", "Read", "starred"]), &[]));
    }
}
