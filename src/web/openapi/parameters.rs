//! The parameters that several operations have.

use serde_json::{Value, json};

use super::schema_builder::{any_text, one_of, source_slug, sync_id};
use crate::domain::catalog_query::column_filter::FilterOperator;
use crate::domain::catalog_query::sort_column::MAX_SORT_COLUMNS;
use crate::domain::filter::Filter;

/// A parameter of the path.
pub(super) fn path_parameter(name: &str, schema: &Value, text: &str) -> Value {
    json!({ "name": name, "in": "path", "required": true, "description": text, "schema": schema })
}

/// A parameter of the query, which may be missing.
pub(super) fn query_parameter(name: &str, schema: &Value, text: &str) -> Value {
    json!({ "name": name, "in": "query", "description": text, "schema": schema })
}

/// The slug in the path.
pub(super) fn slug_parameter() -> Value {
    path_parameter("slug", &source_slug(), "The slug of the source.")
}

/// The id of a run in the path.
pub(super) fn run_parameter() -> Value {
    path_parameter("id", &sync_id(), "The id of the run.")
}

/// `page` and `per`.
pub(super) fn page_parameters() -> [Value; 2] {
    let number = json!({ "type": "integer", "minimum": 1, "maximum": u64::MAX });
    [
        query_parameter("page", &number, "The number of the page, from 1, which is the default."),
        query_parameter("per", &number, "The most entries of a page: 50 by default. More than 500 count as 500."),
    ]
}

/// The parameters that select the items of a catalog and their order.
pub(super) fn selection_parameters() -> [Value; 4] {
    let operators = FilterOperator::ALL.iter().map(|operator| operator.as_str()).collect::<Vec<_>>().join("|");
    let filters = json!({
        "name": "filters",
        "in": "query",
        "style": "form",
        "explode": true,
        "description": "Filters of columns. Each is a parameter of its own: `filter[genre]=Jazz`, or with an operator \
                        `filter[year][gte]=1990`. A parameter may be repeated: the values of one column and operator \
                        are alternatives (of `not`, none of them may be there), everything else must hold together. `gt`, `gte`, `lt` and `lte` need a \
                        column of numbers or dates; `empty` takes 1 or 0.",
        "schema": {
            "type": "object",
            "patternProperties": { (format!("^filter\\[.+\\](\\[({operators})\\])?$")): { "type": "string" } },
            "additionalProperties": false,
            "examples": [{ "filter[genre]": "Jazz", "filter[year][gte]": "1950" }],
        },
    });
    let article_filter = one_of(Filter::ALL.iter().map(|filter| filter.as_str()).chain([""]));
    [
        query_parameter("q", &any_text(), "Words and “phrases in quotes”, all of which an item must contain."),
        query_parameter("filter", &article_filter, "Selects articles, in catalogs that have articles."),
        filters,
        query_parameter(
            "sort",
            &json!({ "type": "string", "examples": ["-year,title"] }),
            &format!(
                "Up to {MAX_SORT_COLUMNS} columns, separated by commas; a hyphen before a name sorts in descending \
                 order. Without it, items come in the order in which they were added."
            ),
        ),
    ]
}

/// `fields`, which chooses columns.
pub(super) fn fields_parameter(text: &str) -> Value {
    query_parameter("fields", &json!({ "type": "string", "examples": ["title,year"] }), text)
}
