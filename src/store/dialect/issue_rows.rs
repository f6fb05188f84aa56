//! Stores the issues of a run: row by row on SQLite, as unnested arrays on PostgreSQL.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text};

use crate::domain::issue::Issue;
use crate::domain::kept_cells::KeptCells;
use crate::store::any_connection::AnyConnection;
use crate::store::schema::sync_issues;

/// Stores the issues of a run.
pub(in crate::store) fn insert_issues(conn: &mut AnyConnection, sync_id: &str, issues: &[Issue]) -> QueryResult<()> {
    let number = |issue: &Issue| issue.row.map(|row| i64::try_from(row).unwrap_or(i64::MAX));
    match conn {
        AnyConnection::Sqlite(conn) => {
            for issue in issues {
                diesel::insert_into(sync_issues::table)
                    .values((
                        sync_issues::sync_id.eq(sync_id),
                        sync_issues::row_number.eq(number(issue)),
                        sync_issues::column_name.eq(issue.column.as_deref()),
                        sync_issues::kind.eq(issue.kind.as_str()),
                        sync_issues::reason.eq(&issue.reason),
                        sync_issues::cells.eq(issue.cells.as_ref().map(KeptCells::as_json)),
                    ))
                    .execute(conn)?;
            }
            Ok(())
        }
        AnyConnection::Postgres(conn) => diesel::sql_query(
            "INSERT INTO sync_issues (sync_id, row_number, column_name, kind, reason, cells)
             SELECT $1, * FROM unnest($2, $3, $4, $5, $6)",
        )
        .bind::<Text, _>(sync_id)
        .bind::<Array<Nullable<BigInt>>, _>(issues.iter().map(number).collect::<Vec<_>>())
        .bind::<Array<Nullable<Text>>, _>(issues.iter().map(|issue| issue.column.as_deref()).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(issues.iter().map(|issue| issue.kind.as_str()).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(issues.iter().map(|issue| issue.reason.as_str()).collect::<Vec<_>>())
        .bind::<Array<Nullable<Text>>, _>(
            issues.iter().map(|issue| issue.cells.as_ref().map(KeptCells::as_json)).collect::<Vec<_>>(),
        )
        .execute(conn)
        .map(drop),
    }
}
