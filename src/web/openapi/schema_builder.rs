//! Builds JSON schemas (2020-12, the dialect of OpenAPI 3.1).

use serde_json::{Map, Value, json};

/// An object with these properties. Those whose name ends with `?` may be missing; the mark is not part of the name.
pub(super) fn object_schema(properties: Value) -> Value {
    let Value::Object(properties) = properties else { return json!({ "type": "object" }) };
    let required: Vec<String> = properties.keys().filter(|name| !name.ends_with('?')).cloned().collect();
    let named = properties.into_iter().map(|(name, schema)| (name.trim_end_matches('?').to_owned(), schema));
    json!({ "type": "object", "required": required, "properties": named.collect::<Map<_, _>>() })
}

/// One page of a list of the schema `item`, with these other properties.
pub(super) fn list_schema(item: &str, others: Value) -> Value {
    let mut properties = json!({
        "items": { "type": "array", "items": named_schema(item) },
        "page": described(positive_number(), "The number of the page, from 1."),
        "per": described(positive_number(), "The most entries of a page."),
        "total": described(whole_number(), "The number of entries of all pages."),
    });
    if let (Value::Object(all), Value::Object(others)) = (&mut properties, others) {
        all.extend(others);
    }
    object_schema(properties)
}

/// A schema of the components.
pub(super) fn named_schema(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// The same schema with a description.
pub(super) fn described(mut schema: Value, text: &str) -> Value {
    schema["description"] = text.into();
    schema
}

/// The same schema, or null.
pub(super) fn nullable(schema: Value) -> Value {
    match schema.get("type").and_then(Value::as_str).map(str::to_owned) {
        Some(name) if schema.get("enum").is_none() => {
            let mut schema = schema;
            schema["type"] = json!([name, "null"]);
            schema
        }
        _ => json!({ "anyOf": [schema, { "type": "null" }] }),
    }
}

/// A text of any length.
pub(super) fn any_text() -> Value {
    json!({ "type": "string" })
}

/// One of these words.
pub(super) fn one_of<'a>(words: impl IntoIterator<Item = &'a str>) -> Value {
    json!({ "type": "string", "enum": words.into_iter().collect::<Vec<_>>() })
}

/// True or false.
pub(super) fn yes_or_no() -> Value {
    json!({ "type": "boolean" })
}

/// A whole number from 0.
pub(super) fn whole_number() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

/// A whole number from 1.
pub(super) fn positive_number() -> Value {
    json!({ "type": "integer", "minimum": 1 })
}

/// A number of seconds, with decimals.
pub(super) fn seconds_number() -> Value {
    json!({ "type": "number", "minimum": 0 })
}

/// A point in time.
pub(super) fn utc_time() -> Value {
    json!({ "type": "string", "format": "date-time", "examples": ["2026-11-20T08:00:00Z"] })
}

/// The id of a run.
pub(super) fn sync_id() -> Value {
    json!({
        "type": "string",
        "pattern": "^sync_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
        "examples": ["sync_0199d1f0-7c1a-7b52-9e3f-0d5c2a4b6e81"],
    })
}

/// The id of a run in a parameter that counts as missing if it is empty.
pub(super) fn optional_sync_id() -> Value {
    json!({ "anyOf": [sync_id(), { "const": "" }] })
}

/// The slug of a source.
pub(super) fn source_slug() -> Value {
    json!({ "type": "string", "pattern": "^[a-z0-9-]+$", "examples": ["albums"] })
}

/// The fields of an item: texts by the names of their columns, in the order of the columns.
pub(super) fn text_fields() -> Value {
    json!({ "type": "object", "additionalProperties": { "type": "string" } })
}
