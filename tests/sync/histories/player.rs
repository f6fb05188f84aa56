//! Plays a history on the engine and on the model.

use std::collections::BTreeMap;

use lockstep::domain::operation::{Mode, OperationKind, StartOptions, StartRequest, Status};
use lockstep::domain::record::SyncRecord;
use lockstep::domain::removal_review::ReviewReason;
use lockstep::domain::source::Source;
use lockstep::domain::sync_id::SyncId;
use lockstep::store::admission::StartOutcome;
use lockstep::store::cancel::CancelOutcome;
use lockstep::sync::ShutdownSignal;
use lockstep::sync::follow_up::{FollowUp, FollowUpRefusal};

use super::blocks::{BATCH_BLOCKS, BLOCK_ROWS};
use super::form_history::FormHistory;
use super::model::{CatalogModel, Verdict};
use super::sheet::Sheet;
use super::steps::HistoryStep;
use crate::support::memory_kind::{FaultMoment, MemoryFault};
use crate::support::refused_batches::with_refused_batches;
use crate::support::test_engine::{full_sync, preview_run};
use crate::support::{PausePoint, TestDatabase, TestEngine};

/// A catalog and its model.
pub(super) struct HistoryPlayer<'a> {
    pub(super) db: &'a TestDatabase,
    pub(super) engine: TestEngine,
    pub(super) source: Source,
    pub(super) sheet: Sheet,
    /// The sheet before its last change.
    former_sheet: Sheet,
    pub(super) model: CatalogModel,
    /// The runs of the model, in their order.
    pub(super) runs: Vec<SyncId>,
    pub(super) form: FormHistory,
    /// The number of steps that were played.
    pub(super) steps: usize,
}

impl<'a> HistoryPlayer<'a> {
    /// A new catalog. `form` is what is played about the form of its rows.
    pub(super) fn new(db: &'a TestDatabase, slug: &str, form: FormHistory) -> Self {
        match form {
            FormHistory::Compact => db.begin_compaction(),
            FormHistory::Named | FormHistory::Converted => db.write_named_rows(),
        }
        let engine = TestEngine::on_database(db);
        let mut sheet = Sheet::default();
        sheet.fill(0);
        let source = engine.memory_source(slug, sheet.table());
        let former_sheet = sheet.clone();
        Self {
            db,
            engine,
            source,
            sheet,
            former_sheet,
            model: CatalogModel::default(),
            runs: Vec::new(),
            form,
            steps: 0,
        }
    }

    pub(super) fn play(&mut self, step: &HistoryStep) {
        self.convert_some();
        if step.edit(&mut self.sheet, &mut self.former_sheet) {
            return self.set_table();
        }
        match step {
            HistoryStep::Sync { accept_rekey, is_full, is_forced } => {
                let mode = if *is_full { Mode::Full } else { Mode::Incremental };
                let (accept_rekey, force_refresh) = (*accept_rekey, *is_forced);
                let options = StartOptions { accept_rekey, force_refresh, ..StartOptions::default() };
                let record = self.engine.run_request(&self.source, &StartRequest { mode, options, ..full_sync() });
                self.expect_sync(&record);
            }
            HistoryStep::BrokenSync(block) => self.break_sync(*block),
            HistoryStep::CancelledSync(block) => self.cancel_sync(*block),
            HistoryStep::KilledSync(block) => self.kill_sync(*block),
            HistoryStep::ApplyPreview(between) => self.apply_preview(between),
            HistoryStep::RemoveWithheld => self.remove_withheld(),
            HistoryStep::KeepWithheld => self.keep_withheld(),
            HistoryStep::Undo(back) => self.undo(*back, usize::MAX),
            HistoryStep::BrokenUndo(back, batches) => self.undo(*back, *batches),
            _ => {}
        }
        self.check_catalog();
    }

    /// Ends the history: what is kept of each run is still as it was at its end.
    pub(super) fn finish(self) {
        self.check_past_runs();
        self.finish_conversion();
    }

    /// Syncs and undoes the sync: the catalog is as it was, byte for byte.
    pub(super) fn sync_and_undo(&mut self) {
        let before = self.stored_bytes();
        let record = self.engine.sync(&self.source);
        self.expect_sync(&record);
        self.undo(0, usize::MAX);
        self.check_catalog();
        assert_eq!(self.stored_bytes(), before, "the undo of {}", record.summary.message);
    }

