//! Clean files are polluted like real ones, from fixed seeds: a run reads the file like the clean one, or reports the
//! difference.

pub(super) mod clean;
mod damaged_byte;
pub(super) mod faults;

use std::collections::BTreeMap;

use lockstep::domain::operation::Status;
use lockstep::domain::source::Source;
use lockstep::store::items::Item;

use crate::support::seeded_random::SeededRandom;
use crate::support::{TestDatabase, TestEngine};
use clean::CleanTable;
use faults::{Fault, Polluted};

/// The number of polluted files, unless `LOCKSTEP_POLLUTIONS` sets it.
const CASE_COUNT: u64 = 2000;
/// The largest number of wrong catalogs without a report, per thousand files.
const MOST_SILENT_PER_MILLE: u64 = 20;
const LANE_COUNT: u64 = 4;
/// One case in this many is on PostgreSQL. It shares no divisor with the number of faults, so each fault is included.
const POSTGRES_EVERY: u64 = 8;
const SEED: u64 = 0x5EED_0009;

/// The outcome for one polluted file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum PollutionOutcome {
    /// The catalog is that of the clean file.
    Equal,
    /// The run failed and wrote nothing.
    Failed,
    /// The catalog differs, and the run reports it.
    Told,
    /// The catalog differs, and the run does not report it.
    Silent,
    /// An item of the clean file was removed.
    Removed,
}

/// How often each fault had each outcome, with an example of each.
type OutcomeTally = BTreeMap<(Fault, PollutionOutcome), (u64, String)>;

#[test]
fn a_polluted_file_is_read_as_the_clean_one_or_the_run_reports_the_difference() {
    let cases =
        std::env::var("LOCKSTEP_POLLUTIONS").map_or(CASE_COUNT, |number| number.parse().expect("a number of files"));
    let tallies: Vec<OutcomeTally> = std::thread::scope(|scope| {
        let lanes: Vec<_> = (0..LANE_COUNT).map(|lane| scope.spawn(move || run_lane(lane, cases))).collect();
        lanes.into_iter().map(|lane| lane.join().expect("a lane without a panic")).collect()
    });
    let mut tally = OutcomeTally::new();
    for ((fault, outcome), (count, example)) in tallies.into_iter().flatten() {
        tally.entry((fault, outcome)).or_insert((0, example)).0 += count;
    }
    let (mut silent, mut removed) = (0, Vec::new());
    for ((fault, outcome), (count, example)) in &tally {
        println!("{fault:?}: {outcome:?} {count}");
        if matches!(outcome, PollutionOutcome::Silent) {
            silent += count;
            println!("  {example}");
        }
        if matches!(outcome, PollutionOutcome::Removed) {
            removed.push(example.clone());
        }
    }
    println!("{silent} of {cases} came out wrong without a word");
    assert_eq!(tally.values().map(|(count, _)| count).sum::<u64>(), cases);
    assert!(removed.is_empty(), "a fault of the file removed items: {removed:#?}");
    assert!(silent * 1000 <= cases * MOST_SILENT_PER_MILLE, "{silent} of {cases}");
}

/// Every fourth case, on databases of its own: most on SQLite.
fn run_lane(lane: u64, cases: u64) -> OutcomeTally {
    let databases = [TestDatabase::sqlite(), TestDatabase::postgres()];
    let engines = databases.each_ref().map(TestEngine::on_database);
    let mut tally = OutcomeTally::new();
    for case in (lane..cases).step_by(usize::try_from(LANE_COUNT).expect("small")) {
        let mut random = SeededRandom::new(SEED + case);
        let clean = CleanTable::draw_table(&mut random);
        let fault = Fault::ALL[usize::try_from(case / LANE_COUNT).expect("small") % Fault::ALL.len()];
        let polluted = fault.pollute(&clean, &mut random);
        let engine = &engines[usize::from((case / LANE_COUNT).is_multiple_of(POSTGRES_EVERY))];
        let outcome = judge_pollution(engine, case, &clean, &polluted, random.next_chance(50));
        let example = format!("case {case}: {}", String::from_utf8_lossy(&polluted.polluted_bytes).escape_debug());
        tally.entry((fault, outcome)).or_insert((0, example)).0 += 1;
    }
    tally
}

/// Syncs the polluted file, after the clean one where `has_catalog`, and compares.
fn judge_pollution(
    engine: &TestEngine,
    case: u64,
    clean: &CleanTable,
    polluted: &Polluted,
    has_catalog: bool,
) -> PollutionOutcome {
    let expected = clean.sorted_lines();
    let first = if has_catalog { clean.to_bytes() } else { polluted.polluted_bytes.clone() };
    let source = engine.csv_source(&format!("case-{case}"), first);
    if has_catalog {
        let record = engine.sync(&source);
        assert_eq!(record.issues, 0, "a clean file: {:?}", engine.list_issues(record.summary.id));
        assert_eq!(sorted_lines(engine, &source), expected, "{}", record.summary.message);
        engine.rewrite_file(&source, &polluted.polluted_bytes);
    }
    let record = engine.sync(&source);
    let lines = sorted_lines(engine, &source);
    let keys = |lines: &[String]| -> Vec<String> {
        lines.iter().filter_map(|line| line.split('|').next().map(str::to_owned)).collect()
    };
    let kept = keys(&lines);
    if record.summary.status == Status::Failed {
        assert!(if has_catalog { lines == expected } else { lines.is_empty() }, "a failed run writes nothing");
        PollutionOutcome::Failed
    } else if lines == expected {
        PollutionOutcome::Equal
    } else if has_catalog && keys(&expected).iter().any(|key| !kept.contains(key)) {
        PollutionOutcome::Removed
    } else if engine
        .store
        .list_issues(record.summary.id, 1, 1000)
        .expect("issues")
        .iter()
        .any(|issue| polluted.is_reported_by(issue))
    {
        PollutionOutcome::Told
    } else {
        PollutionOutcome::Silent
    }
}

/// The items of a catalog with the names of their columns. A column without a name that is empty throughout is none.
fn sorted_lines(engine: &TestEngine, source: &Source) -> Vec<String> {
    let items = engine.list_items(source);
    let is_used = |at: usize| {
        let name = |item: &Item| item.fields.get(at).is_some_and(|(name, _)| *name == format!("column {}", at + 1));
        let value = |item: &Item| item.fields.get(at).is_some_and(|(_, value)| !value.is_empty());
        items.iter().any(|item| !name(item) || value(item))
    };
    let line = |item: &Item| {
        let fields = item.fields.iter().enumerate().filter(|(at, _)| is_used(*at));
        fields.map(|(_, (name, value))| format!("{name}={value}")).collect::<Vec<_>>().join("|")
    };
    let mut lines: Vec<String> = items.iter().map(line).collect();
    lines.sort_unstable();
    lines
}
