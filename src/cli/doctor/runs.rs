//! The runs: those that nobody works on, and the sources whose last one did not end well.

use std::time::Duration;

use chrono::Utc;

use super::check_result::CheckResult;
use super::shared_connection::SharedConnection;
use crate::domain::text::measures;
use crate::store::checkup::{DatabaseProbe, FailedSource, LeftRun};

/// A run whose worker is gone is ended by any server within this.
const GRACE: Duration = Duration::from_secs(30);
/// How long a run may wait while no worker is busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long a last transaction may take before something is wrong.
const LAST: Duration = Duration::from_secs(300);

/// Looks at them.
pub(super) fn check(patient: &mut SharedConnection) -> Vec<CheckResult> {
    let mut findings = match patient.ask(|checkup| checkup.left_runs(GRACE, PATIENCE)) {
        Ok((lost, waiting)) => left(&lost, &waiting),
        Err(error) => vec![CheckResult::wrong("runs", error, "See what is said of the database.")],
    };
    findings.extend(match patient.ask(DatabaseProbe::failed_sources) {
        Ok(failed) if failed.is_empty() => vec![CheckResult::ok("sources", "the last sync of none of them failed")],
        Ok(failed) => failed.iter().map(failure).collect(),
        Err(error) => vec![CheckResult::wrong("sources", error, "See what is said of the database.")],
    });
    findings
}

fn left(lost: &[LeftRun], waiting: &[LeftRun]) -> Vec<CheckResult> {
    const CHECK: &str = "runs";
    let of_lost = lost.iter().map(|run| {
        let LeftRun { id, source, .. } = run;
        let (worker, past) = (run.worker.as_deref().unwrap_or("?"), measures::length(run.since));
        let fix = "No server is running, or none can write to the database. Start `lockstep serve`: it ends such runs \
                   and starts them again by itself.";
        if !run.finalizing {
            let message =
                format!("{id} of {source} has had no worker for {past} (it was {worker}), and no server has ended it");
            return CheckResult::wrong(CHECK, message, fix);
        }
        let message = format!(
            "the lease of {id} of {source} ran out {past} ago ({worker}), in its last transaction, which may still be \
             going on"
        );
        let patient = "Look again in a minute: the end of a big sync takes a while.";
        if run.since < LAST {
            CheckResult::warning(CHECK, message, patient)
        } else {
            CheckResult::wrong(CHECK, message, format!("{patient} If it stays so: {fix}"))
        }
    });
    let of_waiting = waiting.iter().map(|run| {
        let message = format!(
            "{} of {} has been waiting for {}, and no worker is busy",
            run.id,
            run.source,
            measures::length(run.since)
        );
        CheckResult::wrong(CHECK, message, "No server is running. Start `lockstep serve`.")
    });
    let mut findings: Vec<CheckResult> = of_lost.chain(of_waiting).collect();
    if findings.is_empty() {
        findings.push(CheckResult::ok(CHECK, "none is left without a worker"));
    }
    findings
}

fn failure(failed: &FailedSource) -> CheckResult {
    let FailedSource { source, id, message, ended } = failed;
    let past = measures::length((Utc::now() - ended).to_std().unwrap_or_default());
    let fix = format!(
        "Mend what it names, then `lockstep sync {source}`. `lockstep source check {source}` looks without writing."
    );
    CheckResult::warning(
        "sources",
        format!("the last sync of {source} did not end well {past} ago ({id}): {message}"),
        fix,
    )
}
