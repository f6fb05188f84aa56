//! Detects a header cell with several names, caused by quotation marks around all of them or by pasting lines of text
//! into one column.

use crate::domain::run_text::key_notes::joined_names_note;
use crate::domain::text::comparable_form::is_same_form;

/// The separators between names.
const NAME_SEPARATORS: [char; 4] = [',', ';', '\t', '|'];

/// Returns a message if one of `columns` contains the name `wanted` among other names.
#[must_use]
pub fn joined_names_message(columns: &[String], wanted: &str) -> Option<String> {
    let holds = |column: &&String, separator: char| {
        column.contains(separator) && column.split(separator).any(|name| is_same_form(name, wanted))
    };
    let (column, separator) = NAME_SEPARATORS
        .into_iter()
        .find_map(|separator| Some((columns.iter().find(|column| holds(column, separator))?, separator)))?;
    Some(joined_names_note(column, wanted, separator))
}

#[cfg(test)]
mod tests {
    use super::joined_names_message;

    fn message(columns: &[&str], wanted: &str) -> Option<String> {
        joined_names_message(&columns.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>(), wanted)
    }

    #[test]
    fn a_cell_with_several_names_is_reported_with_their_separator() {
        for (columns, cell, separator) in [
            (&["id,name", "year"][..], "“id,name”", "separated by “,”"),
            (&["name; id ;year"], "“name; id ;year”", "separated by “;”"),
            (&["a", "name\tid"], "“name␉id”", "separated by a tab"),
        ] {
            let message = message(columns, "id").expect("a message");
            assert!(message.contains(cell) && message.contains(separator), "{message}");
        }
        for columns in [&["idle, name"][..], &["ID,name"], &["id"], &[]] {
            assert_eq!(message(columns, "id"), None, "{columns:?}");
        }
        assert_eq!(message(&["Name, first", "b"], "Name, first, last"), None);
    }
}
