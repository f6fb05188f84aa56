//! Generates rows, and queries that select some of them.

use lockstep::domain::catalog_query::column_filter::{ColumnFilter, FilterOperator};
use lockstep::domain::catalog_query::sort_column::SortColumn;
use lockstep::domain::columns::column_type::ColumnType;
use lockstep::domain::columns::dates::DateOrder;
use lockstep::domain::columns::numbers::DecimalSign;
use lockstep::domain::item::fold_for_search;

use super::plain_catalog::{PlainCatalog, PlainQuery};
use crate::support::seeded_random::SeededRandom;

/// The columns of a generated table. Some names have characters that mean something in addresses.
pub(super) const COLUMNS: [&str; 10] =
    ["id", "title", "year", "price", "date", "genre", "code", "size, cm", "a][gt", "-x"];

/// Cells that fit no type, or look like it.
const ODD_CELLS: [&str; 46] = [
    "",
    "",
    " ",
    "\t",
    "\u{a0}",
    "yes",
    "no",
    "Yes",
    " yes",
    "0",
    "-0",
    "−0,0",
    "1.5",
    "1,5",
    "1.50 €",
    "1.234",
    "3e9",
    "NaN",
    "2025-04-03",
    "03/04/2025",
    "3.4.2025 9:05",
    "2025-04-03T08:00:00Z",
    "2025-04-03T10:00:00+02:00",
    "Ágætis byrjun",
    "ágætis BYRJUN ",
    "Agaetis",
    "日本語の本",
    "本",
    "ｆｕｌｌ",
    "x\u{301}",
    "\u{301}",
    "¨",
    "ß",
    "ﬁne",
    "\"quoted\" text",
    "7\" single",
    "it's",
    "X-200/b",
    "x-200/B2",
    "%_\\",
    "\u{1F3B5}",
    "line\nbreak",
    "İstanbul",
    "https://example.org/a.jpg",
    "NULL",
    "ÿ",
];
const WORDS: [&str; 12] =
    ["Blue", "blue", "Kind", "of", "Train", "Ærø", "Björk", "björk", "Début", "東京", "X-200/b", "a"];
const GENRES: [&str; 5] = ["Jazz", "jazz", "Soul", "Électro", "日本"];
/// Searches whose quotes and blanks are unusual.
const ODD_SEARCHES: [&str; 8] = ["\"", "\"\"", "\" \"", "\"blue", "a\"b\"c", "¨", "\0", "\"kind of\"train"];

const TYPES: [ColumnType; 11] = [
    ColumnType::Text,
    ColumnType::Number(DecimalSign::Point),
    ColumnType::Number(DecimalSign::Comma),
    ColumnType::Date(DateOrder::YearFirst),
    ColumnType::Date(DateOrder::DayFirst),
    ColumnType::Date(DateOrder::MonthFirst),
    ColumnType::Moment,
    ColumnType::Link,
    ColumnType::Image,
    ColumnType::Html,
    ColumnType::Flag,
];

pub(super) fn pick<'a, T>(random: &mut SeededRandom, from: &'a [T]) -> &'a T {
    &from[below(random, from.len())]
}

/// A number below `limit`.
pub(super) fn below(random: &mut SeededRandom, limit: usize) -> usize {
    usize::try_from(random.next_below(limit as u64)).expect("a small number")
}

/// Types that may not fit the cells at all.
pub(super) fn any_types(random: &mut SeededRandom, columns: usize) -> Vec<ColumnType> {
    (0..columns).map(|_| *pick(random, &TYPES)).collect()
}

/// The cells of a row with this key.
pub(super) fn any_row(random: &mut SeededRandom, key: usize) -> Vec<String> {
    let cell = |(column, _): (usize, &&str)| any_cell(random, column);
    let mut row: Vec<String> = COLUMNS.iter().enumerate().map(cell).collect();
    row[0] = format!("k{key}");
    row
}

/// A cell for the column at this position.
pub(super) fn any_cell(random: &mut SeededRandom, column: usize) -> String {
    if random.next_chance(12) {
        return (*pick(random, &ODD_CELLS)).to_owned();
    }
    match column {
        1 => (0..=below(random, 3)).map(|_| *pick(random, &WORDS)).collect::<Vec<_>>().join(" "),
        2 => (1990 + below(random, 12)).to_string(),
        3 => format!("{},{:02} €", below(random, 30), below(random, 4) * 25),
        4 => format!("{:02}/{:02}/2025", 1 + below(random, 28), 1 + below(random, 12)),
        5 => (*pick(random, &GENRES)).to_owned(),
        6 => format!("{}-{}/{}", pick(random, &["X", "y", "Ä"]), below(random, 40), below(random, 3)),
        7 => format!("{}.{}", below(random, 3), below(random, 10)),
        8 if random.next_chance(30) => "yes".to_owned(),
        8 => "no".to_owned(),
        _ => (*pick(random, &ODD_CELLS)).to_owned(),
    }
}

