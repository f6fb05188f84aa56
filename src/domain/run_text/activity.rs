//! The runs of several catalogs in one line: what is running, or how the runs that just ended went.

use super::run_outcome_label;
use super::run_state::active_label;
use super::withheld_items::needs_review_label;
use crate::domain::operation::Status;
use crate::domain::run_activity::RunActivity;

/// The line about several runs, in two parts, so that a long name can be cut off without its state.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct ActivityLabel {
    /// The name of a single catalog, or how many runs there are: "2 syncing".
    pub subject: String,
    /// The progress or the outcome: "· 48 %"; may be empty.
    pub state: String,
}

impl ActivityLabel {
    fn new(subject: impl Into<String>, state: impl Into<String>) -> Self {
        Self { subject: subject.into(), state: state.into() }
    }
}

/// The line about `runs`: "2 syncing · 48 %" while some are active, afterwards "8 done, 1 failed". One run is named:
/// "Albums · 48 %". Empty if there are no runs.
#[must_use]
pub fn activity_label(runs: &[RunActivity]) -> ActivityLabel {
    let active: Vec<_> = runs.iter().filter(|run| run.status.is_active()).collect();
    match (active.as_slice(), runs) {
        ([run], _) if run.status == Status::Pending => ActivityLabel::new(&run.name, "· queued"),
        ([run], _) => ActivityLabel::new(&run.name, format!("· {} %", run.progress)),
        ([], [run]) => {
            let outcome = match run.needs_review {
                true => needs_review_label(&run.stats).to_lowercase(),
                false => run_outcome_label(run.kind, run.status, &run.stats).to_lowercase(),
            };
            ActivityLabel::new(&run.name, format!("· {outcome}"))
        }
        ([], _) => ActivityLabel::new(ended_label(runs), ""),
        _ => active_runs_label(&active),
    }
}

/// Several active runs: "2 syncing · 48 %", "2 syncing, 6 queued".
fn active_runs_label(active: &[&RunActivity]) -> ActivityLabel {
    let running: Vec<_> = active.iter().filter(|run| run.status == Status::Running).collect();
    let queued = active.len() - running.len();
    let Some(first) = running.first() else { return ActivityLabel::new(format!("{queued} queued"), "") };
    let is_same_kind = running.iter().all(|run| run.kind == first.kind);
    let doing = if is_same_kind { active_label(first.kind).to_lowercase() } else { "running".to_owned() };
    let label = format!("{} {doing}", running.len());
    if queued > 0 {
        return ActivityLabel::new(format!("{label}, {queued} queued"), "");
    }
    let sum: usize = running.iter().map(|run| usize::from(run.progress)).sum();
    ActivityLabel::new(label, format!("· {} %", sum / running.len()))
}

/// Several runs that have ended: "8 done, 1 failed".
fn ended_label(runs: &[RunActivity]) -> String {
    let count = |is_counted: fn(Status) -> bool| runs.iter().filter(|run| is_counted(run.status)).count();
    let parts = [
        (count(|status| status == Status::Completed), "done"),
        (count(|status| matches!(status, Status::Failed | Status::Interrupted)), "failed"),
        (count(|status| status == Status::Cancelled), "cancelled"),
    ];
    let parts: Vec<_> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::{RunActivity, Status, activity_label};
    use crate::domain::operation::OperationKind;
    use crate::domain::progress::RunStats;
    use crate::domain::sync_id::SyncId;

    #[test]
    fn several_runs_are_one_line_and_one_run_is_named() {
        let run = |status, progress| RunActivity {
            id: SyncId::new(),
            source: "albums".parse().expect("a slug"),
            name: "Albums".to_owned(),
            kind: OperationKind::Sync,
            status,
            progress,
            stats: RunStats::default(),
            needs_review: false,
        };
        let label = |runs: &[RunActivity]| {
            let label = activity_label(runs);
            format!("{} {}", label.subject, label.state).trim().to_owned()
        };
        let (queued, done) = (|| run(Status::Pending, 0), || run(Status::Completed, 100));
        assert_eq!(label(&[]), "");
        assert_eq!(label(&[queued()]), "Albums · queued");
        assert_eq!(label(&[run(Status::Running, 48), done()]), "Albums · 48 %");
        assert_eq!(label(&[run(Status::Running, 40), run(Status::Running, 57)]), "2 syncing · 48 %");
        assert_eq!(label(&[run(Status::Running, 40), queued(), queued()]), "1 syncing, 2 queued");
        assert_eq!(label(&[queued(), queued()]), "2 queued");
        let preview = RunActivity { kind: OperationKind::Preview, ..run(Status::Running, 20) };
        assert_eq!(label(&[run(Status::Running, 40), preview]), "2 running · 30 %");
        assert_eq!(label(&[done()]), "Albums · sync completed");
        assert_eq!(label(&[done(), run(Status::Interrupted, 3)]), "1 done, 1 failed");
        assert_eq!(label(&[run(Status::Cancelled, 9), done()]), "1 done, 1 cancelled");
    }
}
