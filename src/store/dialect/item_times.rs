//! Compares the times of items, which SQLite stores as text or, in the compact form, as numbers.

use chrono::NaiveDateTime;
use diesel::dsl::{exists, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::store::any_connection::AnyConnection;
use crate::store::item_time::ItemTime;
use crate::store::row_form::RowForm;
use crate::store::schema::items;

/// Returns whether an item that is in the catalog of a source was added or changed after `time`.
pub(in crate::store) fn has_item_changed_after(
    conn: &mut AnyConnection,
    source_id: i64,
    time: NaiveDateTime,
) -> QueryResult<bool> {
    let live = items::table.filter(items::source_id.eq(source_id)).filter(items::removed_at.is_null());
    let [text, number] = [RowForm::Named, RowForm::Compact].map(|form| ItemTime::new(time, form));
    match conn {
        AnyConnection::Sqlite(conn) => {
            // Any number is less than any text.
            let is_number = sql::<Bool>("typeof(items.changed_at) = 'integer'");
            let later = items::changed_at.gt(text).or(is_number.and(items::changed_at.gt(number)));
            diesel::select(exists(live.filter(later))).get_result(conn)
        }
        AnyConnection::Postgres(conn) => {
            diesel::select(exists(live.filter(items::changed_at.gt(text)))).get_result(conn)
        }
    }
}
