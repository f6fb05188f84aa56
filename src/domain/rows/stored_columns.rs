//! Matches the columns of a source with those of the catalog when their names are spelled differently.

use std::collections::{HashMap, HashSet};

use super::row::unnumbered_name;
use crate::domain::columns::spreadsheet_values::SpreadsheetPlaceholder;
use crate::domain::text::comparable_form::{comparable_form, is_same_form, position_of};

/// Returns the names of `columns`, in the spelling of `stored` if the catalog has a column with the same comparable
/// form. Exact spellings take precedence, and each stored column is used once.
///
/// `excluded` are the columns of the source that must not be in the catalog.
///
/// Earlier versions treated names with the same comparable form as different columns. If a catalog has `id` and an `id`
/// with an invisible character, the second one, which counts as a repeated name today, keeps its stored column.
#[must_use]
pub fn match_stored_names(columns: &[String], stored: &[String], excluded: &[String]) -> Vec<String> {
    let columns = restore_placeholder_names(columns, stored, excluded);
    let exact: HashSet<&str> = columns.iter().map(String::as_str).collect();
    let mut free: HashMap<String, Vec<&String>> = HashMap::new();
    for name in stored.iter().rev().filter(|name| !exact.contains(name.as_str())) {
        free.entry(comparable_form(name).into_owned()).or_default().push(name);
    }
    if free.is_empty() {
        return columns;
    }
    let stored_names: HashSet<&str> = stored.iter().map(String::as_str).collect();
    let mut names = columns.clone();
    let forms: [fn(&str) -> Option<&str>; 2] = [|name| Some(name), unnumbered_name];
    for form_of in forms {
        for (name, written) in names.iter_mut().zip(&columns) {
            if stored_names.contains(name.as_str()) {
                continue;
            }
            let form = form_of(written).map(comparable_form);
            let found = form.and_then(|form| free.get_mut(form.as_ref())?.pop());
            if let Some(found) = found {
                name.clone_from(found);
            }
        }
    }
    names
}

/// Returns the placeholder that a spreadsheet shows instead of a column name, for example because a formula in the
/// header fails.
#[must_use]
pub fn header_placeholder(name: &str) -> Option<SpreadsheetPlaceholder> {
    SpreadsheetPlaceholder::parse(name).or_else(|| SpreadsheetPlaceholder::parse(unnumbered_name(name)?))
}

/// Returns whether the name of a column is still loading.
#[must_use]
pub fn has_loading_header(columns: &[String]) -> bool {
    columns.iter().any(|name| header_placeholder(name) == Some(SpreadsheetPlaceholder::Loading))
}

/// Returns the names of `columns`, where each placeholder is replaced by the stored name at its position.
///
/// This is safe only if no column was added or removed: there are as many columns as before, and each with a name is in
/// the catalog. Otherwise a new column could get the name of another one. If there are several placeholders, all other
/// columns must also be at their stored positions.
fn restore_placeholder_names(columns: &[String], stored: &[String], excluded: &[String]) -> Vec<String> {
    let is_placeholder = |name: &String| header_placeholder(name).is_some();
    let stored: Vec<&String> = stored.iter().filter(|name| position_of(excluded, name).is_none()).collect();
    if stored.len() != columns.len() || excluded.iter().any(is_placeholder) {
        return columns.to_vec();
    }
    let forms: HashSet<_> = columns.iter().map(|name| comparable_form(name)).collect();
    let stored_forms: HashSet<_> = stored.iter().map(|name| comparable_form(name)).collect();
    let is_single = columns.iter().filter(|name| is_placeholder(name)).count() == 1;
    let is_as_before = |(name, previous): (&String, &&String)| {
        is_placeholder(name)
            || is_same_form(name, previous)
            || (is_single && stored_forms.contains(&comparable_form(name)))
    };
    if !columns.iter().zip(&stored).all(is_as_before) {
        return columns.to_vec();
    }
    let restored = |(name, previous): (&String, &String)| {
        let is_free = is_placeholder(name) && !forms.contains(&comparable_form(previous));
        if is_free { previous } else { name }.clone()
    };
    columns.iter().zip(stored).map(restored).collect()
}

#[cfg(test)]
mod tests {
    use super::match_stored_names;

    fn names(columns: &[&str], stored: &[&str]) -> Vec<String> {
        names_without(columns, stored, &[])
    }

    fn names_without(columns: &[&str], stored: &[&str], excluded: &[&str]) -> Vec<String> {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        match_stored_names(&owned(columns), &owned(stored), &owned(excluded))
    }

    #[test]
    fn a_name_with_an_equal_comparable_form_keeps_the_stored_spelling() {
        assert_eq!(names(&["a\u{a0}b", "c"], &["c", "a b"]), ["a b", "c"]);
        assert_eq!(names(&["a b", "new"], &["a\u{a0}b", "a b"]), ["a b", "new"]);
        assert_eq!(names(&["a", "b"], &[]), ["a", "b"]);
    }

    #[test]
    fn a_placeholder_is_replaced_by_the_stored_column_at_its_position() {
        assert_eq!(names(&["id", "#REF!", "year"], &["id", "title", "year"]), ["id", "title", "year"]);
        assert_eq!(names(&["id", "#REF!", "#REF! (2)"], &["id", "title", "year"]), ["id", "title", "year"]);
        assert_eq!(names(&["id", "title", "Loading..."], &["id", "year", "title"]), ["id", "title", "Loading..."]);
        assert_eq!(names(&["id", "#REF!"], &[]), ["id", "#REF!"]);
    }

    #[test]
    fn a_placeholder_stays_if_columns_were_added_removed_or_moved() {
        let stored = ["id", "price", "price net", "year"];
        for columns in [
            &["id", "#REF!", "year"][..],
            &["id", "#REF!", "year", "new"],
            &["id", "new", "#REF!", "price net", "year"],
            &["#REF!", "price net", "year"],
            &["id", "year", "#REF!", "#REF! (2)"],
        ] {
            assert_eq!(names(columns, &stored), columns);
        }
        assert_eq!(names(&["id", "#REF!", "year", "price net"], &stored), ["id", "price", "year", "price net"]);
    }

    #[test]
    fn excluded_columns_do_not_count_as_positions() {
        let stored = ["id", "title", "cost", "year"];
        assert_eq!(names_without(&["id", "title", "#REF!"], &stored, &["cost"]), ["id", "title", "year"]);
        assert_eq!(names_without(&["id", "title", "#REF!"], &stored[..3], &["cost"]), ["id", "title", "#REF!"]);
        assert_eq!(names_without(&["id", "title", "#REF!"], &stored[..3], &["#REF! (2)"]), ["id", "title", "#REF!"]);
    }

    #[test]
    fn names_that_were_different_columns_before_stay_different() {
        assert_eq!(names(&["id", "id\u{200b} (2)"], &["id", "id\u{200b}"]), ["id", "id\u{200b}"]);
        assert_eq!(names(&["id\u{200b}", "id (2)"], &["id\u{200b}", "id"]), ["id\u{200b}", "id"]);
        assert_eq!(names(&["a", "a (2)"], &["a", "b"]), ["a", "a (2)"]);
    }
}
