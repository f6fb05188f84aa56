//! Writes a text as an SQL string literal, for the places where Diesel cannot bind a value.

/// `text` in single quotes, as both databases read it: quotes inside are doubled, and a backslash has no meaning
/// (`standard_conforming_strings` is on since PostgreSQL 9.1). NUL characters are left out.
pub(super) fn quote_literal(text: &str) -> String {
    format!("'{}'", text.replace('\0', "").replace('\'', "''"))
}
