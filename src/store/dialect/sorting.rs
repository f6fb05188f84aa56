//! Sorting items by what a column means. Both databases put items in the order of [`sorting::sort_key`]: SQLite asks
//! it, PostgreSQL is told the same in its own words. No cell raises an error there, however odd: in the middle of a
//! sync two layouts stand side by side, and after an undo cells may be back that were of another type.

use diesel::expression::SqlLiteral;
use diesel::sql_types::{Nullable, Text};
use diesel::{SqliteConnection, declare_sql_function};

use super::literal::quote_literal;
use super::search::field_by_name;
use crate::domain::columns::column_type::ColumnType;
use crate::domain::columns::dates::DateOrder;
use crate::domain::columns::numbers::{
    DecimalSign, GROUP_APOSTROPHES, GROUP_SPACES, MAX_NUMBER_CHARS, MINUS_SIGNS, NUMBER_UNITS,
};
use crate::domain::columns::sorting;
use crate::domain::columns::sorting::{COMBINING_MARKS, LOWERCASE_LETTERS, SortKey, UPPERCASE_LETTERS, WHITE_SPACE};
use crate::store::any_connection::AnyConnection;

#[declare_sql_function]
extern "SQL" {
    /// What a cell is sorted by in a column of this type, as JSON has it, where that is a number.
    fn lockstep_number(cell: Nullable<Text>, column_type: Text) -> Nullable<Double>;
    /// What a cell is sorted by as a text.
    fn lockstep_letters(cell: Nullable<Text>) -> Nullable<Text>;
}

/// Teaches a connection what sorting needs.
pub(super) fn register_functions(conn: &mut SqliteConnection) -> diesel::QueryResult<()> {
    lockstep_number_utils::register_impl(conn, |cell: Option<String>, column_type: String| {
        let column_type = serde_json::from_str(&column_type).unwrap_or(ColumnType::Text);
        match sorting::sort_key(cell.as_deref().unwrap_or_default(), column_type) {
            Some(SortKey::Number(number)) => Some(number),
            _ => None,
        }
    })?;
    lockstep_letters_utils::register_impl(conn, |cell: Option<String>| sorting::fold_letters(&cell?))
}

/// The order of the items at hand by the field called `column`. Items without anything to sort by come last, whichever
/// way the others go.
pub(in crate::store) fn order_by_field(
    conn: &AnyConnection,
    column: &str,
    column_type: ColumnType,
    descending: bool,
) -> SqlLiteral<Nullable<Text>> {
    let field = field_by_name(conn, column);
    let key = match conn {
        AnyConnection::Sqlite(_) => sqlite_sort_key(&field, column_type),
        AnyConnection::Postgres(_) => postgres_sort_key(&field, column_type),
    };
    let way = if descending { "DESC" } else { "ASC" };
    diesel::dsl::sql(&format!("{key} {way} NULLS LAST"))
}

fn sqlite_sort_key(field: &str, column_type: ColumnType) -> String {
    match column_type {
        ColumnType::Text | ColumnType::Link | ColumnType::Image | ColumnType::Html => {
            format!("lockstep_letters({field})")
        }
        ColumnType::Number(_) | ColumnType::Date(_) | ColumnType::Moment | ColumnType::Flag => {
            let named = serde_json::to_string(&column_type).unwrap_or_default();
            format!("lockstep_number({field}, {})", quote_literal(&named))
        }
    }
}

fn postgres_sort_key(field: &str, column_type: ColumnType) -> String {
    match column_type {
        ColumnType::Text | ColumnType::Link | ColumnType::Image | ColumnType::Html => letters_sql(field),
        ColumnType::Number(decimal) => number_sql(field, decimal),
        ColumnType::Date(order) => date_sql(field, order),
        ColumnType::Moment => date_sql(field, DateOrder::YearFirst),
        ColumnType::Flag => format!("(CASE WHEN {field} = 'yes' THEN 1 ELSE 0 END)"),
    }
}

/// The field as `cell`, without white space around it. Without OFFSET 0, which changes nothing, the planner would put
/// what it takes to find the field in the place of every mention of it.
fn trimmed_sql(field: &str) -> String {
    format!("(SELECT btrim({field}, {}) AS cell OFFSET 0) AS trimmed", quote_literal(WHITE_SPACE))
}

/// [`sorting::fold_letters`]. What has only ASCII in it has as many bytes as letters, and is done with sooner.
fn letters_sql(field: &str) -> String {
    let (trimmed, large, small) =
        (trimmed_sql(field), quote_literal(UPPERCASE_LETTERS), quote_literal(LOWERCASE_LETTERS));
    let marks = quote_literal(&format!("[{}-{}]", COMBINING_MARKS.0, COMBINING_MARKS.1));
    format!(
        "(SELECT (CASE WHEN cell = '' THEN NULL WHEN octet_length(cell) = char_length(cell) THEN lower(cell COLLATE \"C\") \
         ELSE lower(translate(regexp_replace(normalize(cell, NFKD), {marks}, '', 'g'), {large}, {small}) COLLATE \"C\") \
         END) COLLATE \"C\" FROM {trimmed})"
    )
}

