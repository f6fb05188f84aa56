//! What the answers to calls say about runs.

use serde_json::Value;

use super::STALE_ANSWER_LIMIT;
use crate::servers::run_lives::history::{CallRequest, RecordedCall, RecordedTime};

/// Where a run is in its life. Ended runs compare equal in phase only by [`RunPhase::rank`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(in crate::servers::run_lives) enum RunPhase {
    Pending,
    Running,
    Completed,
    Failed,
    Cancelled,
    Interrupted,
}

impl RunPhase {
    /// 0 for pending, 1 for running, 2 for ended.
    pub(super) const fn rank(self) -> u8 {
        match self {
            Self::Pending => 0,
            Self::Running => 1,
            Self::Completed | Self::Failed | Self::Cancelled | Self::Interrupted => 2,
        }
    }

    pub(super) const fn is_ended(self) -> bool {
        self.rank() == 2
    }
}

/// A status as JSON has it.
pub(in crate::servers::run_lives) fn read_phase(status: &Value) -> Option<RunPhase> {
    Some(match status.as_str()? {
        "pending" => RunPhase::Pending,
        "running" => RunPhase::Running,
        "completed" => RunPhase::Completed,
        "failed" => RunPhase::Failed,
        "cancelled" => RunPhase::Cancelled,
        "interrupted" => RunPhase::Interrupted,
        _ => return None,
    })
}

/// What an answer says about a run.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum RunFact {
    /// The run was created during the call.
    Accepted { source: Option<String>, undo_of: Option<String>, preview: bool },
    /// The run was in this state, not long before the call began or during it.
    Reported(Box<RunReport>),
    /// The run was active at some time during the call: it was named by a refused start, or its cancel was accepted.
    Active,
    /// Its cancel was accepted while it was running.
    CancelAccepted,
    /// It was cancelled while it was pending.
    CancelDone,
    /// The run had ended before the end of the call.
    Ended,
    /// The run is unknown.
    Unknown,
}

/// The state of a run in an answer.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct RunReport {
    pub(super) phase: Option<RunPhase>,
    pub(super) progress: Option<u64>,
    pub(super) source: Option<String>,
    pub(super) kind: Option<String>,
    pub(super) attempt: Option<u64>,
    pub(super) retry_of: Option<String>,
    pub(super) successor: Option<String>,
    pub(super) target: Option<String>,
    pub(super) code: Option<String>,
    /// How many removals wait for a decision.
    pub(super) withheld: Option<u64>,
    /// Whether it was read from the database during the call.
    pub(super) is_current: bool,
}

/// A fact about a run with its call.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct RunSighting {
    /// The number of the call.
    pub(super) call: usize,
    pub(super) begin: RecordedTime,
    pub(super) end: RecordedTime,
    pub(super) process: Option<String>,
    pub(super) fact: RunFact,
}

impl RunSighting {
    pub(super) fn report(&self) -> Option<&RunReport> {
        if let RunFact::Reported(report) = &self.fact { Some(report) } else { None }
    }

    pub(super) fn phase(&self) -> Option<RunPhase> {
        self.report()?.phase
    }

    /// A time at which, or after which, the run was surely active.
    pub(super) fn active_since(&self) -> Option<RecordedTime> {
        match &self.fact {
            RunFact::Active | RunFact::CancelAccepted => Some(self.begin),
            RunFact::Reported(report) if !report.phase?.is_ended() => {
                let age = if report.is_current { 0 } else { STALE_ANSWER_LIMIT };
                Some(self.begin.saturating_sub(age))
            }
            _ => None,
        }
    }

    /// A time at which the run had surely ended.
    pub(super) fn ended_by(&self) -> Option<RecordedTime> {
        match &self.fact {
            RunFact::Ended | RunFact::CancelDone => Some(self.end),
            RunFact::Reported(report) if report.phase?.is_ended() => Some(self.end),
            _ => None,
        }
    }
}

