//! Checks for runs without a worker, and for sources whose last run did not complete.

use std::time::Duration;

use chrono::Utc;

use super::check_result::CheckResult;
use super::shared_connection::SharedConnection;
use crate::domain::text::measures;
use crate::store::diagnostics::{DatabaseProbe, FailedSource, StalledRun};

/// A running server ends a run without a worker within this time.
const RECOVERY_TIME: Duration = Duration::from_secs(30);
/// How long a run may be queued while no worker is busy.
const MAX_QUEUE_TIME: Duration = Duration::from_secs(60);
/// How long a final transaction may take before it counts as an error.
const MAX_FINAL_TRANSACTION_TIME: Duration = Duration::from_secs(300);

/// The fix for checks that could not query the database.
const DATABASE_FIX: &str = "See the checks of the database above.";

/// Checks runs and sources.
pub(super) fn check_runs(connection: &mut SharedConnection) -> Vec<CheckResult> {
    let mut results = match connection.run_query(|probe| probe.stalled_runs(RECOVERY_TIME, MAX_QUEUE_TIME)) {
        Ok((lost, waiting)) => report_stalled_runs(&lost, &waiting),
        Err(error) => vec![CheckResult::wrong("runs", error, DATABASE_FIX)],
    };
    results.extend(match connection.run_query(DatabaseProbe::failed_sources) {
        Ok(failed) if failed.is_empty() => vec![CheckResult::ok("sources", "no source's last sync failed")],
        Ok(failed) => failed.iter().map(report_failed_source).collect(),
        Err(error) => vec![CheckResult::wrong("sources", error, DATABASE_FIX)],
    });
    results
}

fn report_stalled_runs(lost: &[StalledRun], waiting: &[StalledRun]) -> Vec<CheckResult> {
    const CHECK: &str = "runs";
    let lost_results = lost.iter().map(|run| {
        let StalledRun { id, source, .. } = run;
        let (worker, age) = (run.worker.as_deref().unwrap_or("unknown"), measures::format_elapsed(run.stalled_for));
        let fix = "No server is running, or none can write to the database. Start `lockstep serve`: it ends such runs \
                   and starts them again.";
        if !run.finalizing {
            let message =
                format!("{id} of {source} has had no worker for {age} (last: {worker}), and no server has ended it");
            return CheckResult::wrong(CHECK, message, fix);
        }
        let message = format!(
            "the lease of {id} of {source} expired {age} ago ({worker}) during its final transaction, which may still \
             be running"
        );
        let wait = "Check again in a minute: the final transaction of a large sync takes a while.";
        if run.stalled_for < MAX_FINAL_TRANSACTION_TIME {
            CheckResult::warning(CHECK, message, wait)
        } else {
            CheckResult::wrong(CHECK, message, format!("{wait} If this persists: {fix}"))
        }
    });
    let waiting_results = waiting.iter().map(|run| {
        let age = measures::format_elapsed(run.stalled_for);
        let message = format!("{} of {} has been queued for {age}, and no worker is busy", run.id, run.source);
        CheckResult::wrong(CHECK, message, "No server is running. Start `lockstep serve`.")
    });
    let mut results: Vec<CheckResult> = lost_results.chain(waiting_results).collect();
    if results.is_empty() {
        results.push(CheckResult::ok(CHECK, "no run is left without a worker"));
    }
    results
}

fn report_failed_source(failed: &FailedSource) -> CheckResult {
    let FailedSource { source, id, message, ended_at } = failed;
    let age = measures::format_elapsed((Utc::now() - ended_at).to_std().unwrap_or_default());
    let fix = format!(
        "Fix the cause that the message names, then run `lockstep sync {source}`. `lockstep source check {source}` \
         tests the source without writing."
    );
    CheckResult::warning(
        "sources",
        format!("the last sync of {source} did not complete, {age} ago ({id}): {message}"),
        fix,
    )
}
