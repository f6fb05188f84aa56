//! The operations that read past runs.

use serde_json::json;

use super::api_operation::ApiOperation;
use super::parameters::{page_parameters, query_parameter, run_parameter};
use super::schema_builder::{any_text, named_schema, one_of};
use crate::domain::change_entry::WITHHELD_KIND;
use crate::domain::change_set::ChangeKind;
use crate::domain::operation::Status;

/// The name of the group.
pub(super) const HISTORY_GROUP: &str = "History";

/// Describes the operations that read past runs.
pub(super) fn history_operations() -> Vec<ApiOperation> {
    let ended = Status::ALL.iter().filter(|status| !status.is_active()).map(|status| status.as_str()).chain([""]);
    let runs = ApiOperation::describe_get("/api/history", "listRuns", "List finished runs, newest first")
        .with_parameters([
            query_parameter("source", &json!({ "type": "string", "examples": ["albums"] }), "The slug of a source."),
            query_parameter("status", &one_of(ended), "How the runs ended."),
        ])
        .with_parameters(page_parameters())
        .answers_json(200, "One page of the runs.", &named_schema("RunList"))
        .with_links(
            200,
            &["getRun", "listChanges", "listIssues", "forecastUndo"],
            &json!({ "id": "$response.body#/items/0/syncId" }),
        )
        .refuses(400, &["bad_request", "unknown_parameter"])
        .refuses(403, &["other_source"]);
    let run = ApiOperation::describe_get("/api/history/{id}", "getRun", "Get a run, active or finished")
        .with_parameters([run_parameter()])
        .answers_json(200, "The run.", &named_schema("Run"));
    let kinds = ChangeKind::ALL.iter().map(|kind| kind.as_str()).chain([WITHHELD_KIND, ""]);
    let changes = ApiOperation::describe_get("/api/history/{id}/changes", "listChanges", "List the changes of a run")
        .with_details("What the run changed, or what a preview found.")
        .with_parameters([
            run_parameter(),
            query_parameter("kind", &one_of(kinds), "The kind of changes; all but `withheld` without it."),
            query_parameter("q", &any_text(), "A text that the key or a value contains."),
        ])
        .with_parameters(page_parameters())
        .answers_json(200, "One page of the changes.", &named_schema("ChangeList"))
        .refuses(400, &["bad_request", "unknown_parameter"]);
    let issues = ApiOperation::describe_get("/api/history/{id}/issues", "listIssues", "List the issues of a run")
        .with_details("Skipped rows and warnings. Of very many issues the first are kept.")
        .with_parameters([run_parameter()])
        .with_parameters(page_parameters())
        .answers_json(200, "One page of the issues.", &named_schema("IssueList"))
        .refuses(400, &["bad_request", "unknown_parameter"]);
    let audit = ApiOperation::describe_get("/api/audit", "listAudit", "List who did what, newest first")
        .with_details("Who started, cancelled, undid and changed what, and from where. Entries are kept for a year.")
        .with_parameters(page_parameters())
        .answers_json(200, "One page of the entries.", &named_schema("AuditList"))
        .refuses(400, &["bad_request", "unknown_parameter"])
        .for_admins()
        .in_group(HISTORY_GROUP);
    let mut operations: Vec<ApiOperation> = [runs, run, changes, issues]
        .into_iter()
        .map(|operation| operation.for_accounts().refuses(404, &["not_found"]).in_group(HISTORY_GROUP))
        .collect();
    operations.push(audit);
    operations
}
