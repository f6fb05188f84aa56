//! Why a column is proposed as the key.

use crate::domain::key_fitness::KeySearch;
use crate::domain::text::counts::group_digits;

/// Returns why the column `proposed` is proposed: "“id” is proposed: filled and different in all 47 rows."
#[must_use]
pub fn key_proposal_message(proposed: &str, search: &KeySearch) -> String {
    let rows = group_digits(search.rows);
    let where_checked = match (search.rows, search.has_more_rows) {
        (1, _) => "in the only row".to_owned(),
        (_, true) => format!("in the first {rows} rows"),
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
            key_proposal_message("id", &KeySearch { rows, has_more_rows, ..KeySearch::default() })
        };
        assert_eq!(reason(47, false), "“id” is proposed: filled and different in all 47 rows.");
        assert_eq!(reason(1000, true), "“id” is proposed: filled and different in the first 1000 rows.");
        assert_eq!(reason(1, false), "“id” is proposed: filled and different in the only row.");
    }
}