/// A query of a catalog; some select nothing, and a few make no sense.
pub(super) fn any_query(random: &mut SeededRandom, catalog: &PlainCatalog) -> PlainQuery {
    // Most values are those of one item, so that most queries find something.
    let anchor = below(random, catalog.items.len().max(1));
    let search = if random.next_chance(45) { any_search(random, catalog, anchor) } else { String::new() };
    let filter_count = [0, 1, 1, 1, 2, 3][below(random, 6)];
    let filters = (0..filter_count).map(|_| any_filter(random, catalog, anchor)).collect();
    let changed_since = random.next_chance(15).then(|| {
        let time = catalog.items.get(below(random, catalog.items.len().max(1))).map_or(0, |item| item.changed_at);
        time + i64::try_from(below(random, 3)).expect("small") - 1
    });
    let mut sort: Vec<SortColumn> = Vec::new();
    for _ in 0..below(random, 3) {
        let name = any_column(random, catalog);
        if sort.iter().all(|known| known.name != name) {
            sort.push(SortColumn { name, descending: random.next_chance(50) });
        }
    }
    PlainQuery { search, filters, changed_since, sort }
}

/// A column, rarely one that is not there.
fn any_column(random: &mut SeededRandom, catalog: &PlainCatalog) -> String {
    if random.next_chance(1) { "no such column".to_owned() } else { pick(random, &catalog.columns).clone() }
}

/// A cell of the catalog, at this column or any; mostly of the item at the position `anchor`.
fn cell_of(random: &mut SeededRandom, catalog: &PlainCatalog, anchor: usize, column: Option<usize>) -> String {
    let at = if random.next_chance(85) { anchor } else { below(random, catalog.items.len().max(1)) };
    let Some(item) = catalog.items.get(at) else { return String::new() };
    let column = column.unwrap_or_else(|| below(random, item.cells.len()));
    item.cells[column].clone()
}

fn any_search(random: &mut SeededRandom, catalog: &PlainCatalog, anchor: usize) -> String {
    let terms: Vec<String> = (0..=below(random, 3)).map(|_| any_term(random, catalog, anchor, None)).collect();
    terms.join(*pick(random, &[" ", "  ", "\t", "\u{3000}"]))
}

/// A whole cell, its beginning or a part of it, in any case, with or without accents and quotes.
fn any_term(random: &mut SeededRandom, catalog: &PlainCatalog, anchor: usize, column: Option<usize>) -> String {
    if random.next_chance(10) {
        return (*pick(random, &ODD_SEARCHES)).to_owned();
    }
    let cell: Vec<char> = cell_of(random, catalog, anchor, column).chars().collect();
    let start = if random.next_chance(40) { 0 } else { below(random, cell.len().max(1)) };
    let part: String = cell.iter().skip(start).take(1 + below(random, 8)).collect();
    let part = match below(random, 4) {
        0 => part.to_uppercase(),
        1 => fold_for_search(&part),
        _ => part,
    };
    if part.contains(' ') || random.next_chance(15) { format!("\"{part}\"") } else { part }
}

fn any_filter(random: &mut SeededRandom, catalog: &PlainCatalog, anchor: usize) -> ColumnFilter {
    let column = any_column(random, catalog);
    let at = catalog.columns.iter().position(|name| *name == column);
    let column_type = at.and_then(|at| catalog.types.get(at)).copied().unwrap_or_default();
    let is_ordered = matches!(column_type, ColumnType::Number(_) | ColumnType::Date(_) | ColumnType::Moment);
    let unordered = [FilterOperator::Contains, FilterOperator::Starts, FilterOperator::Equals, FilterOperator::Not];
    let all_apply = is_ordered || random.next_chance(20);
    let operator = if all_apply { *pick(random, FilterOperator::ALL) } else { *pick(random, &unordered) };
    let mut values: Vec<String> = Vec::new();
    for _ in 0..=below(random, 3) {
        let value = match operator {
            FilterOperator::Empty if random.next_chance(97) => (*pick(random, &["0", "1"])).to_owned(),
            FilterOperator::Contains | FilterOperator::Starts => any_term(random, catalog, anchor, at),
            _ if random.next_chance(25) => (*pick(random, &ODD_CELLS)).to_owned(),
            _ if random.next_chance(15) => (*pick(random, &["1995", "7.5", "2025-06-15", "1e1", "-1"])).to_owned(),
            _ => cell_of(random, catalog, anchor, at),
        };
        if !values.contains(&value) {
            values.push(value);
        }
    }
    ColumnFilter { column, operator, values }
}
