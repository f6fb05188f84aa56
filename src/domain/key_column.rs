//! The key column that is not there any more: which of the columns that are may be meant.

use super::row::{listed_columns, shortened};

/// Names that a key column often has, the most telling first.
const KEY_NAMES: [&str; 12] =
    ["id", "key", "sku", "isbn", "ean", "upc", "gtin", "guid", "uuid", "slug", "code", "number"];

/// A column whose cells are keys that the catalog has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KnownKeys {
    /// The column.
    pub column: String,
    /// How many of its cells are such keys …
    pub known: usize,
    /// … of how many that were looked at.
    pub of: usize,
    /// Whether there are more rows than that.
    pub more: bool,
    /// Whether its name is such a key, too: then a row of entries stands where the header should.
    pub named_like_a_key: bool,
}

/// Columns that could be keys.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct KeyHints {
    /// Those whose cells are all present and different, the best key first.
    pub different: Vec<String>,
    /// The one with the keys of the catalog, where there is a catalog.
    pub known: Option<KnownKeys>,
}

/// What is wrong: the key column `wanted` is not among the columns.
#[must_use]
pub fn missing(wanted: &str, columns: &[String]) -> String {
    format!("There is no column “{}”; the columns are {}.", shortened(wanted), listed_columns(columns))
}

/// What to do about it, in the settings of the source called `slug`: the column that holds the keys of the catalog, else
/// one that is spelled alike, else one that tells the rows apart.
#[must_use]
pub fn proposal(wanted: &str, columns: &[String], hints: &KeyHints, slug: &str) -> String {
    let wanted_short = shortened(wanted);
    let choose = format!("choose it as the key column in the settings of this source (/settings/sources/{slug})");
    let or_rename = format!("or rename it to “{wanted_short}” in the source");
    if let Some(KnownKeys { column, known, of, more, named_like_a_key }) = &hints.known {
        let of = if *more { format!("the first {of}") } else { of.to_string() };
        if *named_like_a_key {
            return format!(
                "The header row seems to be missing: “{}” is a key that the catalog has, like those below it ({known} of \
                 {of}). Put the row with the names of the columns back above them, with “{wanted_short}” among them.",
                shortened(column)
            );
        }
        return format!("“{}” holds the same keys ({known} of {of}): {choose}, {or_rename}.", shortened(column));
    }
    if let Some(alike) = columns.iter().find(|name| is_alike(name, wanted)) {
        return format!("Is “{}” the same column? Then {choose}, {or_rename}.", shortened(alike));
    }
    match hints.different.first() {
        Some(different) => {
            format!("The cells of “{}” are all filled and different: {choose}, {or_rename}.", shortened(different))
        }
        None => format!(
            "No column has cells that are all filled and different, so add a column “{wanted_short}” to the source with a \
             value of its own in every row."
        ),
    }
}

/// Whether two names differ in case, in what stands between words, or in one letter.
fn is_alike(one: &str, other: &str) -> bool {
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
    // Short names differ in one letter from everything.
    same + one.len().min(other.len()) >= 4
        && [(1, 1), (1, 0), (0, 1)].iter().any(|&(a, b)| {
            let (left, right) = (rest(one, a), rest(other, b));
            left.is_some() && left == right
        })
}

/// Where a column's name stands among likely keys; ties keep the order of the columns.
#[must_use]
pub fn rank(name: &str) -> usize {
    let name = name.to_lowercase();
    let has = |known: &str| name.split(|c: char| !c.is_alphanumeric()).any(|word| word == known);
    let whole = KEY_NAMES.iter().position(|known| name == *known);
    let part = || KEY_NAMES.iter().position(|known| has(known)).map(|at| at + KEY_NAMES.len());
    whole.or_else(part).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::{KeyHints, KnownKeys, is_alike, proposal, rank};

    #[test]
    fn telling_names_come_before_others() {
        let mut names = ["title", "Album ID", "code", "ID", "isbn"];
        names.sort_by_key(|name| rank(name));
        assert_eq!(names, ["ID", "isbn", "code", "Album ID", "title"]);
    }

    #[test]
    fn names_are_alike_but_for_case_joints_and_a_slip() {
        for (one, other) in
            [("id", "ID"), ("album_id", "Album ID"), ("number", "nummber"), ("title", "titel1"), ("catalog", "katalog")]
        {
            assert_eq!(is_alike(one, other), one != "title", "{one} {other}");
        }
        for (one, other) in [("id", "it"), ("id", "ident"), ("a", ""), ("", ""), ("year", "years ago")] {
            assert!(!is_alike(one, other), "{one} {other}");
        }
    }

    #[test]
    fn the_keys_of_the_catalog_say_more_than_names_and_names_more_than_filled_cells() {
        let columns = ["Id", "album_id", "sku"].map(str::to_owned);
        let known =
            KnownKeys { column: "album_id".to_owned(), known: 209, of: 209, more: false, named_like_a_key: false };
        let mut hints = KeyHints { different: vec!["sku".to_owned()], known: Some(known) };
        let said = proposal("id", &columns, &hints, "albums");
        assert!(said.starts_with("“album_id” holds the same keys (209 of 209): choose it as the key column"), "{said}");
        assert!(said.contains("/settings/sources/albums"), "{said}");
        hints.known = hints.known.map(|known| KnownKeys { column: "0".to_owned(), named_like_a_key: true, ..known });
        let said = proposal("id", &columns, &hints, "albums");
        assert!(said.starts_with("The header row seems to be missing: “0” is a key that the catalog has"), "{said}");
        assert!(said.contains("(209 of 209). Put the row") && !said.contains("choose"), "{said}");
        hints.known = None;
        assert!(proposal("id", &columns, &hints, "albums").starts_with("Is “Id” the same column?"));
        assert!(proposal("nr", &columns, &hints, "albums").starts_with("The cells of “sku” are all filled"));
        hints.different.clear();
        assert!(proposal("nr", &columns, &hints, "albums").contains("add a column “nr”"));
    }
}
