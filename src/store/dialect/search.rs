//! Builds SQL conditions on the fields of an item, which are stored as JSON text.

use diesel::expression::SqlLiteral;
use diesel::sql_types::Bool;

use super::literal::quote_literal;
use crate::domain::catalog_query::search_terms::SEARCH_MAX_CHARS;
use crate::domain::item::{encode_field_start, fold_for_search};
use crate::store::any_connection::AnyConnection;

/// Returns the condition that the current item has a field with one of these names.
pub(in crate::store) fn has_any_field(conn: &AnyConnection, columns: &[String]) -> SqlLiteral<Bool> {
    contains_any_field(conn, "items.fields", columns)
}

/// Returns the condition that the current row of `item_changes` has a field with one of these names on either side.
pub(in crate::store) fn change_has_any_field(conn: &AnyConnection, columns: &[String]) -> SqlLiteral<Bool> {
    let sides = "coalesce(item_changes.before, '') || coalesce(item_changes.after, '')";
    contains_any_field(conn, sides, columns)
}

fn contains_any_field(conn: &AnyConnection, fields: &str, columns: &[String]) -> SqlLiteral<Bool> {
    let find = find_text(conn);
    let has = |column: &String| format!("{find}({fields}, {}) > 0", quote_literal(&encode_field_start(column)));
    let any: Vec<String> = columns.iter().map(has).collect();
    diesel::dsl::sql(&format!("({})", if any.is_empty() { "1 = 0".to_owned() } else { any.join(" OR ") }))
}

/// A word of a search.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::store) struct SearchWord {
    /// The word as written.
    written: String,
    /// The word folded, as search texts are.
    folded: String,
}

/// Splits a search into its words. Only the first [`SEARCH_MAX_CHARS`] characters count, because each word costs a pass
/// over the texts.
pub(in crate::store) fn split_words(search: &str) -> Vec<SearchWord> {
    let search: String = search.chars().filter(|&c| c != '\0').take(SEARCH_MAX_CHARS).collect();
    let mut words = Vec::new();
    for written in search.split_whitespace() {
        // Folding turns a few characters, such as ¨, into a space and an accent.
        for folded in fold_for_search(written).split_whitespace() {
            words.push(SearchWord { written: written.to_owned(), folded: folded.to_owned() });
        }
    }
    words
}

/// Returns the condition that all words occur in the key, or in a value before or after, of the current row of
/// `item_changes`. Rows that an older version wrote have no search text: their stored fields are searched, where only
/// PostgreSQL ignores the case of letters like É and neither ignores accents.
pub(in crate::store) fn change_has_words(conn: &AnyConnection, words: &[SearchWord]) -> SqlLiteral<Bool> {
    let find = find_text(conn);
    join_conditions(words.iter().map(|word| {
        let folded = quote_literal(&word.folded);
        let like = |text: &str| {
            let either = [&word.written, &word.folded].map(|word| like_word(conn, text, word));
            format!("({} OR {})", either[0], either[1])
        };
        let in_side = |side: &str| match conn {
            AnyConnection::Sqlite(_) => format!(
                "EXISTS (SELECT 1 FROM json_each(item_changes.{side}) AS field WHERE {})",
                like("json_extract(field.value, '$[1]')")
            ),
            AnyConnection::Postgres(_) => format!(
                "EXISTS (SELECT 1 FROM json_array_elements(item_changes.{side}::json) AS field WHERE {})",
                like("field ->> 1")
            ),
        };
        format!(
            "CASE WHEN item_changes.search_text IS NOT NULL THEN {find}(item_changes.search_text, {folded}) > 0 \
             ELSE {} OR {} OR {} END",
            like("item_changes.key"),
            in_side("before"),
            in_side("after"),
        )
    }))
}

/// Returns the condition that all words occur in the key or in a value of the current item.
pub(in crate::store) fn item_has_words(conn: &AnyConnection, words: &[SearchWord]) -> SqlLiteral<Bool> {
    let find = find_text(conn);
    join_conditions(words.iter().map(|word| {
        let in_values = format!("{find}(items.search_text, {}) > 0", quote_literal(&word.folded));
        format!("({in_values} OR {})", like_word(conn, "items.key", &word.written))
    }))
}

/// Returns the condition that a text contains a word, ignoring the case of letters.
fn like_word(conn: &AnyConnection, text: &str, word: &str) -> String {
    let operator = match conn {
        AnyConnection::Sqlite(_) => "LIKE",
        AnyConnection::Postgres(_) => "ILIKE",
    };
    format!("{text} {operator} {} ESCAPE '\\'", quote_literal(&like_pattern(word)))
}

/// Returns `%word%` for LIKE, with the special characters of LIKE escaped.
pub(in crate::store) fn like_pattern(word: &str) -> String {
    let mut pattern = String::with_capacity(word.len() + 2);
    pattern.push('%');
    for c in word.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// Returns the condition that all of these conditions hold; with none it always holds.
fn join_conditions(conditions: impl Iterator<Item = String>) -> SqlLiteral<Bool> {
    let all: Vec<String> = conditions.map(|one| format!("({one})")).collect();
    diesel::dsl::sql(&if all.is_empty() { "1 = 1".to_owned() } else { all.join(" AND ") })
}

/// Returns the SQL function that finds a text inside another: the position from 1, or 0 if it is not found.
fn find_text(conn: &AnyConnection) -> &'static str {
    match conn {
        AnyConnection::Sqlite(_) => "instr",
        AnyConnection::Postgres(_) => "strpos",
    }
}
