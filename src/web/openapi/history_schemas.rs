//! The schemas of the history, of health checks, and of older clients.

use serde_json::{Value, json};

use super::catalog_schemas::change_properties;
use super::run_schemas::common_run_properties;
use super::schema_builder::{
    any_text, described, list_schema, named_schema, nullable, object_schema, one_of, positive_number, seconds_number,
    sync_id, text_fields, utc_time, whole_number, yes_or_no,
};
use crate::domain::audit::{AuditAction, AuditChannel};
use crate::domain::issue::IssueKind;

/// The schemas, each with its name.
pub(super) fn history_schemas() -> Vec<(&'static str, Value)> {
    let counted = "The number of changes of this kind that a preview found. Of very many it keeps the first ones.";
    let counted = described(whole_number(), counted);
    vec![
        ("Run", run_schema()),
        ("RunList", list_schema("Run", json!({}))),
        ("Change", object_schema(change_properties())),
        ("ChangeList", list_schema("Change", json!({ "changesTotal?": counted }))),
        ("Issue", issue_schema()),
        ("IssueList", list_schema("Issue", json!({}))),
        ("AuditEntry", audit_entry_schema()),
        ("AuditList", list_schema("AuditEntry", json!({}))),
        ("Health", health_schema()),
        ("SyncHealth", sync_health_schema()),
        ("LegacyStart", legacy_start_schema()),
        ("LegacyStatus", legacy_status_schema()),
    ]
}

fn run_schema() -> Value {
    let stage = || nullable(seconds_number());
    let timings =
        object_schema(json!({ "waiting": stage(), "fetching": stage(), "processing": stage(), "finalizing": stage() }));
    let mut properties = common_run_properties();
    properties["mode"] = named_schema("Mode");
    properties["endTime"] = described(nullable(utc_time()), "Null while the run is active.");
    properties["duration"] = described(nullable(seconds_number()), "In seconds; null while the run is active.");
    properties["requestedBy"] = any_text();
    properties["issues"] = described(whole_number(), "The number of issues.");
    properties["withheldRemovals"] = described(whole_number(), "The number of removals that were withheld.");
    properties["target"] =
        described(nullable(sync_id()), "The run that this one undoes, or whose preview or list it applies.");
    properties["retriesBefore"] =
        described(nullable(whole_number()), "How many automatic retries came before; null if a person started it.");
    properties["retryAt"] = described(nullable(utc_time()), "When an automatic retry was planned.");
    properties["timings"] = described(timings, "Seconds of each stage; null for one that was not reached.");
    object_schema(properties)
}

fn issue_schema() -> Value {
    object_schema(json!({
        "row": described(nullable(positive_number()), "The number of the row; the header is row 1."),
        "column": nullable(any_text()),
        "kind": described(
            one_of(IssueKind::ALL.iter().map(|kind| kind.as_str())),
            "`refused` is a row that was skipped, `noted` one that was used.",
        ),
        "reason": any_text(),
        "cells": described(nullable(text_fields()), "The cells of a skipped row, if they were kept."),
    }))
}

fn audit_entry_schema() -> Value {
    object_schema(json!({
        "at": utc_time(),
        "actor": described(any_text(), "The name of the user or token; on the command line that of the system user."),
        "channel": one_of(AuditChannel::ALL.iter().map(|channel| channel.as_str())),
        "address": described(nullable(any_text()), "The address of the client; null on the command line."),
        "action": one_of(AuditAction::ALL.iter().map(|action| action.as_str())),
        "subject": described(any_text(), "The slug of the source, or the name of the user or token."),
        "detail": nullable(any_text()),
        "syncId": described(nullable(sync_id()), "The run that it is about."),
    }))
}

fn health_schema() -> Value {
    object_schema(json!({
        "status": one_of(["ok", "unavailable"]),
        "database": one_of(["ok", "away"]),
        "version": any_text(),
    }))
}

fn sync_health_schema() -> Value {
    let recent = object_schema(json!({
        "syncId": sync_id(),
        "status": named_schema("Status"),
        "duration": described(seconds_number(), "In seconds."),
        "completedAt": utc_time(),
    }));
    object_schema(json!({
        "status": described(one_of(["ok", "degraded"]), "`degraded` while the latest run of a source has failed."),
        "activeSyncs": whole_number(),
        "recentSyncs": { "type": "array", "items": recent },
    }))
}

fn legacy_start_schema() -> Value {
    object_schema(json!({ "success": yes_or_no(), "syncId": sync_id(), "message": any_text() }))
}

fn legacy_status_schema() -> Value {
    let statuses = ["idle", "downloading", "processing", "saving", "complete", "error"];
    object_schema(json!({
        "success": { "const": true },
        "syncId": nullable(sync_id()),
        "status": one_of(statuses),
        "progress": { "type": "integer", "minimum": 0, "maximum": 100 },
        "message": any_text(),
        "error": nullable(any_text()),
        "lastUpdated": nullable(utc_time()),
        "stats": object_schema(json!({ "size": whole_number(), "lines": whole_number() })),
    }))
}
