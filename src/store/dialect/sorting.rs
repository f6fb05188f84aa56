//! Sorts items by the type of a column. Both databases sort by [`sorting::sort_key`]: SQLite calls it as a registered
//! function, PostgreSQL computes the same in SQL. No cell may raise an SQL error: during a sync items with old and new
//! layouts exist side by side, and an undo may restore cells of another type.

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
    /// The sort key of a cell in a column of this type (as JSON), if it is a number.
    fn lockstep_number(cell: Nullable<Text>, column_type: Text) -> Nullable<Double>;
    /// The sort key of a cell as text.
    fn lockstep_letters(cell: Nullable<Text>) -> Nullable<Text>;
}

/// Registers the functions that sorting needs on a SQLite connection.
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

/// Returns the ORDER BY term for the field `column`. Items without a sort key come last in both directions.
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
    let direction = if descending { "DESC" } else { "ASC" };
    diesel::dsl::sql(&format!("{key} {direction} NULLS LAST"))
}

fn sqlite_sort_key(field: &str, column_type: ColumnType) -> String {
    match column_type {
        ColumnType::Text | ColumnType::Link | ColumnType::Image | ColumnType::Html => {
            format!("lockstep_letters({field})")
        }
        ColumnType::Number(_) | ColumnType::Date(_) | ColumnType::Moment | ColumnType::Flag => {
            let type_json = serde_json::to_string(&column_type).unwrap_or_default();
            format!("lockstep_number({field}, {})", quote_literal(&type_json))
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

/// Returns a subquery with the trimmed field as `cell`. OFFSET 0 has no effect on the result, but keeps the planner
/// from repeating the expression for the field at each use of `cell`.
fn trimmed_sql(field: &str) -> String {
    format!("(SELECT btrim({field}, {}) AS cell OFFSET 0) AS trimmed", quote_literal(WHITE_SPACE))
}

/// SQL for [`sorting::fold_letters`]. Text with as many bytes as characters is ASCII and takes a faster path.
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

/// Returns a character class for a regular expression.
fn character_class(signs: &[char]) -> String {
    format!("[{}]", signs.iter().collect::<String>())
}

/// SQL for [`crate::domain::columns::numbers::parse_number`].
fn number_sql(field: &str, decimal: DecimalSign) -> String {
    let (sign, space) = (decimal.as_char(), character_class(&GROUP_SPACES));
    let groups: Vec<char> = [&[decimal.group_separator()], &GROUP_SPACES[..], &GROUP_APOSTROPHES[..]].concat();
    let (group, minus) = (character_class(&groups), MINUS_SIGNS.map(|minus| minus.to_string()));
    let unit = format!("(?:{})", NUMBER_UNITS.map(|unit| unit.replace('$', "[$]")).join("|"));
    // A hyphen at the start of a character class stands for itself.
    let signs = format!("[{}+]", minus.concat());
    let digits =
        format!("(?:(?:0|[1-9][0-9]*|[1-9][0-9]{{0,2}}(?:{group}[0-9]{{3}})+)(?:[{sign}][0-9]+)?|[{sign}][0-9]+)");
    // One unit, after or before the digits.
    let behind = format!("{signs}?{digits}(?:{space}?{unit})?");
    let before = format!("(?:{signs}?{unit}{space}?|{unit}{space}?{signs}){digits}");
    let pattern = quote_literal(&format!("^(?:{behind}|{before})$"));
    // Most numbers are digits alone and take a fast path. For the others, `ends` are the characters trimmed at both
    // ends, and `between` those removed in between, except that the first of them becomes the decimal point. Short
    // lists matter, because each character is compared with all of them.
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

/// SQL for [`crate::domain::columns::dates::parse_date`].
fn date_sql(field: &str, order: DateOrder) -> String {
    let (numbers, [year, month, day]) = match order {
        DateOrder::YearFirst => ("([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})", [1, 2, 3]),
        DateOrder::DayFirst => ("([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4})", [3, 2, 1]),
        DateOrder::MonthFirst => ("([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4})", [3, 1, 2]),
    };
    let time = "(?:(?:T|,? )([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})([.][0-9]{1,9})?)?\
                (?:Z| ?([-+])([0-9]{2}):?([0-9]{2}))?)?";
    let (pattern, trimmed) = (quote_literal(&format!("^{numbers}{time}$")), trimmed_sql(field));
    // CASE evaluates its result only when the condition holds, so make_date never gets an invalid day.
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
