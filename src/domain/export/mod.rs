//! Writes items into files for other programs: CSV, JSON and workbooks. Pages and command line write the same bytes.

mod column_cells;
pub mod export_error;
pub mod export_format;
pub mod text_file;
pub mod workbook_file;
mod workbook_parts;
mod workbook_text;
