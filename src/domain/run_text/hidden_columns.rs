//! The messages about columns that are hidden in the source of a public catalog.

use crate::domain::source::Slug;
use crate::domain::text::shortening::{list_columns, shorten_text};

/// Returns the warning that these columns are hidden in the source and would be public; `None` if there are none.
#[must_use]
pub fn hidden_columns_warning(hidden_columns: &[String]) -> Option<String> {
    let names = list_columns(hidden_columns);
    match hidden_columns.len() {
        0 => None,
        1 => Some(format!("Column {names} is hidden in the source. A public catalog would show it to everyone.")),
        _ => Some(format!("Columns {names} are hidden in the source. A public catalog would show them to everyone.")),
    }
}

/// Returns the message that syncs exclude the hidden column `name` from the public catalog of the source `slug`. Used
/// by syncs and by checks.
#[must_use]
pub fn excluded_column_message(name: &str, slug: &Slug) -> String {
    format!(
        "Column “{}” is hidden in the source, so syncs leave it out of the public catalog. To publish it, unhide it \
         in the source, or allow it in the settings of this source (/settings/sources/{slug}).",
        shorten_text(name)
    )
}

/// Returns the message that the key column `name` is hidden and the catalog of the source `slug` is public.
#[must_use]
pub fn hidden_key_message(name: &str, slug: &Slug) -> String {
    format!(
        "The key column “{}” is hidden in the source, but the catalog is public. Unhide the column in the source, or \
         allow it in the settings of this source (/settings/sources/{slug}).",
        shorten_text(name)
    )
}
