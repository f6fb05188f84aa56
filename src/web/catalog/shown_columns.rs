//! Chooses the columns that the table of a catalog shows, and builds their heads and the rows.

use super::articles;
use super::cells;
use super::column_view::{ColumnChoice, ColumnHead, SortState};
use super::filter_bar::operator_label;
use super::view::{OperatorOption, ReadState, TableRow};
use crate::domain::catalog_query::column_filter::FilterOperator;
use crate::domain::catalog_query::search_terms::SearchTerms;
use crate::domain::catalog_query::sort_column::SortColumn;
use crate::domain::columns::column_type::ColumnType;
use crate::domain::source::Source;
use crate::domain::text::comparable_form::is_same_form;
use crate::store::catalogs::Catalog;
use crate::store::items::Item;
use crate::web::http::form::clip_text;
use crate::web::item_lists::list_address::ListAddress;
use crate::web::layout::item_title::find_title_column;

/// The most columns in a table. The page of an item has all of them.
const MAX_COLUMNS: usize = 40;
/// The most columns that are offered besides those that are shown.
const MAX_HIDDEN_CHOICES: usize = 200;
/// The most characters of a cell or a column name in a table.
const MAX_CELL_CHARS: usize = 300;
/// The most characters of a key. The table shows it if the cell that links to the item is empty.
const MAX_KEY_CHARS: usize = 200;

/// A column that the table shows.
pub(super) struct ShownColumn<'a> {
    /// Its position among all columns of the catalog.
    position: usize,
    name: &'a str,
    column_type: ColumnType,
}

/// The columns of a catalog that its table shows.
pub(super) struct ShownColumns<'a> {
    pub(super) shown: Vec<ShownColumn<'a>>,
    /// The position, among those shown, of the column whose cells link to the items.
    pub(super) lead: usize,
    key_column: &'a str,
}

impl<'a> ShownColumns<'a> {
    /// Chooses the columns: those named in `fields`; without any, those of articles, or else the first ones, and always
    /// the title and the one sorted by.
    pub(super) fn choose(catalog: &'a Catalog, source: &'a Source, sort: &[SortColumn], fields: &[String]) -> Self {
        let names: Vec<&str> = catalog.columns.iter().map(String::as_str).collect();
        let type_at = |at: usize| catalog.column_types.get(at).copied().unwrap_or_default();
        let is_text = |at: &usize| !matches!(type_at(*at), ColumnType::Image | ColumnType::Link | ColumnType::Html);
        let title = find_title_column(&names, &source.noun.one).or_else(|| (0..names.len()).find(is_text)).unwrap_or(0);
        let sorted_by = sort.first().and_then(|column| names.iter().position(|name| *name == column.name));
        let required = [Some(title), sorted_by];
        let chosen: Vec<usize> =
            fields.iter().filter_map(|field| names.iter().position(|name| name == field)).take(MAX_COLUMNS).collect();
        let positions = if chosen.is_empty() {
            articles::article_columns(catalog, &required).unwrap_or_else(|| first_columns(names.len(), required))
        } else {
            chosen
        };
        Self {
            lead: positions.iter().position(|&at| at == title).unwrap_or(0),
            shown: positions
                .into_iter()
                .map(|at| ShownColumn { position: at, name: names[at], column_type: type_at(at) })
                .collect(),
            key_column: &source.key_column,
        }
    }

    /// The names of the columns.
    pub(super) fn names(&self) -> Vec<String> {
        self.shown.iter().map(|column| column.name.to_owned()).collect()
    }

    /// All columns of the catalog, for choosing those that are shown: these first, in their order.
    pub(super) fn build_choices(&self, catalog: &Catalog) -> Vec<ColumnChoice> {
        let choice = |name: &str, is_shown| ColumnChoice {
            value: name.to_owned(),
            name: clip_text(name, MAX_CELL_CHARS),
            is_shown,
        };
        let is_hidden = |name: &&String| self.shown.iter().all(|column| column.name != *name);
        let hidden = catalog.columns.iter().filter(is_hidden).take(MAX_HIDDEN_CHOICES);
        let shown = self.shown.iter().map(|column| choice(column.name, true));
        shown.chain(hidden.map(|name| choice(name, false))).collect()
    }

    pub(super) fn is_key(&self, name: &str) -> bool {
        is_same_form(name, self.key_column)
    }

