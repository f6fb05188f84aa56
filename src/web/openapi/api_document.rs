//! Puts the document together.

use serde_json::{Map, Value, json};

use super::api_operation::collect_paths;
use super::catalog_operations::{CATALOG_GROUP, catalog_operations};
use super::catalog_schemas::catalog_schemas;
use super::file_operations::{FILE_GROUP, file_operations};
use super::history_operations::{HISTORY_GROUP, history_operations};
use super::history_schemas::history_schemas;
use super::legacy_operations::{LEGACY_GROUP, legacy_operations};
use super::run_schemas::run_schemas;
use super::service_operations::{SERVICE_GROUP, service_operations};
use super::sync_operations::{SYNC_GROUP, sync_operations};
use crate::web::http::session_cookie::PLAIN_COOKIE_NAME;

/// What every reader of the document needs to know.
const API_OVERVIEW: &str = "Lockstep mirrors sources into catalogs and serves them.\n\n\
    Send an API token as `Authorization: Bearer TOKEN`; an admin creates one with `lockstep token add`. A bad token is \
    refused with 401 everywhere, also where no token is needed. Catalogs that are public, the health checks and this \
    description are open to everyone. Who may not read a catalog cannot tell whether it exists.\n\n\
    Every error is `{\"error\": \"…\", \"code\": \"…\"}`: a message for people and a code for programs. New properties \
    may be added to responses and errors. Every GET operation also answers HEAD, and a path that ends with an extra slash \
    is redirected (308). A method that a path does not have is answered with 405 and `Allow`. Times are in UTC.";

/// Returns the document of a server at this address.
pub(super) fn build_document(server: &str) -> Value {
    let mut operations = sync_operations();
    operations.extend(catalog_operations());
    operations.extend(file_operations());
    operations.extend(history_operations());
    operations.extend(service_operations());
    operations.extend(legacy_operations());
    let groups = [SYNC_GROUP, CATALOG_GROUP, FILE_GROUP, HISTORY_GROUP, SERVICE_GROUP, LEGACY_GROUP];
    let mut schemas: Map<String, Value> = Map::new();
    for (name, schema) in run_schemas().into_iter().chain(catalog_schemas()).chain(history_schemas()) {
        schemas.insert(name.to_owned(), schema);
    }
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Lockstep", "version": env!("CARGO_PKG_VERSION"), "description": API_OVERVIEW },
        "servers": [{ "url": server }],
        "tags": groups.map(|name| json!({ "name": name })),
        "paths": collect_paths(operations),
        "components": {
            "schemas": schemas,
            "parameters": { "If-None-Match": version_parameter() },
            "headers": response_headers(),
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer", "description": "An API token." },
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": PLAIN_COOKIE_NAME,
                    "description": "The session of a person who logged in.",
                },
            },
        },
    })
}

fn version_parameter() -> Value {
    json!({
        "name": "If-None-Match",
        "in": "header",
        "description": "The `ETag` of the response that the client has. If nothing has changed since, the answer is 304.",
        "schema": { "type": "string" },
    })
}

/// The headers of responses. Only those are required that are always there.
fn response_headers() -> Value {
    let optional = |text: &str| json!({ "description": text, "schema": { "type": "string" } });
    let required = |text: &str| json!({ "description": text, "required": true, "schema": { "type": "string" } });
    json!({
        "Access-Control-Allow-Headers": required("The headers that scripts of other sites may send."),
        "Access-Control-Allow-Methods": required("The methods that scripts of other sites may use."),
        "Access-Control-Allow-Origin": optional("`*` for a public catalog: scripts of other sites may read the response."),
        "Cache-Control": required("The response may be kept, and must be asked for again with its `ETag`."),
        "Content-Disposition": required("The name of the file."),
        "ETag": optional("The version of the response. It is missing while a list lags behind a run."),
        "Link": optional("The next page: `<ADDRESS>; rel=\"next\"`. It is missing on the last one."),
        "Retry-After": {
            "description": "The seconds to wait.",
            "schema": { "type": "integer", "minimum": 1 },
        },
        "WWW-Authenticate": { "description": "`Bearer`.", "required": true, "schema": { "const": "Bearer" } },
        "X-Total-Count": {
            "description": "The number of changes that a preview found. Of very many it keeps the first ones.",
            "schema": { "type": "integer", "minimum": 0 },
        },
    })
}
