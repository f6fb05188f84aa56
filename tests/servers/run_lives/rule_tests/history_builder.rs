//! Writes histories by hand.

use serde_json::{Value, json};

use crate::servers::run_lives::checker::{LifeRule, check_history};
use crate::servers::run_lives::history::{
    CallAnswer, CallRequest, FaultKind, InjectedFault, ProcessLife, PublishedSheet, RecordedCall, RecordedTime,
    RunHistory,
};

/// The beginning and the end of a call, in milliseconds.
pub(super) type CallSpan = (u64, u64);

/// A history in the making. The only source is `albums`.
#[derive(Default)]
pub(super) struct HistoryBuilder(RunHistory);

fn time(milliseconds: u64) -> RecordedTime {
    milliseconds * 1000
}

/// A status report.
pub(super) fn report(run: &str, status: &str, progress: u64) -> Value {
    json!({ "syncId": run, "source": "albums", "kind": "sync", "status": status, "progress": progress, "attempt": 1 })
}

/// A report with other fields.
pub(super) fn with_fields(mut report: Value, fields: &Value) -> Value {
    for (name, value) in fields.as_object().expect("fields") {
        report[name] = value.clone();
    }
    report
}

impl HistoryBuilder {
    pub(super) fn on_sqlite(mut self) -> Self {
        self.0.sqlite = true;
        self
    }

    /// A call to the process `A1`.
    pub(super) fn call(self, span: CallSpan, request: CallRequest, status: u16, body: Value) -> Self {
        self.call_process("A1", span, request, Some(CallAnswer { status, body }))
    }

    pub(super) fn call_process(
        mut self,
        process: &str,
        (begin, end): CallSpan,
        request: CallRequest,
        answer: Option<CallAnswer>,
    ) -> Self {
        let (client, process) = ("client".to_owned(), Some(process.to_owned()));
        self.0.calls.push(RecordedCall { client, process, begin: time(begin), end: time(end), request, answer });
        self
    }

    /// A start that was answered.
    pub(super) fn start(self, span: CallSpan, status: u16, run: &str) -> Self {
        self.call(span, start_of("sync"), status, json!({ "syncId": run }))
    }

    /// A preview that was accepted.
    pub(super) fn preview(self, span: CallSpan, run: &str) -> Self {
        self.call(span, start_of("preview"), 202, json!({ "syncId": run }))
    }

    /// A start whose answer did not come.
    pub(super) fn lost_start(self, span: CallSpan) -> Self {
        self.call_process("A1", span, start_of("sync"), None)
    }

    /// A poll of the process `A1`.
    pub(super) fn poll(self, span: CallSpan, run: &str, status: &str, progress: u64) -> Self {
        self.poll_process("A1", span, run, status, progress)
    }

    pub(super) fn poll_process(self, process: &str, span: CallSpan, run: &str, status: &str, progress: u64) -> Self {
        let answer = CallAnswer { status: 200, body: report(run, status, progress) };
        self.call_process(process, span, CallRequest::Status { run: run.to_owned() }, Some(answer))
    }

    /// A poll whose run is unknown.
    pub(super) fn missed_poll(self, span: CallSpan, run: &str) -> Self {
        self.call(span, CallRequest::Status { run: run.to_owned() }, 404, json!({ "code": "not_found" }))
    }

    pub(super) fn cancel(self, span: CallSpan, run: &str, status: u16, body: Value) -> Self {
        self.call(span, CallRequest::Cancel { run: run.to_owned() }, status, body)
    }

    /// An undo of `run` that was accepted as the run `undo`.
    pub(super) fn undo(self, span: CallSpan, run: &str, undo: &str) -> Self {
        self.call(span, CallRequest::Undo { run: run.to_owned() }, 202, json!({ "syncId": undo }))
    }

    /// Reads how many items there are of an edition.
    pub(super) fn items(self, span: CallSpan, edition: u64, count: u64) -> Self {
        let values = json!([{ "value": edition.to_string(), "count": count }]);
        let body = json!({ "total": count, "facets": { "edition": values } });
        self.call(span, CallRequest::Items { source: "albums".to_owned() }, 200, body)
    }

    /// The records after the end.
    pub(super) fn final_records(self, span: CallSpan, records: &[Value]) -> Self {
        let body = json!({ "items": records, "total": records.len() });
        self.call(span, CallRequest::FinalRecords { page: 1 }, 200, body)
    }

    pub(super) fn sheet(mut self, (begin, end): CallSpan, edition: u64, rows: u64) -> Self {
        let (source, begin, end) = ("albums".to_owned(), time(begin), time(end));
        self.0.sheets.push(PublishedSheet { source, edition, rows, begin, end });
        self
    }

    pub(super) fn process(mut self, name: &str, (begin, up): CallSpan, gone: Option<u64>) -> Self {
        let (process, begin, up, gone) = (name.to_owned(), time(begin), time(up), gone.map(time));
        self.0.processes.push(ProcessLife { process, begin, up, gone });
        self
    }

    pub(super) fn fault(mut self, fault: FaultKind, target: &str, (begin, end): CallSpan) -> Self {
        let (target, begin, end) = (target.to_owned(), time(begin), time(end));
        self.0.faults.push(InjectedFault { fault, target, begin, in_effect: begin, lifted: end, end });
        self
    }

    pub(super) fn into_history(self) -> RunHistory {
        self.0
    }

    /// Asserts that the checker finds this rule broken, and only this one.
    #[track_caller]
    pub(super) fn breaks(&self, rule: LifeRule) {
        let found = check_history(&self.0);
        let text: Vec<String> = found.iter().map(|found| found.explain(&self.0)).collect();
        assert!(found.iter().any(|found| found.rule == rule), "{rule:?} is not broken: {text:#?}");
        assert!(found.iter().all(|found| found.rule == rule), "not only {rule:?} is broken: {text:#?}");
    }

    /// Asserts that the checker finds nothing.
    #[track_caller]
    pub(super) fn is_legal(&self) {
        let found = check_history(&self.0);
        let text: Vec<String> = found.iter().map(|found| found.explain(&self.0)).collect();
        assert!(found.is_empty(), "{text:#?}");
    }
}

fn start_of(action: &str) -> CallRequest {
    CallRequest::Start { source: "albums".to_owned(), action: action.to_owned(), form: false }
}
