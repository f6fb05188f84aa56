//! What is in the catalog after a completed sync.

use std::collections::BTreeMap;

use super::contradiction::{Contradiction, LifeRule};
use super::quiet_spans::is_undisturbed;
use super::run_life::{RunLife, RunLives};
use super::sightings::RunPhase;
use crate::servers::run_lives::history::{CallRequest, PublishedSheet, RecordedTime, RunHistory};

/// The number of items of each edition, in an answer.
pub(super) struct SeenItems {
    pub(super) call: usize,
    pub(super) source: String,
    pub(super) begin: RecordedTime,
    pub(super) end: RecordedTime,
    pub(super) editions: BTreeMap<u64, u64>,
}

/// All answers with the items of a source.
pub(super) fn read_items(history: &RunHistory) -> Vec<SeenItems> {
    let calls = history.calls.iter().enumerate();
    calls
        .filter_map(|(number, call)| {
            let CallRequest::Items { source } = &call.request else { return None };
            let answer = call.answer.as_ref().filter(|answer| answer.status == 200)?;
            // A list without an `ETag` says itself that it lags behind a run.
            if answer.body["lags"] == true {
                return None;
            }
            let values = answer.body["facets"]["edition"].as_array().map(Vec::as_slice).unwrap_or_default();
            let count = |value: &serde_json::Value| {
                let edition = value["value"].as_str()?.parse().ok()?;
                Some((edition, value["count"].as_u64()?))
            };
            let mut editions: BTreeMap<u64, u64> = values.iter().filter_map(count).collect();
            // Items that have no readable edition.
            let total = answer.body["total"].as_u64().unwrap_or_default();
            let rest = total.abs_diff(editions.values().sum());
            if rest > 0 {
                editions.insert(u64::MAX, rest);
            }
            Some(SeenItems { call: number, source: source.clone(), begin: call.begin, end: call.end, editions })
        })
        .collect()
}

pub(super) fn find_contradictions(history: &RunHistory, lives: &RunLives) -> Vec<Contradiction> {
    let by_source = lives.by_source();
    let mut found = Vec::new();
    for seen in read_items(history) {
        let sheets: Vec<&PublishedSheet> = history.sheets.iter().filter(|sheet| sheet.source == seen.source).collect();
        let is_published =
            |edition: &u64| sheets.iter().any(|sheet| sheet.edition == *edition && sheet.begin <= seen.end);
        if let Some((edition, count)) = seen.editions.iter().find(|(edition, _)| !is_published(edition)) {
            let finding = format!("{count} items of {} have edition {edition}", seen.source);
            found.push(Contradiction::new(LifeRule::UnpublishedItems, finding, [seen.call]));
        }
        let Some(runs) = by_source.get(seen.source.as_str()) else { continue };
        found.extend(find_difference(&seen, &sheets, runs));
    }
    found
}

/// How many answers with items are compared with a sheet: the others were given while runs followed each other.
pub(super) fn count_judged(history: &RunHistory, lives: &RunLives) -> usize {
    let by_source = lives.by_source();
    let is_judged = |seen: &&SeenItems| {
        let runs = by_source.get(seen.source.as_str()).map(Vec::as_slice).unwrap_or_default();
        runs.iter().any(|life| is_last_sync(life, seen, runs))
    };
    read_items(history).iter().filter(is_judged).count()
}

/// Compares items with the sheets that the last sync may have fetched, if that sync completed and nothing else changed
/// the catalog until then.
fn find_difference(seen: &SeenItems, sheets: &[&PublishedSheet], runs: &[&RunLife]) -> Option<Contradiction> {
    let last = runs.iter().find(|life| is_last_sync(life, seen, runs))?;
    let (ended_by, ending) = last.ended_by?;
    let could_be_fetched = |number: usize| {
        let is_replaced = sheets.get(number + 1).is_some_and(|next| next.end <= last.created_after);
        sheets[number].begin <= ended_by && !is_replaced
    };
    let possible: Vec<&PublishedSheet> =
        (0..sheets.len()).filter(|number| could_be_fetched(*number)).map(|number| sheets[number]).collect();
    let is_equal = |sheet: &&PublishedSheet| seen.editions == BTreeMap::from([(sheet.edition, sheet.rows)]);
    if possible.iter().any(is_equal) {
        return None;
    }
    let expected: Vec<String> =
        possible.iter().map(|sheet| format!("{} of edition {}", sheet.rows, sheet.edition)).collect();
    let finding = format!("after {} there are {:?} instead of {}", last.id, seen.editions, expected.join(" or "));
    let accepted = last.accepted.or(last.sightings.first().map(|sighting| sighting.call));
    Some(Contradiction::new(LifeRule::ItemsDiffer, finding, accepted.into_iter().chain([ending, seen.call])))
}

fn is_last_sync(life: &RunLife, seen: &SeenItems, runs: &[&RunLife]) -> bool {
    let completed = life.ending().is_some_and(|(phase, _)| phase == RunPhase::Completed);
    let is_sync = life.kind.as_deref() == Some("sync");
    let withheld = life.reports().any(|(report, _)| report.withheld.is_some_and(|count| count > 0));
    let ended_before = life.ended_by.is_some_and(|(ended, _)| ended <= seen.begin);
    completed && is_sync && !withheld && ended_before && is_undisturbed(runs, &[&life.id], life.created_after, seen.end)
}
