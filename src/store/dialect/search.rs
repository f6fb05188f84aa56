//! Builds SQL conditions on the fields of an item, which are stored as JSON text.

use diesel::expression::SqlLiteral;
use diesel::sql_types::Bool;

use super::literal::quote_literal;
use crate::domain::item::{encode_field, encode_field_start};
use crate::store::any_connection::AnyConnection;

/// Returns SQL for the value of the current item's field `column`. The field is found by name, not by position, because
/// during a sync items with old and new column layouts exist side by side.
pub(super) fn field_by_name(conn: &AnyConnection, column: &str) -> String {
    // Diesel cannot bind a value inside ORDER BY of a boxed query that both databases share, so the name becomes a
    // literal. It is a column name of the catalog and never contains NUL.
    let literal = quote_literal(column);
    match conn {
        AnyConnection::Sqlite(_) => format!(
            "(SELECT json_extract(field.value, '$[1]') FROM json_each(items.fields) AS field \
             WHERE json_extract(field.value, '$[0]') = {literal} LIMIT 1)"
        ),
        AnyConnection::Postgres(_) => format!(
            "(SELECT field ->> 1 FROM json_array_elements(items.fields::json) AS field \
             WHERE field ->> 0 = {literal} LIMIT 1)"
        ),
    }
}

/// Returns the condition that the current item's field `column` has the value `yes`, or does not have it if `yes` is
/// false. It searches for the encoded text, which takes a hundredth of the time of parsing the JSON of an article.
pub(in crate::store) fn has_flag(conn: &AnyConnection, column: &str, yes: bool) -> SqlLiteral<Bool> {
    let pair = quote_literal(&encode_field(column, "yes"));
    let find = find_text(conn);
    diesel::dsl::sql(&format!("({find}(items.fields, {pair}) {} 0)", if yes { ">" } else { "=" }))
}

/// Returns the condition that the current item has a field with one of these names.
pub(in crate::store) fn has_any_field(conn: &AnyConnection, columns: &[String]) -> SqlLiteral<Bool> {
    let find = find_text(conn);
    let has = |column: &String| format!("{find}(items.fields, {}) > 0", quote_literal(&encode_field_start(column)));
    let any: Vec<String> = columns.iter().map(has).collect();
    diesel::dsl::sql(&format!("({})", if any.is_empty() { "1 = 0".to_owned() } else { any.join(" OR ") }))
}

/// Returns the SQL function that finds a text inside another: the position from 1, or 0 if it is not found.
fn find_text(conn: &AnyConnection) -> &'static str {
    match conn {
        AnyConnection::Sqlite(_) => "instr",
        AnyConnection::Postgres(_) => "strpos",
    }
}
