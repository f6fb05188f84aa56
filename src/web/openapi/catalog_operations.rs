//! The operations that read sources and items.

use serde_json::json;

use super::api_operation::ApiOperation;
use super::parameters::{
    fields_parameter, page_parameters, path_parameter, query_parameter, selection_parameters, slug_parameter,
};
use super::schema_builder::{any_text, named_schema};

/// The name of the group.
pub(super) const CATALOG_GROUP: &str = "Catalogs";

/// The path of the items of a catalog.
const ITEMS_PATH: &str = "/api/catalog/{slug}/items";

/// Describes the operations that read sources and items.
pub(super) fn catalog_operations() -> Vec<ApiOperation> {
    let sources = ApiOperation::describe_get("/api/sources", "listSources", "List the sources")
        .with_details("By name: the public ones for visitors, all for accounts.")
        .for_everyone()
        .with_parameters(page_parameters())
        .answers_json(200, "One page of the sources.", &named_schema("SourceList"))
        .with_links(
            200,
            &["listItems", "pauseSchedule", "resumeSchedule"],
            &json!({ "slug": "$response.body#/items/0/slug" }),
        )
        .refuses(400, &["bad_request", "unknown_parameter"]);
    let history = ApiOperation::describe_get(
        "/api/catalog/{slug}/items/{id}/history",
        "listItemChanges",
        "List what runs changed",
    )
    .with_details("What runs did to one item, newest first. It needs an account for public catalogs, too.")
    .for_accounts()
    .refuses(403, &["other_source"])
    .with_parameters([slug_parameter(), path_parameter("id", &any_text(), "The id of the item.")])
    .with_parameters(page_parameters())
    .answers_json(200, "One page of the changes.", &named_schema("ItemChangeList"))
    .refuses(400, &["bad_request", "unknown_parameter"])
    .refuses(404, &["not_found"]);
    vec![sources, list_items(), describe_preflight(ITEMS_PATH, "preflightItems"), history]
        .into_iter()
        .map(|operation| operation.in_group(CATALOG_GROUP))
        .collect()
}

fn list_items() -> ApiOperation {
    let time = json!({ "anyOf": [
        { "type": "string", "format": "date-time" },
        { "type": "string", "format": "date" },
    ] });
    ApiOperation::describe_get(ITEMS_PATH, "listItems", "List the items of a catalog")
        .with_details(
            "Searched, filtered and sorted, in pages. To read all items, follow `Link: rel=\"next\"`: its cursor stays \
             right while other items come and go.",
        )
        .for_catalog_readers()
        .with_parameters([slug_parameter()])
        .with_parameters(selection_parameters())
        .with_parameters(page_parameters())
        .with_parameters([
            fields_parameter("The columns that are returned, separated by commas. It may be repeated."),
            query_parameter(
                "facet",
                &json!({ "type": "array", "items": any_text(), "examples": [["genre"]] }),
                "Columns whose values are counted, most frequent first.",
            ),
            query_parameter(
                "types",
                &json!({ "type": "integer", "enum": [0, 1] }),
                "1 returns numbers and flags as such; otherwise all cells are texts.",
            ),
            query_parameter(
                "changedSince",
                &time,
                "Only items that were added or changed since this time, and `removed` with those that were removed.",
            ),
            query_parameter("after", &any_text(), "The cursor in `Link: rel=\"next\"`, in place of `page`."),
            query_parameter(
                "removedAfter",
                &any_text(),
                "The cursor of removed items in `Link: rel=\"next\"` of a list with `changedSince`.",
            ),
        ])
        .answers_json(200, "One page of the items.", &named_schema("ItemList"))
        .with_links(
            200,
            &["listItemChanges"],
            &json!({ "slug": "$request.path.slug", "id": "$response.body#/items/0/id" }),
        )
        .with_header(200, "Link")
        .with_versions()
        .refuses(400, &["bad_request", "bad_filter", "unknown_parameter"])
        .refuses(503, &["index_unavailable"])
        .with_cross_origin_headers(&[200, 304, 400, 401, 403, 503])
}

/// The operation by which browsers ask what scripts of other sites may send.
pub(super) fn describe_preflight(path: &str, id: &str) -> ApiOperation {
    ApiOperation::describe_method("options", path, id, "Ask what scripts of other sites may send (CORS)")
        .for_catalog_readers()
        .with_parameters([slug_parameter()])
        .answers_empty(204, "What is allowed, for a public catalog.")
        .with_header(204, "Access-Control-Allow-Methods")
        .with_header(204, "Access-Control-Allow-Headers")
        .with_cross_origin_headers(&[204, 401, 403])
}