fn text_of(body: &Value, name: &str) -> Option<String> {
    body[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

fn read_report(body: &Value) -> RunFact {
    RunFact::Reported(Box::new(RunReport {
        phase: read_phase(&body["status"]),
        progress: body["progress"].as_u64(),
        source: text_of(body, "source"),
        kind: text_of(body, "kind"),
        attempt: body["attempt"].as_u64(),
        retry_of: text_of(body, "retryOf"),
        successor: text_of(body, "successor"),
        target: text_of(body, "target"),
        code: text_of(body, "code"),
        withheld: body["withheldRemovals"].as_u64(),
        is_current: false,
    }))
}

/// The facts in the answer to a call, each with its run.
pub(super) fn read_facts(call: &RecordedCall) -> Vec<(String, RunFact)> {
    let mut facts = read_answer(call);
    let asks_database = matches!(
        call.request,
        CallRequest::Record { .. } | CallRequest::Records { .. } | CallRequest::FinalRecords { .. }
    );
    for (_, fact) in &mut facts {
        if let RunFact::Reported(report) = fact {
            report.is_current = asks_database;
        }
    }
    facts
}

fn read_answer(call: &RecordedCall) -> Vec<(String, RunFact)> {
    let Some(answer) = &call.answer else { return Vec::new() };
    let body = &answer.body;
    let named = text_of(body, "syncId");
    let about = |run: Option<String>, fact: RunFact| run.map(|run| (run, fact)).into_iter().collect::<Vec<_>>();
    match (&call.request, answer.status) {
        (CallRequest::Start { source, action, .. }, 202) => {
            let preview = action == "preview";
            let mut facts =
                about(named.clone(), RunFact::Accepted { source: Some(source.clone()), undo_of: None, preview });
            // The answer to a form is a panel, which was read after the run was created.
            if read_phase(&body["status"]).is_some() {
                facts.extend(about(named, read_report(body)));
            }
            facts
        }
        (CallRequest::Undo { run }, 202) => {
            about(named, RunFact::Accepted { source: None, undo_of: Some(run.clone()), preview: false })
        }
        (CallRequest::Start { .. }, 409) => {
            let mut facts = about(named.clone(), RunFact::Active);
            if read_phase(&body["status"]).is_some() {
                facts.extend(about(named, read_report(body)));
            }
            facts
        }
        (CallRequest::Undo { run }, 409) => match body["code"].as_str() {
            Some("already_running") => about(named, RunFact::Active),
            Some("still_active") => about(Some(run.clone()), RunFact::Active),
            Some("nothing_to_undo") => about(Some(run.clone()), RunFact::Ended),
            _ => Vec::new(),
        },
        (CallRequest::Cancel { run }, 202) if body["status"] == "cancelled" => {
            about(Some(run.clone()), RunFact::CancelDone)
        }
        (CallRequest::Cancel { run }, 202) => about(Some(run.clone()), RunFact::CancelAccepted),
        (CallRequest::Cancel { run }, 409) => match body["code"].as_str() {
            Some("already_finishing") => about(Some(run.clone()), RunFact::Active),
            Some("already_ended") => about(Some(run.clone()), RunFact::Ended),
            _ => Vec::new(),
        },
        (CallRequest::Status { .. } | CallRequest::Panel { .. } | CallRequest::Record { .. }, 200) => {
            about(named, read_report(body))
        }
        (CallRequest::Records { .. } | CallRequest::FinalRecords { .. }, 200) => {
            let items = body["items"].as_array().map(Vec::as_slice).unwrap_or_default();
            items.iter().filter_map(|item| Some((text_of(item, "syncId")?, read_report(item)))).collect()
        }
        (
            CallRequest::Status { run }
            | CallRequest::Record { run }
            | CallRequest::Cancel { run }
            | CallRequest::Undo { run }
            | CallRequest::Panel { run: Some(run), .. },
            404,
        ) => about(Some(run.clone()), RunFact::Unknown),
        _ => Vec::new(),
    }
}
