//! One line of a log as a person reads it.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use crate::domain::operation::Stage;
use crate::domain::run_text::run_state::stage_label;
use crate::domain::text::counts::group_digits;
use crate::domain::text::measures::{format_bytes, format_elapsed};
use crate::web::layout::time_label::{TimeLabel, exact_time_label};

/// Fields that have a place of their own, are the same in all lines of a run, or are repeated by the message.
const UNLISTED_FIELDS: [&str; 12] = [
    "time",
    "level",
    "event",
    "syncId",
    "message",
    "stage",
    "source",
    "kind",
    "mode",
    "server",
    "requestedBy",
    "progress",
];

/// One line of the log of a run.
#[derive(Debug, Clone)]
pub(in crate::web) struct LogLine {
    /// Its time in milliseconds since 1970, by which lines of several files are sorted.
    pub millis: i64,
    /// Its time.
    pub time: TimeLabel,
    /// What happened: "Started".
    pub event: String,
    /// Whether it is a warning or an error.
    pub is_problem: bool,
    /// The stage that begins; empty in other lines.
    pub stage: String,
    /// The message.
    pub message: String,
    /// The host and the process that wrote it.
    pub server: String,
    /// The other fields: name and value.
    pub fields: Vec<(String, String)>,
}

impl LogLine {
    /// Parses a line of the log of the run `id`; `None` if it is of another run, or is no whole line.
    pub(super) fn parse(line: &str, id: &str) -> Option<Self> {
        let fields: Map<String, Value> = serde_json::from_str(line).ok()?;
        let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
        if text("syncId") != id {
            return None;
        }
        let time: DateTime<Utc> = text("time").parse().ok()?;
        let stage = text("stage");
        Some(Self {
            millis: time.timestamp_millis(),
            time: exact_time_label(time),
            event: event_label(text("event")),
            is_problem: matches!(text("level"), "warn" | "error"),
            stage: stage.parse::<Stage>().map_or_else(|_| stage.to_owned(), |stage| stage_label(stage).to_owned()),
            message: text("message").to_owned(),
            server: text("server").to_owned(),
            fields: fields
                .iter()
                .filter(|(name, _)| !UNLISTED_FIELDS.contains(&name.as_str()))
                .filter_map(|(name, value)| Some((field_label(name), field_text(name, value)?)))
                .collect(),
        })
    }
}

fn event_label(event: &str) -> String {
    let label = match event {
        "accepted" => "Accepted",
        "started" => "Started",
        "stage" => "Stage begun",
        "ended" => "Ended",
        "cancel_requested" => "Cancel requested",
        "taken_over" => "Worker lost",
        "requeued" => "Queued again",
        "trouble" => "Problem",
        "relief" => "Problem solved",
        "fetched" => "Fetched",
        "failed" => "Fetch failed",
        other => other,
    };
    label.to_owned()
}

fn field_label(name: &str) -> String {
    let label = match name {
        "retryOf" => "continues",
        "successor" => "continued by",
        "waitedMs" => "waited",
        "durationMs" | "ms" => "took",
        "withheldRemovals" => "kept removals",
        "rejected" => "skipped",
        "code" => "error code",
        other => other,
    };
    label.to_owned()
}

/// The value of a field in words; `None` for a count of zero, which says nothing.
fn field_text(name: &str, value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        // The status of a run is in the message; the status of a response is a number.
        Value::String(_) if name == "status" => None,
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Number(number) => {
            let Some(number) = number.as_u64() else { return Some(number.to_string()) };
            match name {
                "ms" | "durationMs" | "waitedMs" => Some(format_elapsed(std::time::Duration::from_millis(number))),
                "bytes" => Some(format_bytes(number)).filter(|_| number > 0),
                "status" | "attempt" => Some(number.to_string()),
                _ => Some(group_digits(number)).filter(|_| number > 0),
            }
        }
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::LogLine;

    #[test]
    fn a_line_is_written_in_words_and_a_line_of_another_run_is_none() {
        let line = r#"{"time":"2026-11-20T08:00:15.250Z","level":"warn","event":"stage","syncId":"sync_1","source":"albums",
            "stage":"processing","progress":45,"durationMs":1500,"bytes":0,"items":48000,"status":"running","rejected":2,
            "removed":0,"message":"processing at 45 %","server":"host/7"}"#;
        let parsed = LogLine::parse(line, "sync_1").expect("a line");
        assert_eq!((&*parsed.event, &*parsed.stage, parsed.is_problem), ("Stage begun", "Processing", true));
        assert_eq!((&*parsed.time.iso, parsed.millis % 1000), ("2026-11-20T08:00:15Z", 250));
        let fields: Vec<String> = parsed.fields.iter().map(|(name, value)| format!("{name} {value}")).collect();
        let mut expected = vec!["took 1.5 s", "items 48,000", "skipped 2"];
        assert_eq!(parsed.server, "host/7");
        let mut fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        fields.sort_unstable();
        expected.sort_unstable();
        assert_eq!(fields, expected);
        assert!(LogLine::parse(line, "sync_2").is_none());
        assert!(LogLine::parse(&line[..90], "sync_1").is_none());
        assert!(LogLine::parse("[]", "sync_1").is_none());
    }
}
