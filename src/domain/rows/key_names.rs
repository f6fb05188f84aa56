//! Compares names of key columns: frequent names, and names that are nearly the same.

/// Frequent names of key columns, the most specific first.
const KEY_NAMES: [&str; 12] =
    ["id", "key", "sku", "isbn", "ean", "upc", "gtin", "guid", "uuid", "slug", "code", "number"];

/// Returns whether two names differ only in case, in punctuation, or in one letter.
pub(super) fn is_alike(one: &str, other: &str) -> bool {
    let letters = |name: &str| -> Vec<char> {
        name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let (one, other) = (letters(one), letters(other));
    if one == other {
        return !one.is_empty();
    }
    let same = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    let (one, other) = (&one[same..], &other[same..]);
    let rest = |letters: &[char], skipped: usize| letters.get(skipped..).map(<[char]>::to_vec);
    // Short names are excluded, because many differ in one letter.
    same + one.len().min(other.len()) >= 4
        && [(1, 1), (1, 0), (0, 1)].iter().any(|&(a, b)| {
            let (left, right) = (rest(one, a), rest(other, b));
            left.is_some() && left == right
        })
}

/// Returns the rank of a column name among frequent names of keys; lower is better.
#[must_use]
pub fn key_name_rank(name: &str) -> usize {
    let name = name.to_lowercase();
    let has = |known: &str| name.split(|c: char| !c.is_alphanumeric()).any(|word| word == known);
    let whole = KEY_NAMES.iter().position(|known| name == *known);
    let part = || KEY_NAMES.iter().position(|known| has(known)).map(|at| at + KEY_NAMES.len());
    whole.or_else(part).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::{is_alike, key_name_rank};

    #[test]
    fn descriptive_names_come_before_others() {
        let mut names = ["title", "Album ID", "code", "ID", "isbn"];
        names.sort_by_key(|name| key_name_rank(name));
        assert_eq!(names, ["ID", "isbn", "code", "Album ID", "title"]);
    }

    #[test]
    fn names_are_similar_despite_case_separators_and_one_typo() {
        for (one, other) in
            [("id", "ID"), ("album_id", "Album ID"), ("number", "nummber"), ("title", "titel1"), ("catalog", "katalog")]
        {
            assert_eq!(is_alike(one, other), one != "title", "{one} {other}");
        }
        for (one, other) in [("id", "it"), ("id", "ident"), ("a", ""), ("", ""), ("year", "years ago")] {
            assert!(!is_alike(one, other), "{one} {other}");
        }
    }
}
