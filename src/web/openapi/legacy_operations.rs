//! The operations of older clients, which know a single sheet.

use serde_json::{Value, json};

use super::api_operation::ApiOperation;
use super::parameters::query_parameter;
use super::schema_builder::{any_text, named_schema, optional_sync_id};
use super::sync_operations::with_cooldown;

/// The name of the group.
pub(super) const LEGACY_GROUP: &str = "Older clients";

/// What older clients know.
const LEGACY_DETAILS: &str = "The sheet is the first source of the kind `sheet`.";

/// Describes the operations of older clients.
pub(super) fn legacy_operations() -> Vec<ApiOperation> {
    let start = |path, id| {
        let mut start = ApiOperation::describe_post(path, id, "Start a sync of the sheet")
            .for_admins()
            .answers_json(202, "The sync was accepted.", &named_schema("LegacyStart"))
            .refuses(404, &["not_found"]);
        // These clients read the active run from the same fields as an accepted one.
        start = start.answers_json(409, "A run of the sheet is active.", &named_schema("LegacyStart"));
        with_cooldown(start).with_details(&format!("{LEGACY_DETAILS} A body is ignored."))
    };
    let run = || query_parameter("syncId", &optional_sync_id(), "The run; by default the active or latest one.");
    let other_name = query_parameter("sync", &optional_sync_id(), "Another name of `syncId`, which it precedes.");
    let status = ApiOperation::describe_get("/api/sync-sheets-bg", "getSheetStatus", "Get the status of the sheet")
        .with_details(LEGACY_DETAILS)
        .for_catalog_readers()
        .with_parameters([run(), other_name.clone()])
        .answers_json(200, "The status, in the words of older clients.", &named_schema("LegacyStatus"));
    let mut operations =
        vec![start("/api/sync-sheets-bg", "startSheetSync"), start("/api/sync-sheets", "startSheetSyncAlias"), status];
    for (path, id) in [("/catalog/sync-status", "getSheetPanel"), ("/catalog/sync-status/", "getSheetPanelWithSlash")] {
        operations.push(read_panel(path, id).with_parameters([run(), other_name.clone()]));
    }
    operations.into_iter().map(|operation| operation.marked_deprecated().in_group(LEGACY_GROUP)).collect()
}

/// The panel as a part of a page. Only a client that accepts JSON and nothing else gets JSON.
fn read_panel(path: &str, id: &str) -> ApiOperation {
    let mut panel = ApiOperation::describe_get(path, id, "Get the panel of the sheet")
        .with_details(&format!(
            "{LEGACY_DETAILS} With `Accept: application/json` and nothing else, the status is JSON and a token is \
             accepted. Otherwise the response is a part of a page, and an error is plain text."
        ))
        .for_catalog_readers()
        .with_parameters([query_parameter("seen", &any_text(), "The percentage that the reader has seen.")])
        .answers_json(200, "The panel or the status.", &named_schema("LegacyStatus"))
        .answers(200, "The panel or the status.", "text/html", &Value::Null);
    if let Some(responses) = panel.description["responses"].as_object_mut() {
        for response in responses.iter_mut().filter(|(status, _)| *status != "200").map(|(_, response)| response) {
            response["content"]["text/plain"] = json!({});
        }
        responses["401"]["headers"]["WWW-Authenticate"] =
            json!({ "description": "`Bearer`, where the response is JSON.", "schema": { "const": "Bearer" } });
    }
    panel
}
