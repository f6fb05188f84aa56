//! The operations about the server itself: health checks, and this document.

use serde_json::json;

use super::api_operation::ApiOperation;
use super::schema_builder::named_schema;

/// The name of the group.
pub(super) const SERVICE_GROUP: &str = "Service";

/// Describes the health checks and the description itself.
pub(super) fn service_operations() -> Vec<ApiOperation> {
    let mut health = ApiOperation::describe_get("/api/health", "getHealth", "Check that the server works")
        .answers_json(200, "The server and its database work.", &named_schema("Health"));
    // A health check that fails is not an error of the request, and says so in its own form.
    health.description["responses"]["503"] = json!({
        "description": "The database is away.",
        "content": { "application/json": { "schema": named_schema("Health") } },
    });
    let syncs = ApiOperation::describe_get("/api/health/sync", "getSyncHealth", "Check that syncs succeed")
        .answers_json(200, "The active and the latest runs, without names.", &named_schema("SyncHealth"));
    let document = ApiOperation::describe_get("/api/openapi.json", "getDescription", "Get this description")
        .answers_json(200, "The description, as OpenAPI 3.1.", &json!({ "type": "object" }))
        .with_versions()
        .with_header(200, "Access-Control-Allow-Origin")
        .with_header(304, "Access-Control-Allow-Origin");
    [health, syncs, document].into_iter().map(|operation| operation.for_everyone().in_group(SERVICE_GROUP)).collect()
}
