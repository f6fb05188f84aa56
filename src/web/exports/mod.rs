//! `GET /catalog/{slug}.csv`, `.json`, `.ndjson`, `.xlsx`: all items of a catalog, or those that a search and filters
//! select, in any order, as a file.

mod export_request;
pub(super) mod handlers;
mod item_pages;
mod text_download;
mod workbook_download;
