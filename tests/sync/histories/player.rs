//! Plays a history on the engine and on the model.

use lockstep::domain::operation::{Mode, OperationKind, StartOptions, StartRequest, Status};
use lockstep::domain::record::SyncRecord;
use lockstep::domain::removal_review::ReviewReason;
use lockstep::domain::source::Source;
use lockstep::domain::sync_id::SyncId;
use lockstep::store::admission::StartOutcome;
use lockstep::store::cancel::CancelOutcome;
use lockstep::sync::ShutdownSignal;
use lockstep::sync::follow_up::{FollowUp, FollowUpRefusal};

use super::model::{BLOCK_ROWS, CatalogModel, Verdict};
use super::sheet::Sheet;
use super::steps::HistoryStep;
use crate::support::memory_kind::{FaultMoment, MemoryFault};
use crate::support::test_engine::{full_sync, preview_run};
use crate::support::{PausePoint, TestDatabase, TestEngine};

/// A catalog and its model.
pub(super) struct HistoryPlayer<'a> {
    pub(super) db: &'a TestDatabase,
    pub(super) engine: TestEngine,
    pub(super) source: Source,
    pub(super) sheet: Sheet,
    pub(super) model: CatalogModel,
    /// The runs of the model, in their order.
    pub(super) runs: Vec<SyncId>,
}

impl<'a> HistoryPlayer<'a> {
    pub(super) fn new(db: &'a TestDatabase, slug: &str) -> Self {
        let engine = TestEngine::on_database(db);
        let mut sheet = Sheet::default();
        sheet.fill(0);
        let source = engine.memory_source(slug, sheet.table());
        Self { db, engine, source, sheet, model: CatalogModel::default(), runs: Vec::new() }
    }

    pub(super) fn play(&mut self, step: &HistoryStep) {
        if step.edit(&mut self.sheet) {
            return self.set_table();
        }
        match step {
            HistoryStep::Sync { accept_rekey, is_full } => {
                let mode = if *is_full { Mode::Full } else { Mode::Incremental };
                let options = StartOptions { accept_rekey: *accept_rekey, ..StartOptions::default() };
                let record = self.engine.run_request(&self.source, &StartRequest { mode, options, ..full_sync() });
                self.expect_sync(&record, *accept_rekey);
            }
            HistoryStep::BrokenSync(block) => self.break_sync(*block),
            HistoryStep::CancelledSync(block) => self.cancel_sync(*block),
            HistoryStep::KilledSync(block) => self.kill_sync(*block),
            HistoryStep::ApplyPreview(edits) => self.apply_preview(edits),
            HistoryStep::RemoveWithheld => self.remove_withheld(),
            HistoryStep::KeepWithheld => self.keep_withheld(),
            HistoryStep::Undo(back) => self.undo(*back),
            _ => {}
        }
        self.check_catalog();
    }

    /// Ends the history: every run has ended.
    pub(super) fn finish(self) {
        self.check_catalog();
    }

    /// Syncs and undoes the sync: the catalog is as it was, byte for byte.
    pub(super) fn sync_and_undo(&mut self) {
        let before = self.stored_bytes();
        let record = self.engine.sync(&self.source);
        self.expect_sync(&record, false);
        self.undo(0);
        self.check_catalog();
        assert_eq!(self.stored_bytes(), before, "the undo of {}", record.summary.message);
    }

    fn set_table(&self) {
        self.engine.memory.set_table(self.source.slug.as_str(), self.sheet.table());
    }

    /// The model runs a sync too; both have the same result.
    fn expect_sync(&mut self, record: &SyncRecord, accept_rekey: bool) {
        let run = self.begin_run(record.summary.id);
        let verdict = self.model.sync(run, &self.sheet, accept_rekey);
        let summary = &record.summary;
        let expected = match verdict {
            Verdict::Apply | Verdict::Withhold => (Status::Completed, None),
            Verdict::Empty => (Status::Failed, Some("empty_source")),
            Verdict::Rekey => (Status::Failed, Some("key_changed")),
        };
        assert_eq!((summary.status, summary.code.as_deref()), expected, "{}", summary.message);
        self.check_run(run, record);
    }

