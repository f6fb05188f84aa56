//! The operations that send a catalog as a file, or what changed in it as a feed.

use serde_json::{Value, json};

use super::api_operation::ApiOperation;
use super::catalog_operations::describe_preflight;
use super::parameters::{fields_parameter, query_parameter, run_parameter, selection_parameters, slug_parameter};
use super::schema_builder::{any_text, named_schema, one_of, optional_sync_id};
use crate::domain::change_set::ChangeKind;
use crate::domain::export::export_format::ExportFormat;

/// The name of the group.
pub(super) const FILE_GROUP: &str = "Files and feeds";

/// Describes the files and feeds.
pub(super) fn file_operations() -> Vec<ApiOperation> {
    let mut operations: Vec<ApiOperation> = ExportFormat::ALL
        .iter()
        .flat_map(|&format| [export_catalog(format), preflight_of(format.as_str())])
        .chain(["atom", "feed.json"].into_iter().flat_map(|end| [read_feed(end), preflight_of(end)]))
        .collect();
    operations.extend(run_files());
    operations.into_iter().map(|operation| operation.in_group(FILE_GROUP)).collect()
}

fn preflight_of(extension: &str) -> ApiOperation {
    describe_preflight(&file_path(extension), &operation_id("preflight", extension))
}

fn file_path(extension: &str) -> String {
    format!("/catalog/{{slug}}.{extension}")
}

/// The id of an operation: `exportCsv`.
fn operation_id(verb: &str, extension: &str) -> String {
    let words = extension.split('.').map(|word| word[..1].to_uppercase() + &word[1..]);
    format!("{verb}{}", words.collect::<String>())
}

fn export_catalog(format: ExportFormat) -> ApiOperation {
    let schema = match format {
        ExportFormat::Csv | ExportFormat::Ndjson => any_text(),
        ExportFormat::Json => json!({ "type": "array", "items": named_schema("ExportedItem") }),
        ExportFormat::Xlsx => Value::Null,
    };
    let extension = format.as_str();
    let summary = format!("Download a catalog (.{extension})");
    let raw = query_parameter(
        "raw",
        &json!({ "type": "integer", "enum": [0, 1] }),
        "1 leaves cells that a spreadsheet would run as formulas as they are; otherwise they get a leading `'`.",
    );
    let operation = ApiOperation::describe_get(&file_path(extension), &operation_id("export", extension), &summary)
        .with_details("All items, or those that the parameters select, as one file.")
        .for_catalog_readers()
        .with_parameters([slug_parameter()])
        .with_parameters(selection_parameters())
        .with_parameters([fields_parameter("The columns of the file in their order, separated by commas.")])
        .with_parameters((format == ExportFormat::Csv).then_some(raw))
        .answers(200, "The file.", media_type(format.content_type()), &schema)
        .with_header(200, "Content-Disposition")
        .with_versions()
        .refuses(400, &["bad_request", "bad_filter", "unknown_parameter"])
        .refuses(503, &["index_unavailable"])
        .with_cross_origin_headers(&[200, 304, 400, 401, 403, 503]);
    if format == ExportFormat::Xlsx {
        operation.refuses(400, &["does_not_fit"]).refuses(503, &["busy"])
    } else {
        operation
    }
}

fn read_feed(extension: &str) -> ApiOperation {
    let (media, schema) = match extension {
        "atom" => ("application/atom+xml", Value::Null),
        _ => ("application/feed+json", named_schema("JsonFeed")),
    };
    let summary = format!("Read what changed as a feed (.{extension})");
    ApiOperation::describe_get(&file_path(extension), &operation_id("readFeed", extension), &summary)
        .with_details("What was added, updated and removed, newest first, in at most 50 entries.")
        .for_catalog_readers()
        .with_parameters([slug_parameter()])
        .answers(200, "The feed.", media, &schema)
        .with_versions()
        .refuses(400, &["unknown_parameter"])
        .with_cross_origin_headers(&[200, 304, 400, 401, 403, 503])
}

/// The files about runs, which the pages link to.
fn run_files() -> Vec<ApiOperation> {
    let raw = || {
        query_parameter("raw", &any_text(), "`1` leaves cells that a spreadsheet would run as formulas as they are.")
    };
    let kinds = ChangeKind::ALL.iter().map(|kind| kind.as_str()).chain([""]);
    let changes = [
        query_parameter("kind", &one_of(kinds), "The kind of changes; all without it."),
        query_parameter("q", &any_text(), "A text that the key or a value contains."),
    ];
    let about_run = |path, id, summary| {
        ApiOperation::describe_get(path, id, summary)
            .for_accounts()
            .with_parameters([run_parameter()])
            .with_header(200, "Content-Disposition")
            .refuses(404, &["not_found"])
    };
    let json_changes = json!({ "type": "array", "items": named_schema("Change") });
    vec![
        about_run("/history/{id}/changes.csv", "exportChangesCsv", "Download the changes of a run (.csv)")
            .with_parameters(changes.clone())
            .with_parameters([raw()])
            .answers(200, "A line for each field that differs.", "text/csv", &any_text())
            .with_header(200, "X-Total-Count")
            .refuses(400, &["bad_request"]),
        about_run("/history/{id}/changes.json", "exportChangesJson", "Download the changes of a run (.json)")
            .with_parameters(changes)
            .answers_json(200, "All changes.", &json_changes)
            .with_header(200, "X-Total-Count")
            .refuses(400, &["bad_request"]),
        about_run("/history/{id}/issues.csv", "exportIssuesCsv", "Download the skipped rows of a run (.csv)")
            .with_parameters([
                query_parameter("all", &any_text(), "`1` lists all issues, without the cells of the rows."),
                raw(),
            ])
            .answers(200, "The skipped rows with the reasons.", "text/csv", &any_text()),
        ApiOperation::describe_get(
            "/catalog/{slug}/sync/removals.csv",
            "exportRemovalsCsv",
            "Download the withheld removals of a catalog (.csv)",
        )
        .for_admins()
        .with_parameters([
            slug_parameter(),
            query_parameter("sync", &optional_sync_id(), "The run that withheld them; by default the last one."),
            raw(),
        ])
        .answers(200, "The items with all fields.", "text/csv", &any_text())
        .with_header(200, "Content-Disposition")
        .refuses(404, &["not_found"]),
    ]
}

/// The media type without its parameters.
fn media_type(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or(content_type)
}
