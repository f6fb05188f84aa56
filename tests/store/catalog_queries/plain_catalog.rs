//! Answers queries of a catalog by a plain filter and sort over all of its items.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};

use lockstep::domain::catalog_query::CatalogQuery;
use lockstep::domain::catalog_query::column_filter::{ColumnFilter, FilterOperator};
use lockstep::domain::catalog_query::search_terms::{SEARCH_MAX_CHARS, SearchTerms};
use lockstep::domain::catalog_query::sort_column::SortColumn;
use lockstep::domain::columns::column_type::ColumnType;
use lockstep::domain::columns::sorting::{SortKey, sort_key};
use lockstep::domain::item::fold_for_search;
use lockstep::domain::source::SourceId;
use lockstep::store::Store;
use lockstep::store::catalogs::Catalog;

/// The items of a page of [`PlainCatalog::load`].
const PAGE_ITEMS: u64 = 10_000;

/// A query as a reader writes it.
#[derive(Clone, Debug, Default)]
pub(super) struct PlainQuery {
    pub(super) search: String,
    pub(super) filters: Vec<ColumnFilter>,
    /// In milliseconds since 1970.
    pub(super) changed_since: Option<i64>,
    pub(super) sort: Vec<SortColumn>,
}

impl PlainQuery {
    pub(super) fn to_catalog_query(&self) -> CatalogQuery {
        CatalogQuery {
            search: SearchTerms::parse(&self.search),
            filters: self.filters.clone(),
            changed_since: self.changed_since,
            sort: self.sort.clone(),
        }
    }
}

/// An item with a cell for each column of its catalog.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct PlainItem {
    pub(super) id: i64,
    pub(super) cells: Vec<String>,
    folded: Vec<String>,
    pub(super) changed_at: i64,
}

/// All items of a catalog in the order in which they were added.
#[derive(Debug)]
pub(super) struct PlainCatalog {
    pub(super) columns: Vec<String>,
    pub(super) types: Vec<ColumnType>,
    pub(super) items: Vec<PlainItem>,
}

impl PlainCatalog {
    /// Reads the items from the database, page by page.
    pub(super) fn load(store: &Store, source: SourceId, catalog: &Catalog) -> Self {
        let mut items = Vec::new();
        for page in 1.. {
            let found = store.list_items(source, page, PAGE_ITEMS, 0).expect("items");
            let is_last = (found.len() as u64) < PAGE_ITEMS;
            for item in found {
                let cell = |name: &String| {
                    let field = item.fields.iter().find(|(known, _)| known == name);
                    field.map_or_else(String::new, |(_, cell)| cell.clone())
                };
                let cells: Vec<String> = catalog.columns.iter().map(cell).collect();
                let folded = cells.iter().map(|cell| fold_for_search(cell)).collect();
                let id = item.id.parse().expect("a number");
                items.push(PlainItem { id, cells, folded, changed_at: item.changed_at.timestamp_millis() });
            }
            if is_last {
                break;
            }
        }
        Self { columns: catalog.columns.clone(), types: catalog.column_types.clone(), items }
    }

    fn position(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|name| name == column)
    }

    fn type_at(&self, column: usize) -> ColumnType {
        self.types.get(column).copied().unwrap_or_default()
    }

    /// Whether the query has a column that is not there, or a filter that makes no sense.
    pub(super) fn must_refuse(&self, query: &PlainQuery) -> bool {
        let is_bad = |filter: &ColumnFilter| {
            let Some(at) = self.position(&filter.column) else { return true };
            filter.values.iter().any(|value| match filter.operator {
                FilterOperator::Empty => value != "0" && value != "1",
                FilterOperator::Greater
                | FilterOperator::GreaterOrEqual
                | FilterOperator::Less
                | FilterOperator::LessOrEqual => {
                    self.type_at(at) == ColumnType::Flag || read_value(value, self.type_at(at)).is_none()
                }
                _ => false,
            })
        };
        query.filters.iter().any(is_bad) || query.sort.iter().any(|column| self.position(&column.name).is_none())
    }

    /// The items that a query selects, in its order.
    pub(super) fn select(&self, query: &PlainQuery) -> Vec<&PlainItem> {
        let terms = split_search(&query.search);
        let matches = |item: &&PlainItem| {
            query.changed_since.is_none_or(|since| item.changed_at >= since)
                && terms.iter().all(|term| item.folded.iter().any(|cell| cell.contains(term.as_str())))
                && query.filters.iter().all(|filter| {
                    let at = self.position(&filter.column).expect("a known column");
                    match_filter(filter, &item.cells[at], self.type_at(at))
                })
        };
        let keys = |item: &PlainItem| -> Vec<Option<SortKey>> {
            let at = |column: &SortColumn| self.position(&column.name).expect("a known column");
            query.sort.iter().map(|column| sort_key(&item.cells[at(column)], self.type_at(at(column)))).collect()
        };
        // The items are in the order of their ids.
        if query.sort.is_empty() {
            return self.items.iter().filter(matches).collect();
        }
        let mut selected: Vec<_> = self.items.iter().filter(matches).map(|item| (keys(item), item)).collect();
        selected.sort_by(|(a, item), (b, other)| {
            let by_columns = query.sort.iter().zip(a.iter().zip(b)).map(|(column, keys)| match keys {
                (Some(a), Some(b)) if column.descending => b.partial_cmp(a).expect("keys of one type"),
                (Some(a), Some(b)) => a.partial_cmp(b).expect("keys of one type"),
                (a, b) => a.is_none().cmp(&b.is_none()),
            });
            by_columns.fold(Ordering::Equal, Ordering::then).then(item.id.cmp(&other.id))
        });
        selected.into_iter().map(|(_, item)| item).collect()
    }

    /// How many of these items have each value in a column: the most frequent value first, then by letters.
    pub(super) fn count_values(&self, items: &[&PlainItem], column: &str) -> Vec<(String, u64)> {
        let at = self.position(column).expect("a known column");
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for item in items {
            *counts.entry(&item.cells[at]).or_default() += 1;
        }
        let mut counts: Vec<(String, u64)> =
            counts.into_iter().map(|(value, count)| (value.to_owned(), count)).collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        // Equal numbers, dates and flags are one value, written as most of them are.
        let (mut joined, mut places): (Vec<(String, u64)>, HashMap<String, usize>) = Default::default();
        for (value, count) in counts {
            let number = value_of(&value, self.type_at(at)).map(|number| (number + 0.0).to_string());
            let known = number.as_ref().and_then(|number| places.get(number));
            match known {
                Some(place) => joined[*place].1 += count,
                None => {
                    places.extend(number.map(|number| (number, joined.len())));
                    joined.push((value, count));
                }
            }
        }
        joined.sort_by(|(a, first), (b, second)| second.cmp(first).then(a.cmp(b)));
        joined
    }
}