    fn begin_run(&mut self, id: SyncId) -> usize {
        self.runs.push(id);
        self.model.begin_run()
    }

    /// Whether a sync reads this block of rows a second time.
    fn reaches_block(&self, block: usize) -> bool {
        let applies = matches!(self.model.verdict(&self.sheet, false), Verdict::Apply | Verdict::Withhold);
        applies && block < self.sheet.contents().len()
    }

    /// The model applies the batches that a run wrote before it ended early.
    fn expect_partial_run(&mut self, record: &SyncRecord) {
        let run = self.begin_run(record.summary.id);
        let query = format!("SELECT batches AS value FROM sync_operations WHERE id = '{}'", record.summary.id);
        let batches = usize::try_from(self.db.select_number(&query)).expect("a number of batches");
        self.model.apply_batches(run, &self.sheet, batches);
        self.check_run(run, record);
    }

    fn break_sync(&mut self, block: usize) {
        let is_reached = self.reaches_block(block);
        let broken = self.sheet.table().with_fault(FaultMoment::Apply(block * BLOCK_ROWS), MemoryFault::Break);
        self.engine.memory.set_table(self.source.slug.as_str(), broken);
        let record = self.engine.sync(&self.source);
        self.set_table();
        if is_reached {
            assert_eq!(record.summary.code.as_deref(), Some("broken"), "{}", record.summary.message);
            self.expect_partial_run(&record);
        } else {
            self.expect_sync(&record, false);
        }
    }

    /// Runs a sync that pauses before this block of rows; `during` happens meanwhile.
    fn run_with_pause(&mut self, block: usize, during: impl FnOnce(&TestEngine, SyncId)) -> SyncRecord {
        let pause_point = PausePoint::default();
        let fault = MemoryFault::Wait(pause_point.clone());
        let pausing = self.sheet.table().with_fault(FaultMoment::Apply(block * BLOCK_ROWS), fault);
        self.engine.memory.set_table(self.source.slug.as_str(), pausing);
        let (engine, id) = (&self.engine, self.engine.start(&self.source, &full_sync()));
        std::thread::scope(|scope| {
            let worker = scope.spawn(|| engine.control.run_in_this_thread(id, &ShutdownSignal::default()));
            pause_point.wait_until_reached();
            during(engine, id);
            pause_point.resume();
            worker.join().expect("no panic").expect("a run");
        });
        self.set_table();
        self.engine.find_record(id)
    }

    fn cancel_sync(&mut self, block: usize) {
        if !self.reaches_block(block) {
            return;
        }
        let record = self.run_with_pause(block, |engine, id| {
            assert_eq!(engine.control.cancel(id, "ada").expect("an answer"), CancelOutcome::Requested);
        });
        assert_eq!(record.summary.status, Status::Cancelled, "{}", record.summary.message);
        self.expect_partial_run(&record);
    }

    fn kill_sync(&mut self, block: usize) {
        if !self.reaches_block(block) {
            return;
        }
        let db = self.db;
        let record = self.run_with_pause(block, |engine, id| {
            // The heartbeat may renew the lease in between.
            loop {
                db.run_sql(&format!("UPDATE sync_operations SET lease_until = 0 WHERE id = '{id}'"));
                let expired = engine.store.expired_leases().expect("leases").into_iter().find(|lease| lease.id == id);
                let Some(lease) = expired else { continue };
                if engine.store.take_over(lease).expect("an answer").is_some() {
                    break;
                }
            }
        });
        assert_eq!(record.summary.status, Status::Interrupted, "{}", record.summary.message);
        self.expect_partial_run(&record);
        let successor = self.engine.run(record.summary.successor.expect("a successor"));
        self.expect_sync(&successor, false);
    }

