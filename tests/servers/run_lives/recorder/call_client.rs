//! A client whose calls are recorded.

use std::time::Duration;

use serde_json::{Value, json};

use super::answer_reading::reduce_answer;
use super::known_runs::KnownRuns;
use super::recording::HistoryRecording;
use super::server_slot::ServerSlot;
use crate::servers::run_lives::history::{CallAnswer, CallRequest, HistoryEvent, RecordedCall};
use crate::support::http_client::TestHttpClient;
use crate::support::server_process::ServerAnswer;

/// What all clients of a round share.
#[derive(Clone, Copy)]
pub(super) struct RoundContext<'a> {
    pub(super) slots: &'a [ServerSlot],
    pub(super) recording: &'a HistoryRecording,
    pub(super) known: &'a KnownRuns,
    /// The admin, logged in.
    pub(super) admin: &'a TestHttpClient,
}

/// A client of all servers of a round.
pub(super) struct CallClient<'a> {
    name: String,
    context: RoundContext<'a>,
    /// For each server, a client with the session of the admin and one with an API token.
    clients: Vec<(TestHttpClient, TestHttpClient)>,
}

impl<'a> CallClient<'a> {
    /// A client that waits for answers no longer than `limit`.
    pub(super) fn new(name: impl Into<String>, context: RoundContext<'a>, limit: Duration) -> Self {
        let both = |slot: &ServerSlot| {
            let address = slot.address();
            let program = TestHttpClient::with_token(address).at_address(address, limit);
            (context.admin.at_address(address, limit), program)
        };
        Self { name: name.into(), context, clients: context.slots.iter().map(both).collect() }
    }

    pub(super) fn context(&self) -> RoundContext<'a> {
        self.context
    }

    /// Asks a server, records the call and returns the answer.
    pub(super) fn call(&self, slot: usize, request: CallRequest) -> Option<CallAnswer> {
        let (recording, place) = (self.context.recording, &self.context.slots[slot]);
        let begin = recording.now();
        let before = place.process_name();
        let answer = self.send(slot, &request);
        let after = place.process_name();
        let end = recording.now();
        let answer = answer.map(|answer| reduce_answer(&request, &answer));
        if let Some(answer) = &answer {
            self.learn_runs(&request, answer);
        }
        let process = (before == after).then_some(before);
        let (client, recorded) = (self.name.clone(), answer.clone());
        let call = RecordedCall { client, process, begin, end, request, answer: recorded };
        recording.add_event(HistoryEvent::Call(call));
        answer
    }

    fn send(&self, slot: usize, request: &CallRequest) -> Option<ServerAnswer> {
        let (admin, program) = &self.clients[slot];
        match request {
            CallRequest::Start { source, action, form: true } => {
                admin.submit_form(&format!("/catalog/{source}/sync"), &format!("action={action}"))
            }
            CallRequest::Start { source, action, form: false } => {
                let kind = if action == "full" { "full" } else { "incremental" };
                let options = json!({ "preview": action == "preview" });
                program.post("/api/sync", &json!({ "source": source, "type": kind, "options": options }))
            }
            CallRequest::Cancel { run } => program.post(&format!("/api/sync/{run}/cancel"), &json!({})),
            CallRequest::Undo { run } => program.post(&format!("/api/sync/{run}/undo"), &json!({})),
            CallRequest::Status { run } => program.get(&format!("/api/sync/status/{run}")),
            CallRequest::Panel { source, run } => {
                let run = run.as_deref().unwrap_or_default();
                admin.get(&format!("/catalog/{source}/sync-status?sync={run}"))
            }
            CallRequest::Record { run } => program.get(&format!("/api/history/{run}")),
            CallRequest::Records { source } => program.get(&format!("/api/history?source={source}&per=10")),
            CallRequest::Items { source } => program.get(&format!("/api/catalog/{source}/items?per=1&facet=edition")),
            CallRequest::FinalRecords { page } => program.get(&format!("/api/history?per=500&page={page}")),
        }
    }

    fn learn_runs(&self, request: &CallRequest, answer: &CallAnswer) {
        let entries = answer.body["items"].as_array().map(Vec::as_slice).unwrap_or_default();
        for named in entries.iter().chain([&answer.body]) {
            let source = match request {
                CallRequest::Start { source, .. } | CallRequest::Panel { source, .. } => Some(source.as_str()),
                _ => named["source"].as_str(),
            };
            let Some(source) = source else { continue };
            for run in [&named["syncId"], &named["successor"]] {
                self.context.known.learn(source, run.as_str().unwrap_or_default());
            }
        }
    }
}

/// The status word of an answer about a run.
pub(super) fn status_of(answer: Option<&CallAnswer>) -> &str {
    answer.map_or("", |answer| answer.body["status"].as_str().unwrap_or_default())
}

/// The run that an answer names.
pub(super) fn run_of(answer: &CallAnswer) -> Option<String> {
    let Value::String(run) = &answer.body["syncId"] else { return None };
    Some(run.clone()).filter(|run| !run.is_empty())
}
