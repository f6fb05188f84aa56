//! Inserts rows unless they exist.

use diesel::prelude::*;

use crate::store::any_connection::AnyConnection;
use crate::store::schema::{installation_facts, run_numbers};

/// Adds a fact about the installation unless a fact with that name exists. Returns the number of added rows.
pub(in crate::store) fn insert_fact(conn: &mut AnyConnection, name: &str, value: &str) -> QueryResult<usize> {
    let fact = (installation_facts::name.eq(name), installation_facts::value.eq(value));
    let insert = diesel::insert_into(installation_facts::table).values(fact).on_conflict_do_nothing();
    match conn {
        AnyConnection::Sqlite(conn) => insert.execute(conn),
        AnyConnection::Postgres(conn) => insert.execute(conn),
    }
}

/// Gives a run a number unless it has one. If another transaction is giving it one, this waits for the other to end.
pub(in crate::store) fn insert_run_number(
    conn: &mut AnyConnection,
    sync_id: &str,
    source_id: i64,
) -> QueryResult<usize> {
    let numbered = (run_numbers::sync_id.eq(sync_id), run_numbers::source_id.eq(source_id));
    let insert = diesel::insert_into(run_numbers::table).values(numbered).on_conflict_do_nothing();
    match conn {
        AnyConnection::Sqlite(conn) => insert.execute(conn),
        AnyConnection::Postgres(conn) => insert.execute(conn),
    }
}