/// A class of a regular expression.
fn character_class(signs: &[char]) -> String {
    format!("[{}]", signs.iter().collect::<String>())
}

/// [`crate::domain::columns::numbers::parse_number`].
fn number_sql(field: &str, decimal: DecimalSign) -> String {
    let (sign, space) = (decimal.sign(), character_class(&GROUP_SPACES));
    let groups: Vec<char> = [&[decimal.group_sign()], &GROUP_SPACES[..], &GROUP_APOSTROPHES[..]].concat();
    let (group, minus) = (character_class(&groups), MINUS_SIGNS.map(|minus| minus.to_string()));
    let unit = format!("(?:{})", NUMBER_UNITS.map(|unit| unit.replace('$', "[$]")).join("|"));
    // The hyphen stands first in its class, where it is itself.
    let signs = format!("[{}+]", minus.concat());
    let digits =
        format!("(?:(?:0|[1-9][0-9]*|[1-9][0-9]{{0,2}}(?:{group}[0-9]{{3}})+)(?:[{sign}][0-9]+)?|[{sign}][0-9]+)");
    // One unit, behind or before.
    let behind = format!("{signs}?{digits}(?:{space}?{unit})?");
    let before = format!("(?:{signs}?{unit}{space}?|{unit}{space}?{signs}){digits}");
    let pattern = quote_literal(&format!("^(?:{behind}|{before})$"));
    // Digits alone, which most numbers are, take a short way. Otherwise, what goes at both ends, and what goes in
    // between but for the first, which becomes a point. The fewer the better: each is held against every letter.
    let ends: String =
        MINUS_SIGNS.into_iter().chain(['+']).chain(GROUP_SPACES).chain(NUMBER_UNITS.concat().chars()).collect();
    let between: String = std::iter::once(sign).chain(groups).collect();
    let (ends, between, trimmed) = (quote_literal(&ends), quote_literal(&between), trimmed_sql(field));
    let [first, second] = minus.map(|minus| quote_literal(&minus));
    format!(
        "(SELECT CASE WHEN char_length(cell) > {MAX_NUMBER_CHARS} THEN NULL WHEN cell ~ '^-?[1-9][0-9]*$' THEN cell::float8 \
         WHEN cell ~ {pattern} THEN \
         ((CASE WHEN strpos(cell, {first}) > 0 OR strpos(cell, {second}) > 0 THEN '-' ELSE '' END) || \
         translate(btrim(cell, {ends}), {between}, '.'))::float8 END FROM {trimmed})"
    )
}

/// [`crate::domain::columns::dates::parse_date`].
fn date_sql(field: &str, order: DateOrder) -> String {
    let (numbers, [year, month, day]) = match order {
        DateOrder::YearFirst => ("([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})", [1, 2, 3]),
        DateOrder::DayFirst => ("([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4})", [3, 2, 1]),
        DateOrder::MonthFirst => ("([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4})", [3, 1, 2]),
    };
    let time = "(?:(?:T|,? )([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})([.][0-9]{1,9})?)?\
                (?:Z| ?([-+])([0-9]{2}):?([0-9]{2}))?)?";
    let (pattern, trimmed) = (quote_literal(&format!("^{numbers}{time}$")), trimmed_sql(field));
    // A CASE looks at its answer only when its condition holds, so make_date is never asked for a day that is none.
    format!(
        "(SELECT CASE WHEN y >= 1 AND d >= 1 AND hours <= 23 AND minutes <= 59 AND seconds <= 59 AND d <= \
         (ARRAY[31, CASE WHEN y % 4 = 0 AND (y % 100 <> 0 OR y % 400 = 0) THEN 29 ELSE 28 END, \
         31, 30, 31, 30, 31, 31, 30, 31, 30, 31])[m] \
         THEN ((make_date(y, m, d) - DATE '0001-01-01' + 1)::bigint * 86400 + hours * 3600 + minutes * 60 + seconds - away)::float8 + part END \
         FROM (SELECT p[{year}]::int AS y, p[{month}]::int AS m, p[{day}]::int AS d, coalesce(p[4]::int, 0) AS hours, \
         coalesce(p[5]::int, 0) AS minutes, coalesce(p[6]::int, 0) AS seconds, coalesce(('0' || p[7])::float8, 0) AS part, \
         coalesce((p[8] || '1')::int * (p[9]::int * 3600 + p[10]::int * 60), 0) AS away \
         FROM (SELECT regexp_match(cell, {pattern}) AS p FROM {trimmed} OFFSET 0) AS matched OFFSET 0) AS parts)"
    )
}