    fn set_table(&self) {
        self.engine.memory.set_table(self.source.slug.as_str(), self.sheet.table());
    }

    /// The model runs a sync too; both have the same result.
    fn expect_sync(&mut self, record: &SyncRecord) {
        let run = self.begin_run(record.summary.id);
        let StartOptions { accept_rekey, rekey_of, .. } = record.options;
        let accept_rekey = accept_rekey && (rekey_of.is_none() || self.model.is_confirmed(&self.sheet));
        let verdict = self.model.sync(run, &self.sheet, accept_rekey);
        let summary = &record.summary;
        let expected = match verdict {
            Verdict::Apply | Verdict::Withhold | Verdict::WithholdKept => (Status::Completed, None),
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
        self.model.verdict(&self.sheet, false).is_applied() && block < self.sheet.contents().len()
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
            self.expect_sync(&record);
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
        self.expect_sync(&successor);
    }

    fn apply_preview(&mut self, between: &[HistoryStep]) {
        let preview = self.engine.run_request(&self.source, &preview_run());
        self.check_preview(&preview);
        let forecast = self.forecast_sync();
        let can_apply = forecast.0.is_applied()
            && preview.summary.stats.added + preview.summary.stats.updated + preview.summary.stats.removed > 0;
        let answer = self.engine.control.appliable_preview(&self.source, preview.summary.id).expect("an answer");
        assert_eq!(matches!(answer, FollowUp::Possible(..)), can_apply, "{answer:?}");
        between.iter().for_each(|step| self.play(step));
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
            return self.expect_sync(&record);
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
            return self.expect_sync(&record);
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

    /// Undoes a run, or only its first `batches` batches: the database refuses the next one.
    fn undo(&mut self, back: usize, batches: usize) {
        let Some(target) = self.runs.len().checked_sub(back + 1) else { return };
        let id = self.runs[target];
        let forecast = self.model.forecast_undo(target);
        let answer = self.engine.control.forecast_undo(id).expect("an answer");
        let later = self.engine.store.later_changes(id).expect("runs").into_iter();
        let named: BTreeMap<SyncId, u64> = later.map(|later| (later.run, later.items)).collect();
        let expected = self.model.later_changes(target).into_iter().map(|(run, items)| (self.runs[run], items));
        assert_eq!(named, expected.collect(), "the runs whose items the undo leaves");
        if forecast.is_empty() {
            assert!(matches!(answer, FollowUp::Refused(FollowUpRefusal::NothingToUndo)), "{answer:?}");
            return;
        }
        let FollowUp::Possible(_, told) = answer else { panic!("{answer:?}") };
        assert_eq!(told, forecast, "an undo says beforehand what it will do");
        let undo = accepted(self.engine.control.undo(id, "ada").expect("an answer"));
        let all = self.model.undo_batches(target);
        // Which of very many items return in the first batch is not defined.
        let returns = forecast.returns.div_ceil(BLOCK_ROWS as u64);
        let is_broken = batches < all.len() && returns <= BATCH_BLOCKS as u64;
        let batches = if is_broken { batches } else { usize::MAX };
        let run = || self.engine.run(undo);
        let record = if is_broken { with_refused_batches(self.db, batches, run) } else { run() };
        let summary = &record.summary;
        let run = self.begin_run(summary.id);
        self.model.undo(run, target, batches);
        if is_broken {
            assert_eq!((summary.status, summary.code.as_deref()), (Status::Failed, Some("database")));
        } else {
            let counts = (summary.stats.added, summary.stats.updated, summary.stats.removed);
            let expected = (forecast.returns, forecast.restores, forecast.removes);
            assert_eq!((summary.status, counts), (Status::Completed, expected), "{}", summary.message);
        }
        self.check_run(run, &record);
    }
}

fn accepted(answer: FollowUp<StartOutcome>) -> SyncId {
    match answer {
        FollowUp::Possible(_, StartOutcome::Accepted(id)) => id,
        other => panic!("the start was not accepted: {other:?}"),
    }
}
