//! Lists of items in pages, JSON and exports: their parameters, which are the same everywhere, and their versions.

pub(super) mod catalog_open;
pub(super) mod list_address;
pub(super) mod list_version;
pub(super) mod parameters;
mod submitted_names;

use crate::domain::columns::column_type::ColumnType;
use crate::domain::columns::dates::DateOrder;
use crate::domain::columns::numbers::DecimalSign;
use crate::store::catalogs::Catalog;
use list_address::{join_query, split_query};
use parameters::ListParameters;

/// Returns the query of the address that pages link to for the list with the query `query`, of a catalog with these
/// columns. Their types are taken in turn. What cannot be applied is left out.
#[must_use]
pub fn normalize_list_query(query: &str, columns: &[String]) -> String {
    let types = [
        ColumnType::Text,
        ColumnType::Number(DecimalSign::Point),
        ColumnType::Flag,
        ColumnType::Moment,
        ColumnType::Date(DateOrder::DayFirst),
    ];
    let column_types = types.into_iter().cycle().take(columns.len()).collect();
    let catalog = Catalog { columns: columns.to_vec(), column_types, ..Catalog::default() };
    join_query(&ListParameters::parse(&split_query(query), &catalog).address.parameters())
}
