//! The times of items. On SQLite the compact form has them as epoch milliseconds, which take 6 bytes and not 23.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{BigInt, Timestamp};
use diesel::sqlite::{Sqlite, SqliteType, SqliteValue};

use super::any_connection::{MultiBackend, MultiRawValue};
use super::row_form::RowForm;

/// The time at which an item was added or last changed, to the millisecond.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, FromSqlRow, AsExpression)]
#[diesel(sql_type = Timestamp)]
pub(super) struct ItemTime {
    at: NaiveDateTime,
    form: RowForm,
}

impl ItemTime {
    /// Creates a time to be written in this form.
    pub(super) const fn new(at: NaiveDateTime, form: RowForm) -> Self {
        Self { at, form }
    }

    /// Returns the time.
    pub(super) const fn to_utc(self) -> DateTime<Utc> {
        self.at.and_utc()
    }
}

impl FromSql<Timestamp, Sqlite> for ItemTime {
    fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        if value.value_type() != Some(SqliteType::Long) {
            let at = <NaiveDateTime as FromSql<Timestamp, Sqlite>>::from_sql(value)?;
            return Ok(Self { at, form: RowForm::Named });
        }
        let millis = <i64 as FromSql<BigInt, Sqlite>>::from_sql(value)?;
        let at = DateTime::from_timestamp_millis(millis).ok_or("a time out of range")?.naive_utc();
        Ok(Self { at, form: RowForm::Compact })
    }
}

impl FromSql<Timestamp, Pg> for ItemTime {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let at = <NaiveDateTime as FromSql<Timestamp, Pg>>::from_sql(value)?;
        Ok(Self { at, form: RowForm::Named })
    }
}

impl FromSql<Timestamp, MultiBackend> for ItemTime {
    fn from_sql(value: MultiRawValue<'_>) -> deserialize::Result<Self> {
        value.from_sql::<Self, Timestamp>()
    }
}

impl ToSql<Timestamp, Sqlite> for ItemTime {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        match self.form {
            RowForm::Named => <NaiveDateTime as ToSql<Timestamp, Sqlite>>::to_sql(&self.at, out),
            RowForm::Compact => {
                // Diesel passes a time as text. The affinity of the column turns these digits into a number.
                out.set_value(self.at.and_utc().timestamp_millis().to_string());
                Ok(IsNull::No)
            }
        }
    }
}

impl ToSql<Timestamp, Pg> for ItemTime {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        <NaiveDateTime as ToSql<Timestamp, Pg>>::to_sql(&self.at, out)
    }
}
