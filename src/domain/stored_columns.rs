//! Which columns of a source are those that a catalog has, though their names are spelled otherwise.

use std::collections::{HashMap, HashSet};

use super::row::repeated_name;
use super::text_form::comparable_form;

/// The names of `columns`, in the spelling of `stored` where the catalog has a column that is equal in form. An exact
/// spelling comes first, and no stored column is taken twice.
///
/// Earlier versions took names that are equal in form for different ones: of `id` and an `id` with an invisible
/// character the second is a repetition today, and stays the column that it was.
#[must_use]
pub fn as_stored(columns: &[String], stored: &[String]) -> Vec<String> {
    let exact: HashSet<&str> = columns.iter().map(String::as_str).collect();
    let mut free: HashMap<String, Vec<&String>> = HashMap::new();
    for name in stored.iter().rev().filter(|name| !exact.contains(name.as_str())) {
        free.entry(comparable_form(name).into_owned()).or_default().push(name);
    }
    if free.is_empty() {
        return columns.to_vec();
    }
    let known: HashSet<&str> = stored.iter().map(String::as_str).collect();
    let mut names = columns.to_vec();
    let forms: [fn(&str) -> Option<&str>; 2] = [|name| Some(name), repeated_name];
    for form_of in forms {
        for (name, written) in names.iter_mut().zip(columns) {
            if known.contains(name.as_str()) {
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

#[cfg(test)]
mod tests {
    use super::as_stored;

    fn names(columns: &[&str], stored: &[&str]) -> Vec<String> {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        as_stored(&owned(columns), &owned(stored))
    }

    #[test]
    fn a_name_that_differs_in_form_only_is_the_stored_one() {
        assert_eq!(names(&["a\u{a0}b", "c"], &["c", "a b"]), ["a b", "c"]);
        assert_eq!(names(&["a b", "new"], &["a\u{a0}b", "a b"]), ["a b", "new"]);
        assert_eq!(names(&["a", "b"], &[]), ["a", "b"]);
    }

    #[test]
    fn names_that_were_two_before_stay_two() {
        assert_eq!(names(&["id", "id\u{200b} (2)"], &["id", "id\u{200b}"]), ["id", "id\u{200b}"]);
        assert_eq!(names(&["id\u{200b}", "id (2)"], &["id\u{200b}", "id"]), ["id\u{200b}", "id"]);
        assert_eq!(names(&["a", "a (2)"], &["a", "b"]), ["a", "a (2)"]);
    }
}
