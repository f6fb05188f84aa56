//! Reduces answers to what the checker reads: panels to the run that they show, lists to the fields of each run.

use serde_json::{Value, json};

use crate::servers::run_lives::history::{CallAnswer, CallRequest};
use crate::support::server_process::ServerAnswer;

/// The fields of a record that are kept.
const RECORD_FIELDS: [&str; 15] = [
    "syncId",
    "source",
    "kind",
    "mode",
    "status",
    "progress",
    "attempt",
    "retryOf",
    "successor",
    "target",
    "code",
    "error",
    "withheldRemovals",
    "startTime",
    "endTime",
];

/// The answer as it is recorded.
pub(super) fn reduce_answer(request: &CallRequest, answer: &ServerAnswer) -> CallAnswer {
    let status = answer.status;
    let whole = || serde_json::from_str(&answer.body).unwrap_or_else(|_| Value::String(answer.body.clone()));
    let body = match request {
        CallRequest::Start { source, form: true, .. } | CallRequest::Panel { source, .. } => {
            read_panel(source, &answer.body)
        }
        CallRequest::Record { .. } if status == 200 => reduce_record(&whole()),
        CallRequest::Records { .. } | CallRequest::FinalRecords { .. } if status == 200 => {
            let list = whole();
            let items = list["items"].as_array().map(Vec::as_slice).unwrap_or_default();
            json!({ "items": items.iter().map(reduce_record).collect::<Vec<_>>(), "total": list["total"] })
        }
        CallRequest::Items { .. } if status == 200 => {
            let list = whole();
            json!({ "total": list["total"], "facets": list["facets"], "lags": answer.etag.is_none() })
        }
        _ => whole(),
    };
    CallAnswer { status, body }
}

fn reduce_record(record: &Value) -> Value {
    RECORD_FIELDS
        .iter()
        .map(|name| ((*name).to_owned(), record[name].clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// What a panel shows, under the names of the JSON. Another page is kept as it is.
fn read_panel(source: &str, page: &str) -> Value {
    let after = |mark: &str| page.split_once(mark).and_then(|(_, rest)| rest.split('"').next());
    let Some(run) = after("data-sync=\"") else { return Value::String(page.to_owned()) };
    let (status, percent) = (after("data-state=\""), after("data-percent=\""));
    let progress = percent.and_then(|percent| percent.parse::<u64>().ok());
    json!({ "syncId": run, "source": source, "status": status, "progress": progress })
}

#[test]
fn a_panel_is_read_like_the_status_that_it_shows() {
    let page = r#"<section id="panel" data-slug="albums" data-sync="sync_1" data-active="true" data-state="running"
        data-percent="45"><h2>Syncing</h2></section>"#;
    let expected = json!({ "syncId": "sync_1", "source": "albums", "status": "running", "progress": 45 });
    assert_eq!(read_panel("albums", page), expected);
}
