//! Rows of a table: headers, key cells, shapes of rows, and names of columns.

pub mod corrected_rows;
pub mod header_row;
pub mod joined_names;
pub mod key_cell;
pub mod key_column;
pub mod key_names;
pub mod row;
pub mod row_group;
pub mod row_shape;
pub mod skipped_row;
pub mod stored_columns;
mod suspect_row;
pub mod swapped_cells;
