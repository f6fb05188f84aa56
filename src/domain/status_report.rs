//! What a poller is told of a run: the status JSON.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

use super::operation::{OperationKind, Stage, Status};
use super::progress::RunStats;
use super::source::Slug;
use super::sync_id::SyncId;

/// The live or last status of one run. Its JSON is the contract with every poller.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusReport {
    /// The run.
    pub sync_id: SyncId,
    /// The slug of its source.
    pub source: Slug,
    /// What it does.
    pub kind: OperationKind,
    /// Where it stands.
    pub status: Status,
    /// Percent, 0 to 100; 100 only with *completed*.
    pub progress: u8,
    /// What it is doing; `None` before it started.
    pub stage: Option<Stage>,
    /// One line for people.
    pub message: String,
    /// When it was accepted.
    #[serde(with = "seconds")]
    pub start_time: DateTime<Utc>,
    /// When this was written.
    #[serde(with = "millis")]
    pub last_update: DateTime<Utc>,
    /// The counts.
    pub stats: RunStats,
    /// Items a second, once known.
    pub rate: Option<f64>,
    /// Seconds left, once known.
    pub eta_seconds: Option<u64>,
    /// What went wrong, as a sentence.
    pub error: Option<String>,
    /// The same as a word.
    pub code: Option<String>,
    /// Which try this is, from 1.
    pub attempt: i32,
    /// The interrupted run it continues.
    pub retry_of: Option<SyncId>,
    /// The run that continues it.
    pub successor: Option<SyncId>,
}

impl StatusReport {
    /// The report as visitors of a public catalog are told it: not where the source is, what went wrong there, or who
    /// ended the run. `many` is what its entries are called.
    #[must_use]
    pub fn for_visitors(mut self, many: &str) -> Self {
        let told = match self.status {
            Status::Pending | Status::Running if self.stage == Some(Stage::Fetching) => format!("Fetching {many}…"),
            Status::Failed => "The last sync failed. The catalog is as it was, and nothing is lost.".to_owned(),
            Status::Cancelled => "The last sync was cancelled.".to_owned(),
            Status::Pending | Status::Running | Status::Completed | Status::Interrupted => self.message,
        };
        self.error = self.error.map(|_| told.clone());
        self.message = told;
        self.code = None;
        self
    }
}

/// Times to the second, `2026-11-20T08:00:00Z`.
mod seconds {
    use super::{DateTime, SecondsFormat, Utc};
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(time: &DateTime<Utc>, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&time.to_rfc3339_opts(SecondsFormat::Secs, true))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<DateTime<Utc>, D::Error> {
        DateTime::<Utc>::deserialize(d)
    }
}

/// Times to the millisecond: how old a report is decides whether it is believed.
mod millis {
    use super::{DateTime, SecondsFormat, Utc};
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(time: &DateTime<Utc>, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&time.to_rfc3339_opts(SecondsFormat::Millis, true))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<DateTime<Utc>, D::Error> {
        DateTime::<Utc>::deserialize(d)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{OperationKind, RunStats, Stage, Status, StatusReport};
    use crate::domain::sync_id::SyncId;

    /// A report in the middle of a run.
    pub(crate) fn report() -> StatusReport {
        let time = |text: &str| text.parse().expect("a time");
        StatusReport {
            sync_id: SyncId::new(),
            source: "albums".parse().expect("a slug"),
            kind: OperationKind::Sync,
            status: Status::Running,
            progress: 45,
            stage: Some(Stage::Processing),
            message: "Syncing album 450 of 1000…".to_owned(),
            start_time: time("2026-11-20T08:00:00Z"),
            last_update: time("2026-11-20T08:00:15.25Z"),
            stats: RunStats::default(),
            rate: Some(214.5),
            eta_seconds: Some(3),
            error: None,
            code: None,
            attempt: 1,
            retry_of: None,
            successor: None,
        }
    }

    #[test]
    fn the_json_has_the_names_of_the_contract_and_reads_back() {
        let report = report();
        let json = serde_json::to_value(&report).expect("json");
        let names: Vec<&str> = json.as_object().expect("an object").keys().map(String::as_str).collect();
        let mut expected = vec![
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
        expected.sort_unstable();
        assert_eq!(names, expected);
        assert_eq!(json["startTime"], "2026-11-20T08:00:00Z");
        assert_eq!(json["stats"]["items"]["total"], 0);
        assert_eq!(serde_json::from_value::<StatusReport>(json).expect("reads back"), report);
    }

    #[test]
    fn visitors_are_not_told_where_the_source_is_or_what_went_wrong_there() {
        let fetching = StatusReport {
            stage: Some(Stage::Fetching),
            message: "Fetching albums from secret.example…".to_owned(),
            ..report()
        };
        let failed = StatusReport {
            status: Status::Failed,
            message: "secret.example answers 404".to_owned(),
            error: Some("secret.example answers 404".to_owned()),
            code: Some("not_found".to_owned()),
            ..report()
        };
        for report in [fetching, failed] {
            let told = report.for_visitors("albums");
            let json = serde_json::to_string(&told).expect("json");
            assert!(!json.contains("secret") && told.code.is_none(), "{json}");
        }
    }
}
