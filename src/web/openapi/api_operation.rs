//! Builds the description of one operation: a method of a path.

use actix_web::http::Method;
use serde_json::{Map, Value, json};

use crate::web::http::poll_paths::is_poll;

use super::schema_builder::named_schema;

/// A method of a path, as the document describes it.
pub(super) struct ApiOperation {
    pub(super) path: String,
    pub(super) method: &'static str,
    pub(super) description: Value,
}

impl ApiOperation {
    /// Begins the description of `GET path`.
    pub(super) fn describe_get(path: &str, id: &str, summary: &str) -> Self {
        Self::describe_method("get", path, id, summary)
    }

    /// Begins the description of `POST path`. Another site cannot make a browser send it.
    pub(super) fn describe_post(path: &str, id: &str, summary: &str) -> Self {
        Self::describe_method("post", path, id, summary).refuses(403, &["cross_site"])
    }

    /// Begins the description of a method. Any operation may fail, and the database may be away.
    pub(super) fn describe_method(method: &'static str, path: &str, id: &str, summary: &str) -> Self {
        let description = json!({ "operationId": id, "summary": summary, "parameters": [], "responses": {} });
        let operation = Self { path: path.to_owned(), method, description };
        let operation = operation.refuses(401, &["bad_token"]).refuses(500, &["internal"]);
        operation
            .refuses(503, &["database_away", "database_busy", "disk_full"])
            .with_header(401, "WWW-Authenticate")
            .with_header(503, "Retry-After")
    }

    /// Adds what the summary does not have.
    pub(super) fn with_details(mut self, text: &str) -> Self {
        self.description["description"] = text.into();
        self
    }

    /// Names the group of the operation.
    pub(super) fn in_group(mut self, name: &str) -> Self {
        self.description["tags"] = json!([name]);
        self
    }

    /// Marks an operation that new programs must not use.
    pub(super) fn marked_deprecated(mut self) -> Self {
        self.description["deprecated"] = true.into();
        self
    }

    /// Adds parameters to the operation.
    pub(super) fn with_parameters(mut self, parameters: impl IntoIterator<Item = Value>) -> Self {
        if let Some(known) = self.description["parameters"].as_array_mut() {
            known.extend(parameters);
        }
        self
    }

    /// Adds the body in JSON, which is required and must arrive in time.
    pub(super) fn with_json_body(mut self, schema: &Value) -> Self {
        self.description["requestBody"] =
            json!({ "required": true, "content": { "application/json": { "schema": schema } } });
        self.refuses(408, &["request_timeout"])
    }

    /// Everybody may call the operation.
    pub(super) fn for_everyone(mut self) -> Self {
        self.description["security"] = json!([{}, { "token": [] }, { "session": [] }]);
        self
    }

    /// Everybody may call the operation for a public catalog, and accounts for every catalog.
    pub(super) fn for_catalog_readers(self) -> Self {
        self.for_everyone().refuses(401, &["sign_in"]).refuses(403, &["other_source"]).refuses(404, &["not_found"])
    }

    /// Only accounts and tokens may call the operation.
    pub(super) fn for_accounts(mut self) -> Self {
        self.description["security"] = json!([{ "token": [] }, { "session": [] }]);
        self.refuses(401, &["sign_in"])
    }

    /// Only admins may call the operation.
    pub(super) fn for_admins(self) -> Self {
        self.for_accounts().refuses(403, &["admins_only", "other_source"])
    }

    /// Adds a response in JSON.
    pub(super) fn answers_json(self, status: u16, meaning: &str, schema: &Value) -> Self {
        self.answers(status, meaning, "application/json", schema)
    }

    /// Adds a response without a body.
    pub(super) fn answers_empty(mut self, status: u16, meaning: &str) -> Self {
        self.description["responses"][status.to_string()] = json!({ "description": meaning });
        self
    }

    /// Adds a response of any media type.
    pub(super) fn answers(mut self, status: u16, meaning: &str, media_type: &str, schema: &Value) -> Self {
        let response = &mut self.description["responses"][status.to_string()];
        response["description"] = meaning.into();
        response["content"][media_type] = if schema.is_null() { json!({}) } else { json!({ "schema": schema }) };
        self
    }

    /// Adds error codes to the errors with this status.
    pub(super) fn refuses(mut self, status: u16, codes: &[&str]) -> Self {
        let response = &mut self.description["responses"][status.to_string()];
        if response.is_null() {
            *response = json!({
                "description": error_meaning(status),
                "content": { "application/json": { "schema": {
                    "allOf": [named_schema("Error"), { "properties": { "code": { "enum": [] } } }]
                } } }
            });
        }
        let known = &mut response["content"]["application/json"]["schema"]["allOf"][1]["properties"]["code"]["enum"];
        if let Some(known) = known.as_array_mut() {
            known.extend(codes.iter().map(|&code| Value::from(code)));
        }
        self
    }

    /// Adds a header of the components to a response.
    pub(super) fn with_header(mut self, status: u16, name: &str) -> Self {
        let reference = json!({ "$ref": format!("#/components/headers/{name}") });
        self.description["responses"][status.to_string()]["headers"][name] = reference;
        self
    }

    /// Adds links to the operations that a response leads to, with the values of their parameters.
    pub(super) fn with_links(mut self, status: u16, operations: &[&str], parameters: &Value) -> Self {
        for &id in operations {
            let link = json!({ "operationId": id, "parameters": parameters });
            self.description["responses"][status.to_string()]["links"][id] = link;
        }
        self
    }

    /// Adds 304, for clients that send the `ETag` of the response that they have.
    pub(super) fn with_versions(mut self) -> Self {
        self = self.answers_empty(304, "Nothing has changed since the response with this `ETag`.");
        for status in [200, 304] {
            self = self.with_header(status, "ETag").with_header(status, "Cache-Control");
        }
        self.with_parameters([json!({ "$ref": "#/components/parameters/If-None-Match" })])
    }

    /// Adds the header that lets scripts of other sites read the response, if the catalog is public.
    pub(super) fn with_cross_origin_headers(mut self, statuses: &[u16]) -> Self {
        for &status in statuses {
            self = self.with_header(status, "Access-Control-Allow-Origin");
        }
        self
    }
}

/// Returns the paths of a document, with their operations by method.
pub(super) fn collect_paths(operations: Vec<ApiOperation>) -> Value {
    let mut paths = Map::new();
    for operation in operations {
        let is_limited = operation.method != "get" || !is_poll(&Method::GET, &operation.path);
        let limited =
            |operation: ApiOperation| operation.refuses(429, &["rate_limited"]).with_header(429, "Retry-After");
        let ApiOperation { path, method, description } = if is_limited { limited(operation) } else { operation };
        paths.entry(path).or_insert_with(|| json!({}))[method] = description;
    }
    paths.into()
}

const fn error_meaning(status: u16) -> &'static str {
    match status {
        400 => "The request cannot be processed as it is. `field` names the parameter or the part of the body.",
        401 => "The token is unknown, has expired or was revoked, or the caller must log in.",
        403 => "The caller may not do this.",
        404 => "It does not exist, or the caller may not know of it.",
        408 => "The body arrived too slowly.",
        409 => "It cannot be done now.",
        413 => "The body is too large.",
        429 => "Too many requests, or the same was done a moment ago. `Retry-After` has the seconds to wait.",
        503 => "It cannot be answered now. Nothing was changed.",
        _ => "Something failed on the server. Its log has the cause.",
    }
}
