//! What is asked of an exported file.

use crate::domain::catalog_query::CatalogQuery;
use crate::domain::export::export_format::ExportFormat;
use crate::store::catalogs::Catalog;
use crate::web::http::error::WebError;
use crate::web::item_lists::list_address::split_query;
use crate::web::item_lists::parameters::{ListParameters, ParameterProblem, parse_fields};

/// What is asked of an exported file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct ExportRequest {
    /// The items and their order.
    pub(super) query: CatalogQuery,
    /// The columns in their order: that of the catalog, or that of `fields`.
    pub(super) columns: Vec<String>,
    /// Whether CSV has cells that spreadsheets would run as formulas as they are.
    pub(super) is_raw: bool,
}

impl ExportRequest {
    /// Parses the query of an address.
    ///
    /// # Errors
    /// `unknown_parameter` for a parameter, a column or an operator that is not known; `bad_filter` for a filter that
    /// does not fit its column; `bad_request` for any other value that cannot be used.
    pub(super) fn parse(format: ExportFormat, query: &str, catalog: &Catalog) -> Result<Self, WebError> {
        let list = ListParameters::parse(&split_query(query), catalog);
        list.check()?;
        let mut is_raw = false;
        let mut columns: Vec<String> = Vec::new();
        for (name, value) in &list.others {
            match name.as_str() {
                "fields" => {
                    for name in parse_fields(value, catalog)? {
                        if !columns.contains(&name) {
                            columns.push(name);
                        }
                    }
                }
                "raw" if format == ExportFormat::Csv => is_raw = parse_raw(value)?,
                _ => {
                    let message = format!("“{name}” is not a parameter of this file.");
                    return Err(ParameterProblem::unknown(name, message).into());
                }
            }
        }
        if columns.is_empty() {
            columns.clone_from(&catalog.columns);
        }
        Ok(Self { query: list.address.to_query(), columns, is_raw })
    }

    /// Returns whether all items are exported, in the order in which they were added.
    pub(super) fn is_plain(&self) -> bool {
        self.query.selects_all() && self.query.sort.is_empty()
    }
}

fn parse_raw(value: &str) -> Result<bool, WebError> {
    match value {
        "1" => Ok(true),
        "0" => Ok(false),
        _ => Err(WebError::bad_request("bad_request", "“raw” must be 1 or 0.").on_field("raw")),
    }
}
