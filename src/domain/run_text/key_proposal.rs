//! Why a column is proposed as the key.

use crate::domain::key_fitness::KeySearch;
use crate::domain::text::counts::group_digits;

/// Returns why the column `proposed` is proposed: "“id” is proposed: filled and different in all 47 rows." `row_count`
/// is the number of all rows, if it is known.
#[must_use]
pub fn key_proposal_message(proposed: &str, search: &KeySearch, row_count: Option<u64>) -> String {
    let rows = group_digits(search.rows);
    let where_checked = match (search.rows, search.has_more_rows) {
        (_, true) => format!("in the first {rows} rows"),
        // Blank rows and rows with extra cells are not searched.
        (count, false) if row_count.is_some_and(|all| all != count) => format!("in the {rows} rows checked"),
        (1, false) => "in the only row".to_owned(),
        (_, false) => format!("in all {rows} rows"),
    };
    format!("“{proposed}” is proposed: filled and different {where_checked}.")
}

#[cfg(test)]
mod tests {
    use super::key_proposal_message;
    use crate::domain::key_fitness::KeySearch;

    #[test]
    fn the_reason_says_how_many_rows_were_checked() {
        let reason = |rows, has_more_rows| {
            key_proposal_message("id", &KeySearch { rows, has_more_rows, ..KeySearch::default() }, Some(47))
        };
        assert_eq!(reason(45, false), "“id” is proposed: filled and different in the 45 rows checked.");
        assert_eq!(reason(47, false), "“id” is proposed: filled and different in all 47 rows.");
        assert_eq!(reason(1000, true), "“id” is proposed: filled and different in the first 1000 rows.");
        let only = KeySearch { rows: 1, ..KeySearch::default() };
        assert_eq!(key_proposal_message("id", &only, None), "“id” is proposed: filled and different in the only row.");
    }
}
