//! Filters for catalogs of articles: unread or starred articles.

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

    /// Returns whether the filters apply to a catalog with these columns: it must have the columns of all filters. The
    /// column `read` alone may mean something else in a list of books.
    #[must_use]
    pub fn apply_to(columns: &[String]) -> bool {
        Self::ALL.iter().all(|filter| columns.iter().any(|name| name == filter.column()))
    }
}

#[cfg(test)]
mod tests {
    use super::Filter;

    #[test]
    fn only_catalogs_of_articles_have_unread_ones() {
        let columns = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert!(Filter::apply_to(&columns(&["id", "read", "starred"])));
        assert!(!Filter::apply_to(&columns(&["id", "read"])));
        assert!(!Filter::apply_to(&columns(&["id", "Read", "starred"])));
    }
}
