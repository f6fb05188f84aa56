//! The first reading as a step of a run: with its progress, and the end of a run whose source cannot be right.

use std::collections::HashMap;

use super::RunContext;
use super::compare::KeyIndex;
use super::comparison::{SourceComparison, StoredItems};
use super::outcome::RunStop;
use super::survey::SourceSurvey;
use crate::domain::change_set::KnownItem;
use crate::domain::guards::GuardVerdict;
use crate::domain::item::ColumnLayout;
use crate::domain::operation::Stage;
use crate::domain::progress::RunStats;
use crate::fetch::FetchedContent;
use crate::store::lease::RunProgress;

impl RunContext<'_> {
    /// What this run compares its source with.
    pub(super) fn comparison(&self) -> SourceComparison<'_> {
        SourceComparison { source: &self.source, catalog: &self.catalog, kind: self.kind, items: self, shelf: self }
    }

    /// The first reading, with its progress.
    pub(super) fn survey<'l>(
        &self,
        content: &dyn FetchedContent,
        layout: &'l ColumnLayout,
        index: &mut KeyIndex,
    ) -> Result<SourceSurvey<'l>, RunStop> {
        let RunStats { feeds, articles, .. } = self.reporter.now().stats;
        let fetched =
            RunStats { bytes: content.bytes(), lines: content.lines(), feeds, articles, ..RunStats::default() };
        let percent = self.weights.percent(Stage::Fetching, 1, 1);
        let message = format!("Comparing with the {} of the catalog…", self.source.noun.many);
        let mut progress = RunProgress { stage: Stage::Processing, message, percent, stats: fetched };
        self.reporter.set(progress.clone());
        let survey = self.comparison().survey(content, layout, index)?;
        progress.stats.items.total = survey.rows;
        self.reporter.set(progress);
        Ok(survey)
    }

    /// Stops a run whose source cannot be right, before the first write.
    pub(super) fn refuse(
        &self,
        survey: &SourceSurvey<'_>,
        columns: &[String],
        verdict: GuardVerdict,
    ) -> Result<(), RunStop> {
        let Some(failure) = survey.failure(&self.comparison(), columns, verdict) else { return Ok(()) };
        let mut progress = self.reporter.now();
        progress.stats.items.processed = survey.rows;
        progress.stats.rejected = survey.rejected;
        self.reporter.set(progress);
        Err(failure.into())
    }
}

impl StoredItems for RunContext<'_> {
    fn known_items(&self, each: &mut dyn FnMut(&str, KnownItem)) -> Result<(), RunStop> {
        RunContext::known_items(self, each)
    }

    fn stored_fields(&self, keys: &[&str]) -> Result<HashMap<String, String>, RunStop> {
        self.outlast(|| self.engine.store.stored_fields(self.source.id, keys))
    }

    fn stop_if_asked(&self) -> Result<(), RunStop> {
        self.signal.reason().map_or(Ok(()), |reason| Err(RunStop::Early(reason)))
    }
}