    /// The heads of the columns of a table that is sorted by `sort`, with links to other orders and filters of
    /// `address`.
    pub(super) fn build_heads(
        &self,
        sort: &[SortColumn],
        address: &ListAddress,
        catalog_link: &str,
    ) -> Vec<ColumnHead> {
        let head = |(index, &ShownColumn { name, column_type, .. }): (usize, &ShownColumn<'_>)| {
            let order = |descending| SortColumn { name: name.to_owned(), descending };
            let sorted_link = |sort: Vec<SortColumn>| address.sorted_by(sort).link(catalog_link, 1);
            let current = sort.iter().find(|column| column.name == name).map(|column| column.descending);
            let is_first = sort.first().is_some_and(|column| column.name == name);
            let then_by = sort
                .first()
                .filter(|_| !is_first)
                .map(|first| sorted_link(vec![first.clone(), order(current == Some(false))]));
            let is_key = self.is_key(name);
            ColumnHead {
                name: clip_text(name, MAX_CELL_CHARS),
                hide: address.command(catalog_link, "hide-column", name),
                move_left: address.command(catalog_link, "move-left", name),
                move_right: address.command(catalog_link, "move-right", name),
                value: name.to_owned(),
                href: sorted_link(vec![order(is_first && current == Some(false))]),
                ascending: sorted_link(vec![order(false)]),
                descending: sorted_link(vec![order(true)]),
                then_by,
                sorted: match current {
                    None => SortState::No,
                    Some(false) => SortState::Ascending,
                    Some(true) => SortState::Descending,
                },
                blank: address.with_value(name, FilterOperator::Empty, "1").link(catalog_link, 1),
                filled: address.with_value(name, FilterOperator::Empty, "0").link(catalog_link, 1),
                class: if is_key || index == self.lead { "" } else { cells::column_class(column_type) },
                is_key,
            }
        };
        self.shown.iter().enumerate().map(head).collect()
    }

    /// An item as a row, without its link and its read state, which the caller sets. The cell that links to the item,
    /// and the key, are always text. The terms of the search are marked.
    pub(super) fn build_row(&self, item: &Item, search: &SearchTerms) -> TableRow {
        // During a sync items of two column layouts exist side by side, so fields are found by name.
        let text_of = |column: &ShownColumn<'_>| {
            let is_named = |(name, _): &&(String, String)| name == column.name;
            let field = item.fields.get(column.position).filter(is_named);
            let field = field.or_else(|| item.fields.iter().find(is_named));
            field.map(|(_, value)| value.as_str()).unwrap_or_default()
        };
        let title = || self.shown.get(self.lead).map(|lead| text_of(lead).trim()).filter(|title| !title.is_empty());
        let cell = |(index, column): (usize, &ShownColumn<'_>)| {
            let name = column.name;
            let is_text = index == self.lead || self.is_key(name);
            let column_type = if is_text { ColumnType::Text } else { column.column_type };
            let text = text_of(column);
            let label = articles::flag_label(name, text).filter(|_| column_type == ColumnType::Flag);
            let alt = || clip_text(&format!("{name}: {}", title().unwrap_or(&item.key)), MAX_CELL_CHARS);
            cells::table_cell(label.unwrap_or(text), column_type, MAX_CELL_CHARS, alt).with_marks(search)
        };
        TableRow {
            read: ReadState::NotAnArticle,
            href: String::new(),
            key: clip_text(&item.key, MAX_KEY_CHARS),
            cells: self.shown.iter().enumerate().map(cell).collect(),
        }
    }
}

/// Operators as options of a form.
pub(super) fn operator_options(operators: &[FilterOperator]) -> Vec<OperatorOption> {
    operators
        .iter()
        .map(|&operator| OperatorOption { word: operator.as_str(), label: operator_label(operator) })
        .collect()
}

/// The positions of the columns in a table: the first ones, and the required ones wherever they are.
fn first_columns(columns: usize, required: [Option<usize>; 2]) -> Vec<usize> {
    let mut far: Vec<usize> = required.into_iter().flatten().filter(|&at| at >= MAX_COLUMNS).collect();
    far.sort_unstable();
    far.dedup();
    (0..columns.min(MAX_COLUMNS - far.len())).chain(far).collect()
}

#[cfg(test)]
mod tests {
    use super::{MAX_COLUMNS, first_columns};

    #[test]
    fn of_many_columns_the_first_and_the_required_ones_are_shown() {
        assert_eq!(first_columns(3, [Some(2), None]), [0, 1, 2]);
        let wide = first_columns(9_999, [Some(70), Some(50)]);
        assert_eq!((wide.len(), &wide[MAX_COLUMNS - 3..]), (MAX_COLUMNS, &[MAX_COLUMNS - 3, 50, 70][..]));
        assert_eq!(first_columns(9_999, [Some(70), Some(70)]).len(), MAX_COLUMNS);
    }
}
