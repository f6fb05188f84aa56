//! Which items of a catalog are shown, where they are articles: all, or those that somebody has yet to read, or marked
//! with a star.

use super::columns::column_type::ColumnType;
use super::text::enum_names::words;

words! {
    /// A part of a catalog of articles.
    Filter {
        /// What is not read.
        Unread = "unread",
        /// What has a star.
        Starred = "starred",
    }
}

impl Filter {
    /// The column that it looks at.
    #[must_use]
    pub const fn column(self) -> &'static str {
        match self {
            Self::Unread => "read",
            Self::Starred => "starred",
        }
    }

    /// Whether it is about the cells of that column that say `yes`, or about the others.
    #[must_use]
    pub const fn matches_yes(self) -> bool {
        match self {
            Self::Unread => false,
            Self::Starred => true,
        }
    }

    /// Whether a catalog with these columns has such a part: it has the column, and that is a flag or stands beside the
    /// other one. A list of books with a column `read` may mean something else by it.
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
