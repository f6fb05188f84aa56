//! The schemas of runs: what starts one, and its status.

use serde_json::{Value, json};

use super::schema_builder::{
    any_text, described, named_schema, nullable, object_schema, one_of, positive_number, seconds_number, source_slug,
    sync_id, utc_time, whole_number, yes_or_no,
};
use crate::domain::operation::{Mode, OperationKind, Stage, Status};

/// The schemas, each with its name.
pub(super) fn run_schemas() -> Vec<(&'static str, Value)> {
    vec![
        ("Error", error_schema()),
        ("Start", start_schema()),
        ("Accepted", accepted_schema()),
        ("Decision", decision_schema()),
        ("UndoForecast", undo_forecast_schema()),
        ("RunKind", one_of(OperationKind::ALL.iter().map(|kind| kind.as_str()))),
        ("Mode", one_of(Mode::ALL.iter().map(|mode| mode.as_str()))),
        ("Status", described(one_of(Status::ALL.iter().map(|status| status.as_str())), STATUS_TEXT)),
        ("Stats", stats_schema()),
        ("Count", count_schema()),
        ("SyncStatus", sync_status_schema()),
    ]
}

const STATUS_TEXT: &str = "`pending` and `running` runs are active. The other statuses are final: they never change.";

fn error_schema() -> Value {
    object_schema(json!({
        "error": described(any_text(), "What happened and what to do, for people."),
        "code": described(any_text(), "The kind of error, for programs."),
        "field?": described(any_text(), "The parameter, or the part of the body, that is wrong."),
        "syncId?": described(sync_id(), "The run that the error is about, such as the one that is active."),
    }))
}

/// The body of a start. Unknown properties are ignored.
fn start_schema() -> Value {
    let flag = |text| described(nullable(yes_or_no()), text);
    let mode = json!({ "enum": ["incremental", "full", null] });
    let mut options = object_schema(json!({
        "preview?": flag("Compare source and catalog, and write nothing."),
        "forceRefresh?": flag("Also rewrite items whose content is unchanged."),
        "acceptRekey?": flag("Apply additions and removals even if both exceed half of the catalog."),
        "onlyFailed?": flag("Fetch only the feeds that failed the last time."),
        "applyPreview?": described(
            nullable(sync_id()),
            "The preview whose changes are applied. If the changes would differ now, the run fails with the code \
             `preview_outdated`, nothing is written, and a new preview is its successor. Not with `preview` or \
             `forceRefresh`.",
        ),
    }));
    // A preview is applied as it was shown, by a sync.
    let is_set = |name: &str| json!({ "required": [name], "properties": { (name): { "const": true } } });
    options["not"] = json!({
        "required": ["applyPreview"],
        "properties": { "applyPreview": { "type": "string" } },
        "anyOf": [is_set("preview"), is_set("forceRefresh")],
    });
    object_schema(json!({
        "source": described(json!({ "type": "string", "examples": ["albums"] }), "The slug of the source."),
        "type?": described(
            mode,
            "`incremental`, the default, first asks whether the source has changed. `full` fetches and compares \
             everything.",
        ),
        "options?": nullable(options),
    }))
}

fn accepted_schema() -> Value {
    object_schema(json!({
        "syncId": sync_id(),
        "status": described(
            one_of(["started", "cancelling", "cancelled"]),
            "`cancelling` is a run that stops after its current batch, `cancelled` one that had not begun.",
        ),
        "message": any_text(),
    }))
}

fn decision_schema() -> Value {
    object_schema(json!({ "status": one_of(["kept", "paused", "resumed"]), "message": any_text() }))
}

fn undo_forecast_schema() -> Value {
    object_schema(json!({
        "returns": described(whole_number(), "Removed items that would return."),
        "restores": described(whole_number(), "Updated items that would get their former fields."),
        "removes": described(whole_number(), "Added items that would be removed."),
        "leaves": described(whole_number(), "Items that a later run has changed; they would stay as they are."),
        "restoresColumns": described(yes_or_no(), "Whether the catalog would get its former columns."),
        "message": any_text(),
    }))
}

fn count_schema() -> Value {
    object_schema(json!({
        "processed": whole_number(),
        "total": described(whole_number(), "All of them; 0 while that is unknown."),
    }))
}

fn stats_schema() -> Value {
    let failed = object_schema(json!({ "failed": whole_number(), "total": whole_number() }));
    object_schema(json!({
        "items": named_schema("Count"),
        "bytes": described(whole_number(), "Bytes fetched, after decompression."),
        "bytesTotal?": described(whole_number(), "All bytes to fetch, while a file of known size is fetched."),
        "bytesPerSecond?": described(whole_number(), "Bytes fetched per second, while a file is fetched."),
        "lines": described(whole_number(), "Lines read."),
        "added": whole_number(),
        "updated": whole_number(),
        "unchanged": whole_number(),
        "removed": whole_number(),
        "rejected": described(whole_number(), "Rows that were skipped."),
        "feeds?": named_schema("Count"),
        "articles?": named_schema("Count"),
        "failedFeeds?": described(failed, "The feeds whose last request failed, once the run has ended."),
    }))
}

/// The properties that the status of a run and its entry in the history have in common.
pub(super) fn common_run_properties() -> Value {
    json!({
        "syncId": sync_id(),
        "source": source_slug(),
        "kind": named_schema("RunKind"),
        "status": named_schema("Status"),
        "progress": { "type": "integer", "minimum": 0, "maximum": 100 },
        "message": any_text(),
        "startTime": described(utc_time(), "When the run was accepted."),
        "stats": named_schema("Stats"),
        "error": described(nullable(any_text()), "Why the run failed."),
        "code": described(nullable(any_text()), "The kind of failure, for programs."),
        "attempt": described(positive_number(), "The number of the attempt. A second one follows a crash."),
        "retryOf": described(nullable(sync_id()), "The run that this one continues."),
        "successor": described(nullable(sync_id()), "The run that continues this one."),
    })
}

fn sync_status_schema() -> Value {
    let mut properties = common_run_properties();
    properties["stage"] = nullable(one_of(Stage::ALL.iter().map(|stage| stage.as_str())));
    properties["lastUpdate"] = described(utc_time(), "When this report was written.");
    properties["rate"] = described(nullable(seconds_number()), "Items processed in a second, once that is known.");
    properties["etaSeconds"] = described(nullable(whole_number()), "Seconds left in the stage, once that is known.");
    object_schema(properties)
}
