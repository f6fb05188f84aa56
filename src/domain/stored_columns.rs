//! Which columns of a source are those that a catalog has, though their names are spelled otherwise.

use std::collections::{HashMap, HashSet};

use super::row::repeated_name;
use super::sheet_words::SheetWord;
use super::text_form::comparable_form;

/// The names of `columns`, in the spelling of `stored` where the catalog has a column that is equal in form. An exact
/// spelling comes first, and no stored column is taken twice.
///
/// Earlier versions took names that are equal in form for different ones: of `id` and an `id` with an invisible
/// character the second is a repetition today, and stays the column that it was.
#[must_use]
pub fn as_stored(columns: &[String], stored: &[String]) -> Vec<String> {
    let columns = without_sheet_words(columns, stored);
    let exact: HashSet<&str> = columns.iter().map(String::as_str).collect();
    let mut free: HashMap<String, Vec<&String>> = HashMap::new();
    for name in stored.iter().rev().filter(|name| !exact.contains(name.as_str())) {
        free.entry(comparable_form(name).into_owned()).or_default().push(name);
    }
    if free.is_empty() {
        return columns;
    }
    let known: HashSet<&str> = stored.iter().map(String::as_str).collect();
    let mut names = columns.clone();
    let forms: [fn(&str) -> Option<&str>; 2] = [|name| Some(name), repeated_name];
    for form_of in forms {
        for (name, written) in names.iter_mut().zip(&columns) {
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

/// The word that a spreadsheet wrote in place of the name of a column, as where a formula in the header fails.
#[must_use]
pub fn header_word(name: &str) -> Option<SheetWord> {
    SheetWord::of(name).or_else(|| SheetWord::of(repeated_name(name)?))
}

/// Whether the name of a column is still loading.
#[must_use]
pub fn has_loading_header(columns: &[String]) -> bool {
    columns.iter().any(|name| header_word(name) == Some(SheetWord::Loading))
}

/// The names of `columns`, with the stored name of its place where a column has a word of the spreadsheet for a name,
/// and the source does not have the stored one elsewhere.
fn without_sheet_words(columns: &[String], stored: &[String]) -> Vec<String> {
    let forms: HashSet<_> = columns.iter().map(|name| comparable_form(name)).collect();
    let name_at = |(at, name): (usize, &String)| {
        let known = stored.get(at).filter(|known| !forms.contains(&comparable_form(known)));
        known.filter(|_| header_word(name).is_some()).unwrap_or(name).clone()
    };
    columns.iter().enumerate().map(name_at).collect()
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
    fn a_word_of_the_spreadsheet_is_the_stored_column_of_its_place() {
        assert_eq!(names(&["id", "#REF!", "year"], &["id", "title", "year"]), ["id", "title", "year"]);
        assert_eq!(names(&["id", "#REF!", "#REF! (2)"], &["id", "title", "year"]), ["id", "title", "year"]);
        assert_eq!(names(&["id", "title", "Loading..."], &["id", "year", "title"]), ["id", "title", "Loading..."]);
        assert_eq!(names(&["id", "#REF!"], &[]), ["id", "#REF!"]);
    }

    #[test]
    fn names_that_were_two_before_stay_two() {
        assert_eq!(names(&["id", "id\u{200b} (2)"], &["id", "id\u{200b}"]), ["id", "id\u{200b}"]);
        assert_eq!(names(&["id\u{200b}", "id (2)"], &["id\u{200b}", "id"]), ["id\u{200b}", "id"]);
        assert_eq!(names(&["a", "a (2)"], &["a", "b"]), ["a", "a (2)"]);
    }
}
