//! Looking into the JSON text of an item's fields.

use diesel::expression::SqlLiteral;
use diesel::sql_types::{Nullable, Text};

use crate::store::any_connection::AnyConnection;

/// The value of the field called `column` of the item at hand. By name, not position: in the middle of a sync two
/// layouts stand side by side.
pub(in crate::store) fn field_by_name(conn: &AnyConnection, column: &str) -> SqlLiteral<Nullable<Text>> {
    // Diesel cannot bind inside ORDER BY of a boxed query shared by both databases, so the name becomes a literal:
    // single quotes are doubled, and neither database gives a backslash a meaning inside '…'
    // (standard_conforming_strings is on since PostgreSQL 9.1). The name is one of the catalog's own columns and
    // never contains NUL.
    let literal = format!("'{}'", column.replace('\0', "").replace('\'', "''"));
    diesel::dsl::sql(&match conn {
        AnyConnection::Sqlite(_) => format!(
            "(SELECT json_extract(field.value, '$[1]') FROM json_each(items.fields) AS field \
             WHERE json_extract(field.value, '$[0]') = {literal} LIMIT 1)"
        ),
        AnyConnection::Postgres(_) => format!(
            "(SELECT field ->> 1 FROM json_array_elements(items.fields::json) AS field \
             WHERE field ->> 0 = {literal} LIMIT 1)"
        ),
    })
}
