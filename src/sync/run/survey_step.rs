//! The first reading as a step of a run: with its progress, and the end of a run whose source cannot be right.

use std::collections::HashMap;

use super::Run;
use super::compare::KeyIndex;
use super::comparison::{Comparison, StoredItems};
use super::outcome::Stopped;
use super::survey::Survey;
use crate::domain::change_set::Known;
use crate::domain::guards::Verdict;
use crate::domain::item::Layout;
use crate::domain::operation::Stage;
use crate::domain::progress::Stats;
use crate::fetch::Content;
use crate::store::lease::Progress;

impl Run<'_> {
    /// What this run compares its source with.
    pub(super) fn comparison(&self) -> Comparison<'_> {
        Comparison { source: &self.source, catalog: &self.catalog, kind: self.kind, items: self, shelf: self }
    }

    /// The first reading, with its progress.
    pub(super) fn survey<'l>(
        &self,
        content: &dyn Content,
        layout: &'l Layout,
        index: &mut KeyIndex,
    ) -> Result<Survey<'l>, Stopped> {
        let Stats { feeds, articles, .. } = self.reporter.now().stats;
        let fetched = Stats { bytes: content.bytes(), lines: content.lines(), feeds, articles, ..Stats::default() };
        let percent = self.weights.percent(Stage::Fetching, 1, 1);
        let message = format!("Comparing with the {} of the catalog…", self.source.noun.many);
        let mut progress = Progress { stage: Stage::Processing, message, percent, stats: fetched };
        self.reporter.set(progress.clone());
        let survey = self.comparison().survey(content, layout, index)?;
        progress.stats.items.total = survey.rows;
        self.reporter.set(progress);
        Ok(survey)
    }

    /// Stops a run whose source cannot be right, before the first write.
    pub(super) fn refuse(&self, survey: &Survey<'_>, columns: &[String], verdict: Verdict) -> Result<(), Stopped> {
        let Some(failure) = survey.failure(&self.comparison(), columns, verdict) else { return Ok(()) };
        let mut progress = self.reporter.now();
        progress.stats.items.processed = survey.rows;
        progress.stats.rejected = survey.rejected;
        self.reporter.set(progress);
        Err(failure.into())
    }
}

impl StoredItems for Run<'_> {
    fn known_items(&self, each: &mut dyn FnMut(&str, Known)) -> Result<(), Stopped> {
        Run::known_items(self, each)
    }

    fn stored_fields(&self, keys: &[&str]) -> Result<HashMap<String, String>, Stopped> {
        self.outlast(|| self.engine.store.stored_fields(self.source.id, keys))
    }

    fn stop_if_asked(&self) -> Result<(), Stopped> {
        self.signal.reason().map_or(Ok(()), |reason| Err(Stopped::Early(reason)))
    }
}
