//! Checks the life of runs as many clients see it, in the style of Jepsen: a recorder writes down every call to real
//! servers under faults, and a checker decides whether a legal life of the runs explains every answer.
//!
//! The seed of a history is printed and can be set (`LOCKSTEP_HISTORY_SEED`); clients and faults follow from it, the
//! machine adds the rest. `make histories` records for as many minutes as `LOCKSTEP_HISTORY_MINUTES` says. When the
//! checker finds a contradiction, the history is written to `target/histories/`; `LOCKSTEP_HISTORY_FILE` names a file
//! to check again.

mod checker;
mod history;
mod recorder;
mod rule_tests;
mod summary;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use self::checker::check_history;
use self::history::RunHistory;
use self::recorder::{RoundPlan, record_history};
use self::summary::HistorySummary;
use crate::support::{TestDatabase, on_both_databases};

/// How long the clients of the short history call.
const SHORT_DURATION: Duration = Duration::from_secs(20);
/// How long the clients of each history of a long series call.
const ROUND_DURATION: Duration = Duration::from_secs(150);
const HISTORY_SEED: u64 = 22;
/// How many contradictions of a history are shown.
const MAX_SHOWN: usize = 5;

on_both_databases! { a_legal_life_of_the_runs_explains_every_answer_that_clients_get_under_faults }

fn a_legal_life_of_the_runs_explains_every_answer_that_clients_get_under_faults(db: &TestDatabase) {
    let read = |name: &str| std::env::var(name).ok().map(|value| value.parse::<u64>().expect("a number"));
    let seed = read("LOCKSTEP_HISTORY_SEED").unwrap_or(HISTORY_SEED);
    let Some(minutes) = read("LOCKSTEP_HISTORY_MINUTES") else {
        let plan = RoundPlan { servers: 2, status_store: "file", ..RoundPlan::from_seed(seed, SHORT_DURATION) };
        return play_round(db, &plan, &mut HistorySummary::default());
    };
    let (started, mut summary) = (Instant::now(), HistorySummary::default());
    for round in 0.. {
        if started.elapsed() >= Duration::from_secs(60 * minutes) {
            break;
        }
        let fresh = if db.is_sqlite() { TestDatabase::sqlite() } else { TestDatabase::postgres() };
        play_round(&fresh, &RoundPlan::from_seed(seed + round, ROUND_DURATION), &mut summary);
        println!("{}: so far {summary}", name_database(db));
    }
    println!("{}: no contradiction in {summary}", name_database(db));
}

fn name_database(db: &TestDatabase) -> &'static str {
    if db.is_sqlite() { "SQLite" } else { "PostgreSQL" }
}

/// Records a history and checks it.
fn play_round(db: &TestDatabase, plan: &RoundPlan, summary: &mut HistorySummary) {
    let name = name_database(db);
    println!("{name}: {plan:?}");
    let history = record_history(db, plan);
    let mut own = HistorySummary::default();
    own.add_history(&history);
    summary.add_history(&history);
    println!("{name}: {own}");
    let file = project_target().join(format!("histories/{}-{:x}.jsonl", name.to_lowercase(), plan.seed));
    expect_legal(&history, &file);
    assert!(own.count_runs() > 0 && own.count_faults() > 0, "too little happened: {own}");
}

/// Fails with the shortest explanations if the history has contradictions, and writes it to a file.
fn expect_legal(history: &RunHistory, file: &Path) {
    let found = check_history(history);
    if found.is_empty() {
        return;
    }
    history.write_file(file).expect("a written history");
    let shown: Vec<String> = found.iter().take(MAX_SHOWN).map(|found| found.explain(history)).collect();
    panic!("{} contradictions; the history is in {}\n{}", found.len(), file.display(), shown.join("\n"));
}

fn project_target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the target folder").to_owned()
}

#[test]
fn a_recorded_history_is_checked_again() {
    let Ok(path) = std::env::var("LOCKSTEP_HISTORY_FILE") else { return };
    let path = PathBuf::from(path);
    let history = RunHistory::read_file(&path).expect("a history");
    let mut summary = HistorySummary::default();
    summary.add_history(&history);
    println!("{summary}");
    expect_legal(&history, &path.with_extension("checked.jsonl"));
}
