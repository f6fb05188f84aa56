//! Builds SQL conditions on the names of the fields of items and changes, in both forms in which fields are stored.

use diesel::expression::SqlLiteral;
use diesel::sql_types::Bool;

use super::literal::quote_literal;
use crate::domain::compact_fields::StoredLayout;
use crate::domain::item::encode_field_start;
use crate::store::any_connection::AnyConnection;

/// Returns the condition that the current item has a field with one of these names. `layouts` are those of its source.
pub(in crate::store) fn has_any_field(
    conn: &AnyConnection,
    columns: &[String],
    layouts: &[StoredLayout],
) -> SqlLiteral<Bool> {
    diesel::dsl::sql(&format!("({})", contains_any_field(conn, "items.fields", columns, layouts)))
}

/// Returns the condition that the current row of `item_changes` has a field with one of these names on either side.
/// `layouts` are those of its source.
pub(in crate::store) fn change_has_any_field(
    conn: &AnyConnection,
    columns: &[String],
    layouts: &[StoredLayout],
) -> SqlLiteral<Bool> {
    let sides = ["before", "after"].map(|side| {
        let fields = format!("coalesce(item_changes.{side}, '')");
        contains_any_field(conn, &fields, columns, layouts)
    });
    diesel::dsl::sql(&format!("({} OR {})", sides[0], sides[1]))
}

fn contains_any_field(conn: &AnyConnection, fields: &str, columns: &[String], layouts: &[StoredLayout]) -> String {
    let find = find_text(conn);
    let has = |column: &String| format!("{find}({fields}, {}) > 0", quote_literal(&encode_field_start(column)));
    let named: Vec<String> = columns.iter().map(has).collect();
    let named = if named.is_empty() { "1 = 0".to_owned() } else { named.join(" OR ") };
    // In the compact form a first value could look like the beginning of a field.
    let mut condition = format!("({fields} LIKE '[%' AND ({named}))");
    for layout in layouts.iter().filter(|layout| layout.column_names().iter().any(|name| columns.contains(name))) {
        condition.push_str(&format!(" OR {fields} LIKE '{}[%'", layout.number()));
    }
    condition
}

/// Returns the SQL function that finds a text inside another: the position from 1, or 0 if it is not found.
const fn find_text(conn: &AnyConnection) -> &'static str {
    match conn {
        AnyConnection::Sqlite(_) => "instr",
        AnyConnection::Postgres(_) => "strpos",
    }
}
