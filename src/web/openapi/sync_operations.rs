//! The operations that start runs, follow them, and decide about what they left.

use serde_json::json;

use super::api_operation::ApiOperation;
use super::parameters::{run_parameter, slug_parameter};
use super::schema_builder::named_schema;

/// The name of the group.
pub(super) const SYNC_GROUP: &str = "Syncs";

/// What can be asked about an accepted run.
const RUN_OPERATIONS: [&str; 9] = [
    "getSyncStatus",
    "cancelSync",
    "getRun",
    "listChanges",
    "listIssues",
    "forecastUndo",
    "undoSync",
    "removeWithheld",
    "keepWithheld",
];

/// Describes the operations that start, follow and undo runs.
pub(super) fn sync_operations() -> Vec<ApiOperation> {
    let mut operations = start_and_status();
    operations.extend(follow_ups());
    operations.into_iter().map(|operation| operation.in_group(SYNC_GROUP)).collect()
}

fn start_and_status() -> Vec<ApiOperation> {
    let start = ApiOperation::describe_post("/api/sync", "startSync", "Start a sync or a preview")
        .with_details("Only one run of a source is active at a time. Poll the status of the run to follow it.")
        .for_admins()
        .with_json_body(&named_schema("Start"))
        .refuses(400, &["bad_request"])
        .refuses(404, &["not_found"])
        .refuses(409, &["already_running", "still_active", "source_removed", "nothing_to_apply"])
        .refuses(413, &["too_large"]);
    let status = ApiOperation::describe_get("/api/sync/status/{id}", "getSyncStatus", "Get the status of a run")
        .with_details(
            "Programs poll it while the run is active. Visitors read the runs of public catalogs, without the reason of \
             a failure and without previews.",
        )
        .for_everyone()
        .with_parameters([run_parameter()])
        .answers_json(200, "The status.", &named_schema("SyncStatus"))
        .refuses(404, &["not_found"]);
    let cancel = ApiOperation::describe_post("/api/sync/{id}/cancel", "cancelSync", "Cancel a run")
        .with_details("What the run has saved is kept.")
        .for_admins()
        .with_parameters([run_parameter()])
        .answers_json(202, "The run is cancelled, or stops soon.", &named_schema("Accepted"))
        .refuses(404, &["not_found"])
        .refuses(409, &["already_finishing", "already_ended"]);
    vec![accept_run(start, "The run was accepted."), status, cancel]
}

fn follow_ups() -> Vec<ApiOperation> {
    let about_run = |operation: ApiOperation| {
        operation.for_admins().with_parameters([run_parameter()]).refuses(404, &["not_found"])
    };
    let forecast = ApiOperation::describe_get("/api/sync/{id}/undo", "forecastUndo", "Get what an undo would do");
    let undo = ApiOperation::describe_post("/api/sync/{id}/undo", "undoSync", "Undo a run")
        .with_details("An undo is a run of its own. It pauses the schedule of the source.");
    let remove =
        ApiOperation::describe_post("/api/sync/{id}/removals", "removeWithheld", "Remove what a sync withheld")
            .with_details("Only items that are still missing in the source are removed.");
    let keep = ApiOperation::describe_post("/api/sync/{id}/removals/keep", "keepWithheld", "Keep what a sync withheld")
        .with_details("Nobody is asked again until the list of items changes.");
    let resume =
        ApiOperation::describe_post("/api/sources/{slug}/resume", "resumeSchedule", "Resume a paused schedule")
            .for_admins()
            .with_parameters([slug_parameter()])
            .answers_json(200, "The schedule is resumed.", &named_schema("Decision"))
            .refuses(404, &["not_found"])
            .refuses(409, &["not_paused"]);
    let pause = ApiOperation::describe_post("/api/sources/{slug}/pause", "pauseSchedule", "Pause a schedule")
        .with_details("Nothing is started by the schedule until it is resumed.")
        .for_admins()
        .with_parameters([slug_parameter()])
        .answers_json(200, "The schedule is paused.", &named_schema("Decision"))
        .refuses(404, &["not_found"])
        .refuses(409, &["not_scheduled"]);
    let undo_conflicts = ["still_active", "source_removed", "nothing_to_undo"];
    let list_conflicts = ["still_active", "source_removed", "nothing_withheld", "list_outdated", "already_running"];
    vec![
        about_run(forecast)
            .answers_json(200, "How many items an undo would change.", &named_schema("UndoForecast"))
            .refuses(409, &undo_conflicts),
        accept_run(about_run(undo), "The undo was accepted.")
            .refuses(409, &undo_conflicts)
            .refuses(409, &["already_running"]),
        accept_run(about_run(remove), "The removal was accepted.").refuses(409, &list_conflicts),
        about_run(keep)
            .answers_json(200, "The items are kept.", &named_schema("Decision"))
            .refuses(409, &list_conflicts)
            .refuses(409, &["cannot_keep"]),
        pause,
        resume,
    ]
}

/// The same operation, which starts a run.
fn accept_run(operation: ApiOperation, meaning: &str) -> ApiOperation {
    with_cooldown(operation).answers_json(202, meaning, &named_schema("Accepted")).with_links(
        202,
        &RUN_OPERATIONS,
        &json!({ "id": "$response.body#/syncId" }),
    )
}

/// The same operation, which is refused if it is repeated too soon.
pub(super) fn with_cooldown(operation: ApiOperation) -> ApiOperation {
    operation.refuses(429, &["cooling_down"]).with_header(429, "Retry-After")
}
