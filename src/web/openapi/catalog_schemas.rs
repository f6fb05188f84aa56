//! The schemas of sources, items, files and feeds.

use serde_json::{Value, json};

use super::schema_builder::{
    any_text, described, list_schema, named_schema, nullable, object_schema, one_of, source_slug, sync_id, text_fields,
    utc_time, whole_number, yes_or_no,
};
use crate::domain::change_entry::WITHHELD_KIND;
use crate::domain::change_set::ChangeKind;
use crate::domain::freshness::FreshnessState;

/// The schemas, each with its name.
pub(super) fn catalog_schemas() -> Vec<(&'static str, Value)> {
    vec![
        ("Source", source_schema()),
        ("SourceList", list_schema("Source", json!({}))),
        ("Item", item_schema()),
        ("ItemList", item_list_schema()),
        ("ItemChange", item_change_schema()),
        ("ItemChangeList", list_schema("ItemChange", json!({}))),
        ("ExportedItem", object_schema(json!({ "key": any_text(), "fields": text_fields() }))),
        ("JsonFeed", json_feed_schema()),
    ]
}

fn source_schema() -> Value {
    let freshness = object_schema(json!({
        "state": one_of(FreshnessState::ALL.iter().map(|state| state.as_str())),
        "since": described(nullable(utc_time()), "Since when the catalog is stale or its schedule paused."),
    }));
    let feeds = object_schema(json!({ "total": whole_number(), "failing": whole_number() }));
    object_schema(json!({
        "slug": source_slug(),
        "name": any_text(),
        "title": described(any_text(), "The title of the catalog's pages; the name if no title is set."),
        "description": described(any_text(), "A few sentences about the catalog; empty if there are none."),
        "noun": described(any_text(), "What an item and several items are called: `album/albums`."),
        "kind": described(any_text(), "The kind of source: `sheet`, `csv`, `excel`, `feeds`, `reader`."),
        "public": described(yes_or_no(), "Whether everybody may read the catalog."),
        "itemCount": whole_number(),
        "lastSuccess": described(nullable(utc_time()), "The end of the last successful sync."),
        "columns": described(json!({ "type": "array", "items": any_text() }), "The names of the columns, in order."),
        "schedule": described(nullable(any_text()), "When it is synced, as a cron expression."),
        "scheduleZone": described(nullable(any_text()), "The time zone of the schedule, such as Europe/Berlin."),
        "freshness": freshness,
        "feeds": described(nullable(feeds), "The feeds of the source; null for visitors and other kinds of sources."),
        "location?": described(any_text(), "Where the source is, without secrets; for admins only."),
    }))
}

fn item_schema() -> Value {
    object_schema(json!({
        "id": described(any_text(), "The id in paths."),
        "key": described(any_text(), "The value of the key column."),
        "fields": {
            "type": "object",
            "description": "Cells by the names of their columns, in the order of the columns. They are texts, or with \
                            `types=1` numbers and flags where they are such.",
            "additionalProperties": { "type": ["string", "number", "boolean", "null"] },
        },
        "addedAt": utc_time(),
        "changedAt": utc_time(),
    }))
}

fn item_list_schema() -> Value {
    let value = object_schema(json!({ "value": any_text(), "count": whole_number() }));
    let removed = object_schema(json!({ "key": any_text(), "removedAt": utc_time() }));
    list_schema(
        "Item",
        json!({
            "facets?": {
                "type": "object",
                "description": "With `facet`: the values of each column and their counts, the most frequent first.",
                "additionalProperties": { "type": "array", "items": value },
            },
            "removed?": {
                "type": "array",
                "description": "With `changedSince`: the items that were removed since, in pages like the items.",
                "items": removed,
            },
            "asOf?": described(
                utc_time(),
                "The time up to which changes are in the list, while a run changes more items than can be followed.",
            ),
        }),
    )
}

/// The properties of a change of one item.
pub(super) fn change_properties() -> Value {
    let kinds = ChangeKind::ALL.iter().map(|kind| kind.as_str()).chain([WITHHELD_KIND]);
    json!({
        "key": any_text(),
        "kind": described(
            one_of(kinds),
            "`withheld` is an item that left the source and whose removal waits for a decision.",
        ),
        "before": described(nullable(text_fields()), "The fields before; null for an added item."),
        "after": described(nullable(text_fields()), "The fields after; null for a removed or withheld item."),
    })
}

fn item_change_schema() -> Value {
    let mut properties = change_properties();
    properties["syncId"] = sync_id();
    properties["time"] = utc_time();
    properties["runKind"] = described(nullable(named_schema("RunKind")), "Null if the run is no longer kept.");
    properties["requestedBy"] = described(nullable(any_text()), "Null if the run is no longer kept.");
    object_schema(properties)
}

/// A feed as <https://www.jsonfeed.org/version/1.1/> defines it.
fn json_feed_schema() -> Value {
    let entry = object_schema(json!({
        "id": any_text(),
        "url?": described(any_text(), "The page of the item, if it is still in the catalog."),
        "title": any_text(),
        "content_html": any_text(),
        "content_text": any_text(),
        "date_published": utc_time(),
        "tags": { "type": "array", "items": one_of(ChangeKind::ALL.iter().map(|kind| kind.as_str())) },
    }));
    object_schema(json!({
        "version": { "const": "https://jsonfeed.org/version/1.1" },
        "title": any_text(),
        "home_page_url": any_text(),
        "feed_url": any_text(),
        "description": any_text(),
        "authors": { "type": "array", "items": object_schema(json!({ "name": any_text() })) },
        "items": { "type": "array", "maxItems": 50, "items": entry },
    }))
}
