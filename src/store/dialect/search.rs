//! Looking into the JSON text of an item's fields.

use diesel::expression::SqlLiteral;
use diesel::sql_types::Bool;

use super::literal::quote_literal;
use crate::domain::item::{encode_field, encode_field_start};
use crate::store::any_connection::AnyConnection;

/// The value of the field called `column` of the item at hand, as SQL. By name, not position: in the middle of a sync
/// two layouts stand side by side.
pub(super) fn field_by_name(conn: &AnyConnection, column: &str) -> String {
    // Diesel cannot bind inside ORDER BY of a boxed query shared by both databases, so the name becomes a literal. It
    // is one of the catalog's own columns and never contains NUL.
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

/// Whether the field called `column` of the item at hand says `yes`, or, without `yes`, whether it does not. It is
/// looked for as it is written, which takes a hundredth of the time that taking the JSON of an article apart takes.
pub(in crate::store) fn has_flag(conn: &AnyConnection, column: &str, yes: bool) -> SqlLiteral<Bool> {
    let pair = quote_literal(&encode_field(column, "yes"));
    let find = find_text(conn);
    diesel::dsl::sql(&format!("({find}(items.fields, {pair}) {} 0)", if yes { ">" } else { "=" }))
}

/// Whether the item at hand has a field that is called like one of `columns`.
pub(in crate::store) fn has_any_field(conn: &AnyConnection, columns: &[String]) -> SqlLiteral<Bool> {
    let find = find_text(conn);
    let has = |column: &String| format!("{find}(items.fields, {}) > 0", quote_literal(&encode_field_start(column)));
    let any: Vec<String> = columns.iter().map(has).collect();
    diesel::dsl::sql(&format!("({})", if any.is_empty() { "1 = 0".to_owned() } else { any.join(" OR ") }))
}

/// The function that answers at which position a text is in another, from 1; 0 where it is not.
fn find_text(conn: &AnyConnection) -> &'static str {
    match conn {
        AnyConnection::Sqlite(_) => "instr",
        AnyConnection::Postgres(_) => "strpos",
    }
}
