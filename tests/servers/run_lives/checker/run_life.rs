//! Collects what a history says about each run, and when each run was surely created, active and ended.

use std::collections::{BTreeMap, BTreeSet};

use super::sightings::{RunFact, RunPhase, RunReport, RunSighting, read_facts};
use crate::servers::run_lives::history::{CallRequest, RecordedTime, RunHistory};

/// What is known of one run.
#[derive(Clone, Default, Debug)]
pub(super) struct RunLife {
    pub(super) id: String,
    /// In the order in which the calls began.
    pub(super) sightings: Vec<RunSighting>,
    pub(super) source: Option<String>,
    pub(super) kind: Option<String>,
    /// The run that this one undoes.
    pub(super) undo_of: Option<String>,
    pub(super) retry_of: Option<String>,
    /// The call that was answered with its acceptance.
    pub(super) accepted: Option<usize>,
    /// It was surely not created before this time.
    pub(super) created_after: RecordedTime,
    /// It had surely been created by this time.
    pub(super) created_by: RecordedTime,
    /// It was surely active at this time or later, with the call that shows it.
    pub(super) active_until: Option<(RecordedTime, usize)>,
    /// It had surely ended by this time, with the call that shows it.
    pub(super) ended_by: Option<(RecordedTime, usize)>,
}

impl RunLife {
    /// The phases in which the run was seen, with their calls.
    pub(super) fn phases(&self) -> impl Iterator<Item = (RunPhase, &RunSighting)> {
        self.sightings.iter().filter_map(|sighting| Some((sighting.phase()?, sighting)))
    }

    pub(super) fn reports(&self) -> impl Iterator<Item = (&RunReport, &RunSighting)> {
        self.sightings.iter().filter_map(|sighting| Some((sighting.report()?, sighting)))
    }

    /// How the run ended, if that was seen.
    pub(super) fn ending(&self) -> Option<(RunPhase, &RunSighting)> {
        self.phases().find(|(phase, _)| phase.is_ended())
    }

    pub(super) fn is_preview(&self) -> bool {
        self.kind.as_deref() == Some("preview")
    }

    fn take_facts(&mut self) {
        self.created_by = self.sightings.iter().map(|sighting| sighting.end).min().unwrap_or_default();
        let known = |sighting: &&RunSighting| sighting.fact != RunFact::Unknown;
        if let Some(first) = self.sightings.iter().filter(known).map(|sighting| sighting.end).min() {
            self.created_by = first;
        }
        for sighting in &self.sightings {
            if let RunFact::Accepted { source, undo_of, preview } = &sighting.fact {
                self.accepted.get_or_insert(sighting.call);
                (self.created_after, self.created_by) = (sighting.begin, self.created_by.min(sighting.end));
                self.source = self.source.take().or_else(|| source.clone());
                self.undo_of = self.undo_of.take().or_else(|| undo_of.clone());
                let kind = if undo_of.is_some() {
                    "undo"
                } else if *preview {
                    "preview"
                } else {
                    "sync"
                };
                self.kind.get_or_insert_with(|| kind.to_owned());
            }
            if let RunFact::Reported(report) = &sighting.fact {
                self.source = self.source.take().or_else(|| report.source.clone());
                self.kind = self.kind.take().or_else(|| report.kind.clone());
                self.retry_of = self.retry_of.take().or_else(|| report.retry_of.clone());
                if report.kind.as_deref() == Some("undo") {
                    self.undo_of = self.undo_of.take().or_else(|| report.target.clone());
                }
            }
        }
        let latest = self.sightings.iter().filter_map(|sighting| Some((sighting.active_since()?, sighting.call)));
        self.active_until = latest.max();
        let earliest = self.sightings.iter().filter_map(|sighting| Some((sighting.ended_by()?, sighting.call)));
        self.ended_by = earliest.min();
    }
}

/// All runs of a history, by their ids.
#[derive(Default, Debug)]
pub(in crate::servers::run_lives) struct RunLives {
    runs: BTreeMap<String, RunLife>,
}

impl RunLives {
    /// Reads the answers of a history.
    pub(in crate::servers::run_lives) fn read(history: &RunHistory) -> Self {
        let mut runs: BTreeMap<String, RunLife> = BTreeMap::new();
        for (number, call) in history.calls.iter().enumerate() {
            for (id, fact) in read_facts(call) {
                let life = runs.entry(id.clone()).or_insert_with(|| RunLife { id, ..RunLife::default() });
                let (begin, end, process) = (call.begin, call.end, call.process.clone());
                life.sightings.push(RunSighting { call: number, begin, end, process, fact });
            }
        }
        runs.values_mut().for_each(RunLife::take_facts);
        let mut lives = Self { runs };
        lives.find_sources_of_undos();
        lives.bound_creations(history);
        lives
    }

    /// An undo has the source of the run that it undoes.
    fn find_sources_of_undos(&mut self) {
        let sources: BTreeMap<String, String> =
            self.runs.values().filter_map(|life| Some((life.id.clone(), life.source.clone()?))).collect();
        for life in self.runs.values_mut().filter(|life| life.source.is_none()) {
            life.source = life.undo_of.as_ref().and_then(|undone| sources.get(undone)).cloned();
        }
    }

    /// Finds the earliest time at which runs were created that no answer accepted: they came from starts without an
    /// answer, or they continue another run.
    fn bound_creations(&mut self, history: &RunHistory) {
        let unanswered: Vec<(Option<&str>, RecordedTime)> = history
            .calls
            .iter()
            .filter(|call| call.answer.as_ref().is_none_or(|answer| answer.status >= 500))
            .filter_map(|call| match &call.request {
                CallRequest::Start { source, .. } => Some((Some(source.as_str()), call.begin)),
                CallRequest::Undo { .. } => Some((None, call.begin)),
                _ => None,
            })
            .collect();
        let ids: Vec<String> = self.runs.keys().cloned().collect();
        for id in &ids {
            let created_after = self.find_creation_bound(id, &unanswered, &mut BTreeSet::new());
            if let Some(life) = self.runs.get_mut(id) {
                life.created_after = created_after;
            }
        }
    }

    fn find_creation_bound(
        &self,
        id: &str,
        unanswered: &[(Option<&str>, RecordedTime)],
        seen: &mut BTreeSet<String>,
    ) -> RecordedTime {
        let Some(life) = self.runs.get(id) else { return 0 };
        if life.accepted.is_some() || !seen.insert(id.to_owned()) {
            return life.created_after;
        }
        if let Some(former) = &life.retry_of {
            let active = self.runs.get(former).and_then(|former| former.active_until).map_or(0, |(time, _)| time);
            return self.find_creation_bound(former, unanswered, seen).max(active);
        }
        let possible = unanswered.iter().filter(|(source, begin)| {
            let of_source = source.is_none_or(|source| life.source.as_deref().is_none_or(|own| own == source));
            of_source && *begin <= life.created_by
        });
        possible.map(|(_, begin)| *begin).min().unwrap_or_default()
    }

    pub(super) fn find(&self, id: &str) -> Option<&RunLife> {
        self.runs.get(id)
    }

    /// How many runs were seen.
    pub(in crate::servers::run_lives) fn count(&self) -> usize {
        self.runs.len()
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &RunLife> {
        self.runs.values()
    }

    /// The runs of each source.
    pub(super) fn by_source(&self) -> BTreeMap<&str, Vec<&RunLife>> {
        let mut sources: BTreeMap<&str, Vec<&RunLife>> = BTreeMap::new();
        for life in self.runs.values() {
            if let Some(source) = &life.source {
                sources.entry(source).or_default().push(life);
            }
        }
        sources
    }
}
