//! The status of a run as JSON for pollers.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::ser::{SerializeStruct, Serializer};
use serde::{Deserialize, Serialize};

use super::operation::OperationKind;
use super::progress::rate_and_eta;
use super::run_summary::RunSummary;
use super::run_text::visitor_message;

/// The status of one run. Its JSON form is a public contract.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusReport {
    /// The summary of the run.
    #[serde(flatten)]
    pub summary: RunSummary,
    /// The time at which the run was accepted.
    pub start_time: DateTime<Utc>,
    /// The time at which this report was written.
    pub last_update: DateTime<Utc>,
    /// Processed items per second, once known.
    pub rate: Option<f64>,
    /// Estimated seconds left in the current stage, once known.
    pub eta_seconds: Option<u64>,
}

impl Serialize for StatusReport {
    /// Serializes the fields in the order of the contract. The start time has seconds; the last update has
    /// milliseconds, because readers use the age of a report to decide whether it is current.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { summary, start_time, last_update, rate, eta_seconds } = self;
        let mut fields = serializer.serialize_struct("StatusReport", 17)?;
        fields.serialize_field("syncId", &summary.id)?;
        fields.serialize_field("source", &summary.source)?;
        fields.serialize_field("kind", &summary.kind)?;
        fields.serialize_field("status", &summary.status)?;
        fields.serialize_field("progress", &summary.progress)?;
        fields.serialize_field("stage", &summary.stage)?;
        fields.serialize_field("message", &summary.message)?;
        fields.serialize_field("startTime", &start_time.to_rfc3339_opts(SecondsFormat::Secs, true))?;
        fields.serialize_field("lastUpdate", &last_update.to_rfc3339_opts(SecondsFormat::Millis, true))?;
        fields.serialize_field("stats", &summary.stats)?;
        fields.serialize_field("rate", rate)?;
        fields.serialize_field("etaSeconds", eta_seconds)?;
        fields.serialize_field("error", &summary.error)?;
        fields.serialize_field("code", &summary.code)?;
        fields.serialize_field("attempt", &summary.attempt)?;
        fields.serialize_field("retryOf", &summary.retry_of)?;
        fields.serialize_field("successor", &summary.successor)?;
        fields.end()
    }
}

impl StatusReport {
    /// Creates the report of a run that was accepted at `start_time`, as of `last_update`. `elapsed` is the time since
    /// a worker claimed it, from which rate and time left are computed.
    #[must_use]
    pub fn new(summary: RunSummary, start_time: DateTime<Utc>, last_update: DateTime<Utc>, elapsed: TimeDelta) -> Self {
        let (rate, eta_seconds) = rate_and_eta(&summary.stats, elapsed, summary.status, summary.stage);
        Self { summary, start_time, last_update, rate, eta_seconds }
    }

    /// Returns the report for visitors of a public catalog, without the URL of the source, the reason of a failure and
    /// the name of the person who cancelled; `None` for a preview, which shows what is not public yet. `many` is the
    /// plural name of the source's entries.
    #[must_use]
    pub fn for_visitors(mut self, many: &str) -> Option<Self> {
        if self.summary.kind == OperationKind::Preview {
            return None;
        }
        let summary = &mut self.summary;
        summary.message = visitor_message(summary, many);
        summary.error = summary.error.as_ref().map(|_| summary.message.clone());
        summary.code = None;
        Some(self)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::StatusReport;
    use crate::domain::operation::{OperationKind, Stage, Status};
    use crate::domain::progress::RunStats;
    use crate::domain::run_summary::RunSummary;
    use crate::domain::sync_id::SyncId;

    /// The summary of a run in the middle of processing.
    pub(crate) fn sample_summary() -> RunSummary {
        RunSummary {
            id: SyncId::new(),
            source: "albums".parse().expect("a slug"),
            kind: OperationKind::Sync,
            status: Status::Running,
            progress: 45,
            stage: Some(Stage::Processing),
            message: "Syncing album 450 of 1000…".to_owned(),
            stats: RunStats::default(),
            error: None,
            code: None,
            attempt: 1,
            retry_of: None,
            successor: None,
        }
    }

    /// A report in the middle of processing.
    pub(crate) fn report() -> StatusReport {
        let time = |text: &str| text.parse().expect("a time");
        StatusReport {
            summary: sample_summary(),
            start_time: time("2026-11-20T08:00:00Z"),
            last_update: time("2026-11-20T08:00:15.25Z"),
            rate: Some(214.5),
            eta_seconds: Some(3),
        }
    }

    #[test]
    fn the_json_has_the_fields_of_the_contract_in_order_and_parses_back() {
        let report = report();
        let text = serde_json::to_string(&report).expect("json");
        let names = [
            "syncId",
            "source",
            "kind",
            "status",
            "progress",
            "stage",
            "message",
            "startTime",
            "lastUpdate",
            "stats",
            "rate",
            "etaSeconds",
            "error",
            "code",
            "attempt",
            "retryOf",
            "successor",
        ];
        let positions: Vec<_> = names.iter().map(|name| text.find(&format!("\"{name}\":"))).collect();
        assert!(positions.iter().all(Option::is_some) && positions.is_sorted(), "{text}");
        let json: serde_json::Value = serde_json::from_str(&text).expect("json");
        assert_eq!(json.as_object().expect("an object").len(), names.len());
        assert_eq!(json["startTime"], "2026-11-20T08:00:00Z");
        assert_eq!(json["lastUpdate"], "2026-11-20T08:00:15.250Z");
        assert_eq!(json["stats"]["items"]["total"], 0);
        assert_eq!(serde_json::from_value::<StatusReport>(json).expect("parses back"), report);
    }

    #[test]
    fn visitors_see_neither_the_address_of_a_source_nor_why_it_failed() {
        let fetching = RunSummary {
            stage: Some(Stage::Fetching),
            message: "Fetching albums from secret.example…".to_owned(),
            ..sample_summary()
        };
        let failed = RunSummary {
            status: Status::Failed,
            message: "secret.example answers 404".to_owned(),
            error: Some("secret.example answers 404".to_owned()),
            code: Some("not_found".to_owned()),
            ..sample_summary()
        };
        for summary in [fetching, failed] {
            let shown = StatusReport { summary, ..report() }.for_visitors("albums").expect("a sync is shown");
            let json = serde_json::to_string(&shown).expect("json");
            assert!(!json.contains("secret") && shown.summary.code.is_none(), "{json}");
        }
        let preview = RunSummary { kind: OperationKind::Preview, ..sample_summary() };
        assert!(StatusReport { summary: preview, ..report() }.for_visitors("albums").is_none());
    }
}
