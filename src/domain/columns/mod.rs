//! Types of columns: detection, numbers, dates, links and sorting.

pub mod cell_class;
pub mod column_type;
pub mod dates;
pub mod links;
pub mod numbers;
pub mod sorting;
pub mod spreadsheet_values;
