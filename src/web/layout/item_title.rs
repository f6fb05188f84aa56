//! Finds the column that people know an item by.

use crate::domain::change_set::{Change, ItemFields};

/// Column names that title an item, the most specific first.
const TITLE_COLUMNS: [&str; 5] = ["title", "name", "titel", "headline", "subject"];

/// The position of the column that people know an item by: named as in [`TITLE_COLUMNS`], or like `noun`.
pub(in crate::web) fn find_title_column(columns: &[&str], noun: &str) -> Option<usize> {
    let position = |wanted: &str| columns.iter().position(|name| name.trim().to_lowercase() == wanted);
    TITLE_COLUMNS.into_iter().find_map(position).or_else(|| position(&noun.to_lowercase()))
}

/// The title that an item with these fields has; `None` if it has none.
pub(in crate::web) fn fields_title<'a>(fields: &'a ItemFields, noun: &str) -> Option<&'a str> {
    let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
    find_title_column(&names, noun).map(|at| fields[at].1.trim()).filter(|title| !title.is_empty())
}

/// The title of a changed item, after the change if it is still there; its key if it has none.
pub(in crate::web) fn change_title(change: &Change, noun: &str) -> String {
    let (before, after) = change.parse_sides();
    let fields = if after.is_empty() { before } else { after };
    fields_title(&fields, noun).unwrap_or(&change.key).to_owned()
}

#[cfg(test)]
mod tests {
    use super::find_title_column;

    #[test]
    fn an_item_is_named_by_its_title() {
        assert_eq!(find_title_column(&["id", "Artist", "Title"], "album"), Some(2));
        assert_eq!(find_title_column(&["id", "Album"], "album"), Some(1));
        assert_eq!(find_title_column(&["id", "label"], "album"), None);
    }
}
