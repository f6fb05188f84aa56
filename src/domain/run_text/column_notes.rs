//! The notes about columns that were added, removed or renamed.

use crate::domain::text::counts::group_digits;
use crate::domain::text::shortening::shorten_text;

/// The maximum number of column changes in the message of a run.
const MAX_NAMED_CHANGES: usize = 4;

/// The note about a column that was renamed.
#[must_use]
pub fn renamed_column_note(old: &str, new: &str) -> String {
    format!("Column “{}” was renamed to “{}”.", shorten_text(old), shorten_text(new))
}

/// The note about a column of the source that the catalog did not have.
#[must_use]
pub fn new_column_note(name: &str) -> String {
    format!("New column “{}”.", shorten_text(name))
}

/// The note about a column of the catalog that the source no longer has.
#[must_use]
pub fn removed_column_note(name: &str) -> String {
    format!("Column “{}” was removed.", shorten_text(name))
}

/// The notes as the end of a run's message: sentences that begin with a space. Empty without notes.
#[must_use]
pub fn join_column_notes<'n>(mut notes: impl ExactSizeIterator<Item = &'n str>) -> String {
    let mut text: String = notes.by_ref().take(MAX_NAMED_CHANGES).map(|note| format!(" {note}")).collect();
    match notes.len() {
        0 => {}
        1 => text.push_str(" 1 more column was added, removed or renamed."),
        more => {
            let more = group_digits(more as u64);
            text.push_str(&format!(" {more} more columns were added, removed or renamed."));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_changes_are_named_and_the_rest_is_counted() {
        assert_eq!(new_column_note("a"), "New column “a”.");
        assert_eq!(renamed_column_note("a", "b"), "Column “a” was renamed to “b”.");
        let notes = ["a", "b", "c", "d", "e", "f"].map(removed_column_note);
        let joined = |count: usize| join_column_notes(notes[..count].iter().map(String::as_str));
        assert_eq!(joined(0), "");
        assert_eq!(joined(2), " Column “a” was removed. Column “b” was removed.");
        assert_eq!(joined(5), format!("{} 1 more column was added, removed or renamed.", joined(4)));
        assert_eq!(joined(6), format!("{} 2 more columns were added, removed or renamed.", joined(4)));
    }
}
