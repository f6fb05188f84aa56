//! The first step of a run: its source comes here, and whoever watches is told how far it is.

use chrono::{DateTime, Utc};

use super::outcome::Stopped;
use super::run::Run;
use crate::domain::operation::{Mode, OperationKind, Stage};
use crate::domain::source::Validators;
use crate::fetch::{Fetched, Order, Watch};

impl Run<'_> {
    /// Brings the source's content here, or learns that nothing is new.
    pub(super) fn fetch(&self) -> Result<Fetched, Stopped> {
        let none = Validators::default();
        // A preview compares with the catalog, so it has to see everything.
        let validators = if self.operation.kind == OperationKind::Sync { &self.catalog.validators } else { &none };
        let forced = self.operation.options.force_refresh || self.operation.options.accept_rekey;
        let mode = if forced { Mode::Full } else { self.operation.mode };
        let sync = Some(self.operation.id);
        let order = Order { sync, mode, validators, timeout: self.engine.terms.fetch, within: self.signal.time_left() };
        let watch = FetchWatch { run: self };
        self.kind.fetch(&self.source, &order, &watch).map_err(Stopped::from)
    }
}

/// What a fetch sees of its run.
struct FetchWatch<'a> {
    run: &'a Run<'a>,
}

impl Watch for FetchWatch<'_> {
    fn received(&self, bytes: u64, total: Option<u64>) {
        let mut progress = self.run.reporter.now();
        // A retry begins anew; what people see does not go back.
        progress.stats.bytes = progress.stats.bytes.max(bytes);
        // Whatever was waited for has come.
        progress.message = self.run.kind.fetching_message(&self.run.source);
        progress.percent = self.run.weights.percent(Stage::Fetching, bytes, total.unwrap_or(0)).max(progress.percent);
        self.run.reporter.set(progress);
    }

    fn waiting(&self, host: &str, until: DateTime<Utc>) {
        let mut progress = self.run.reporter.now();
        progress.message = format!("Waiting for {host} until {} UTC…", until.format("%H:%M:%S"));
        self.run.reporter.set(progress);
    }

    fn should_stop(&self) -> bool {
        self.run.signal.reason().is_some()
    }
}
