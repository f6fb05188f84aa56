//! Builds the menu of orders, for phones and galleries, which show no heads of columns to sort by.

use super::column_view::{ColumnHead, SortMenu, SortOption};
use crate::domain::catalog_query::sort_column::SortColumn;
use crate::web::http::form::clip_text;

/// The most characters of a column name in a label.
const MAX_LABEL_CHARS: usize = 60;

/// The orders by one of these columns, and by a second one besides the column that `sort` begins with. `chosen` is the
/// order of the address, which is always among them, so that a search keeps it.
pub(super) fn build_sort_menu(columns: &[ColumnHead], sort: &[SortColumn], chosen: &[SortColumn]) -> SortMenu {
    let option = |order: &[SortColumn]| SortOption {
        value: SortColumn::format_list(order),
        label: order.iter().map(order_label).collect::<Vec<_>>().join(", "),
        is_selected: order == chosen,
    };
    let by = |name: &str, descending| SortColumn { name: name.to_owned(), descending };
    let both = |column: &ColumnHead| [false, true].map(|descending| by(&column.value, descending));
    let mut menu = SortMenu {
        orders: columns.iter().flat_map(both).map(|order| option(&[order])).collect(),
        second_orders: Vec::new(),
    };
    if let Some(first) = sort.first() {
        let others = columns.iter().filter(|column| column.value != first.name);
        menu.second_orders = others.flat_map(both).map(|second| option(&[first.clone(), second])).collect();
    }
    if !chosen.is_empty() && menu.orders.iter().chain(&menu.second_orders).all(|option| !option.is_selected) {
        menu.orders.insert(0, option(chosen));
    }
    menu
}

fn order_label(column: &SortColumn) -> String {
    let arrow = if column.descending { "↓" } else { "↑" };
    format!("{} {arrow}", clip_text(&column.name, MAX_LABEL_CHARS))
}

#[cfg(test)]
mod tests {
    use super::{ColumnHead, SortColumn, build_sort_menu};

    #[test]
    fn the_order_of_the_address_is_selected_even_if_its_columns_are_hidden() {
        let columns: Vec<ColumnHead> =
            ["year", "title"].map(|name| ColumnHead { value: name.to_owned(), ..ColumnHead::default() }).into();
        let order = |name: &str, descending| SortColumn { name: name.to_owned(), descending };
        let selected = |sort: &[SortColumn]| {
            let menu = build_sort_menu(&columns, sort, sort);
            let options = menu.orders.into_iter().chain(menu.second_orders);
            options.filter(|option| option.is_selected).map(|option| option.label).collect::<Vec<_>>()
        };
        assert_eq!(selected(&[]), [""; 0]);
        assert_eq!(selected(&[order("year", true)]), ["year ↓"]);
        assert_eq!(selected(&[order("year", true), order("title", false)]), ["year ↓, title ↑"]);
        assert_eq!(selected(&[order("label", false)]), ["label ↑"]);
        assert_eq!(selected(&[order("label", false), order("shelf", true)]), ["label ↑, shelf ↓"]);
    }
}