/// The words and the phrases in quotes of a search, folded.
fn split_search(search: &str) -> Vec<String> {
    let characters: Vec<char> = search.chars().filter(|&c| c != '\0').take(SEARCH_MAX_CHARS).collect();
    let mut terms = Vec::new();
    let mut at = 0;
    while at < characters.len() {
        if characters[at].is_whitespace() {
            at += 1;
            continue;
        }
        let closing = characters[at + 1..].iter().position(|&c| c == '"').map(|after| at + 1 + after);
        let phrase = closing.filter(|_| characters[at] == '"').map(|end| &characters[at + 1..end]);
        let term: String = match phrase.filter(|phrase| phrase.iter().any(|c| !c.is_whitespace())) {
            Some(phrase) => {
                at += phrase.len() + 2;
                phrase.iter().collect()
            }
            None => {
                let word: String = characters[at..].iter().take_while(|c| !c.is_whitespace()).collect();
                at += word.chars().count();
                word
            }
        };
        terms.push(fold_for_search(&term).trim().to_owned());
    }
    terms
}

/// The number, the time or the flag that a cell is.
fn value_of(cell: &str, column_type: ColumnType) -> Option<f64> {
    if column_type == ColumnType::Flag {
        let is_one_of = |words: [&str; 2]| cell == words[0] || cell.trim().eq_ignore_ascii_case(words[1]);
        return if is_one_of(["yes", "true"]) { Some(1.0) } else { is_one_of(["no", "false"]).then_some(0.0) };
    }
    match sort_key(cell, column_type)? {
        SortKey::Number(value) => Some(value),
        SortKey::Text(_) => None,
    }
}

/// The number or the time that a filter has: as the column writes it, else as programs do.
fn read_value(value: &str, column_type: ColumnType) -> Option<f64> {
    value_of(value, column_type).or_else(|| match column_type {
        ColumnType::Number(_) => value.trim().parse().ok().filter(|number: &f64| number.is_finite()),
        ColumnType::Date(_) => value_of(value, ColumnType::Moment),
        _ => None,
    })
}

fn match_filter(filter: &ColumnFilter, cell: &str, column_type: ColumnType) -> bool {
    let matches_any = |test: &dyn Fn(&str) -> bool| filter.values.iter().any(|value| test(value));
    let is_equal = |value: &str| {
        let same_value = read_value(value, column_type).is_some_and(|value| value_of(cell, column_type) == Some(value));
        value == cell || same_value
    };
    let compares = |accepted: &[Ordering]| {
        matches_any(&|bound| {
            let bound = read_value(bound, column_type);
            let (Some(value), Some(bound)) = (value_of(cell, column_type), bound) else { return false };
            value.partial_cmp(&bound).is_some_and(|order| accepted.contains(&order))
        })
    };
    let folded = fold_for_search(cell);
    match filter.operator {
        FilterOperator::Equals => matches_any(&is_equal),
        FilterOperator::Not => !matches_any(&is_equal),
        FilterOperator::Greater => compares(&[Ordering::Greater]),
        FilterOperator::GreaterOrEqual => compares(&[Ordering::Greater, Ordering::Equal]),
        FilterOperator::Less => compares(&[Ordering::Less]),
        FilterOperator::LessOrEqual => compares(&[Ordering::Less, Ordering::Equal]),
        FilterOperator::Contains => matches_any(&|part| folded.contains(&fold_for_search(part))),
        FilterOperator::Starts => matches_any(&|part| folded.starts_with(&fold_for_search(part))),
        FilterOperator::Empty => matches_any(&|flag| (flag == "1") == cell.trim().is_empty()),
    }
}
