//! Quotes text as an SQL string literal, for the places where Diesel cannot bind a value.

/// Returns `text` as a string literal for both databases: quotes are doubled, and a backslash has no special meaning
/// (`standard_conforming_strings` is on since PostgreSQL 9.1). NUL characters are removed.
pub(super) fn quote_literal(text: &str) -> String {
    format!("'{}'", text.replace('\0', "").replace('\'', "''"))
}