    fn apply_preview(&mut self, edits: &[(usize, Option<u8>)]) {
        let preview = self.engine.run_request(&self.source, &preview_run());
        self.check_preview(&preview);
        let forecast = self.forecast_sync();
        let can_apply = matches!(forecast.0, Verdict::Apply | Verdict::Withhold)
            && preview.summary.stats.added + preview.summary.stats.updated + preview.summary.stats.removed > 0;
        let answer = self.engine.control.appliable_preview(&self.source, preview.summary.id).expect("an answer");
        assert_eq!(matches!(answer, FollowUp::Possible(..)), can_apply, "{answer:?}");
        HistoryStep::Edit(edits.to_vec()).edit(&mut self.sheet);
        self.set_table();
        if !can_apply {
            return;
        }
        let options = StartOptions { apply_preview: Some(preview.summary.id), ..StartOptions::default() };
        let record = self.engine.run_request(&self.source, &StartRequest { options, ..full_sync() });
        if self.forecast_sync() == forecast {
            let counts = |record: &SyncRecord| {
                let stats = &record.summary.stats;
                (stats.added, stats.updated, stats.removed, record.withheld_removals)
            };
            assert_eq!(counts(&record), counts(&preview), "the sync does what the preview showed");
            return self.expect_sync(&record, false);
        }
        assert_eq!(record.summary.code.as_deref(), Some("preview_outdated"), "{}", record.summary.message);
        let run = self.begin_run(record.summary.id);
        self.check_run(run, &record);
        let again = self.engine.run(record.summary.successor.expect("a new preview"));
        assert_eq!(again.summary.kind, OperationKind::Preview);
        self.check_preview(&again);
    }

    fn remove_withheld(&mut self) {
        let Some(review) = self.model.review.clone() else { return };
        let stored = self.engine.store.find_review(self.source.id).expect("an answer").expect("a review");
        let answer = self.engine.control.apply_removals(stored.id, None, "ada").expect("an answer");
        let FollowUp::Possible(_, (_, StartOutcome::Accepted(id))) = answer else { panic!("{answer:?}") };
        let record = self.engine.run(id);
        if review.reason == ReviewReason::KeyChanged {
            return self.expect_sync(&record, true);
        }
        assert_eq!(record.summary.status, Status::Completed, "{}", record.summary.message);
        let run = self.begin_run(record.summary.id);
        self.model.remove_withheld(run, &self.sheet);
        self.check_run(run, &record);
    }

    fn keep_withheld(&mut self) {
        let Some(review) = &mut self.model.review else { return };
        let may_be_kept = review.reason.may_be_kept();
        review.is_kept = may_be_kept;
        let stored = self.engine.store.find_review(self.source.id).expect("an answer").expect("a review");
        let answer = self.engine.control.keep_withheld(stored.id, "ada").expect("an answer");
        match answer {
            FollowUp::Possible(..) => assert!(may_be_kept),
            FollowUp::Refused(FollowUpRefusal::CannotKeep) => assert!(!may_be_kept),
            other => panic!("{other:?}"),
        }
    }

    fn undo(&mut self, back: usize) {
        let Some(target) = self.runs.len().checked_sub(back + 1) else { return };
        let id = self.runs[target];
        let forecast = self.model.forecast_undo(target);
        let answer = self.engine.control.forecast_undo(id).expect("an answer");
        if forecast.is_empty() {
            assert!(matches!(answer, FollowUp::Refused(FollowUpRefusal::NothingToUndo)), "{answer:?}");
            return;
        }
        let FollowUp::Possible(_, told) = answer else { panic!("{answer:?}") };
        assert_eq!(told, forecast, "an undo says beforehand what it will do");
        let record = self.engine.run(accepted(self.engine.control.undo(id, "ada").expect("an answer")));
        let stats = &record.summary.stats;
        assert_eq!(
            (record.summary.status, stats.added, stats.updated, stats.removed),
            (Status::Completed, forecast.returns, forecast.restores, forecast.removes),
            "{}",
            record.summary.message
        );
        let run = self.begin_run(record.summary.id);
        self.model.undo(run, target);
        self.check_run(run, &record);
    }
}

fn accepted(answer: FollowUp<StartOutcome>) -> SyncId {
    match answer {
        FollowUp::Possible(_, StartOutcome::Accepted(id)) => id,
        other => panic!("the start was not accepted: {other:?}"),
    }
}
