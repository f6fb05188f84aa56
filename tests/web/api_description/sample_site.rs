//! A site with a source in memory, whose runs a test controls, and a sheet.

use chrono::{TimeDelta, Utc};
use lockstep::domain::location::SourceLocation;
use lockstep::domain::schedule::StoredSchedule;
use lockstep::domain::source::SourceDraft;
use serde_json::Value;

use super::answer_recorder::{AnswerRecorder, PathValues};
use crate::support::memory_kind::{MemoryKind, MemoryTable};
use crate::support::test_engine::source_draft;
use crate::web::site::{SiteClient, TestSite};

/// The slug of the source in memory.
pub(super) const LABELS: &str = "labels";

/// A site with the public source `labels` in memory, which holds 30 items after its first sync, and with a sheet.
pub(super) struct SampleSite {
    pub(super) site: TestSite,
    memory: MemoryKind,
}

impl SampleSite {
    pub(super) fn new() -> Self {
        let memory = MemoryKind::default();
        memory.set_table(LABELS, MemoryTable::albums(30, "Title"));
        let site = TestSite::with_kind(Box::new(memory.clone()));
        let location = SourceLocation::Url(LABELS.to_owned());
        let schedule = Some(StoredSchedule::in_utc("0 6 * * *"));
        let labels = SourceDraft { public: true, schedule, ..source_draft(LABELS, MemoryKind::KIND, location) };
        let tomorrow = (Utc::now() + TimeDelta::days(1)).naive_utc();
        let labels = site.store.add_source(&labels, Some(tomorrow)).expect("a source");
        site.sync_source(&labels);
        let sheet = SourceLocation::Url("https://docs.google.com/spreadsheets/d/none/edit".to_owned());
        let sheet = SourceDraft { public: true, ..source_draft("sheet", "sheet", sheet) };
        site.store.add_source(&sheet, None).expect("a source");
        Self { site, memory }
    }

    /// Sets the rows of `labels`.
    pub(super) fn set_albums(&self, count: usize, wording: &str) {
        self.memory.set_table(LABELS, MemoryTable::albums(count, wording));
    }

    /// Starts a run with this body and runs it to its end. Returns its id.
    pub(super) fn start_and_run(&self, recorder: &mut AnswerRecorder, admin: &SiteClient<'_>, body: &str) -> String {
        let started = recorder.send(admin, "POST", "/api/sync", "/api/sync", Some(body));
        assert_eq!(started.status, 202, "{}", started.body);
        let id = started.json()["syncId"].as_str().expect("an id").to_owned();
        self.site.run_queued(&id);
        id
    }

    /// Starts a run at a path that must accept it, and runs it to its end. Returns its id.
    pub(super) fn post_and_run(
        &self,
        recorder: &mut AnswerRecorder,
        admin: &SiteClient<'_>,
        path: &str,
        run: &str,
    ) -> String {
        let id = run_id(&recorder.post(admin, path, about_run(run), 202));
        self.site.run_queued(&id);
        id
    }
}

/// The path of a run of `labels`.
pub(super) fn about_run(run: &str) -> PathValues<'_> {
    PathValues { slug: LABELS, run, item: "1" }
}

/// The run that an answer names.
#[track_caller]
pub(super) fn run_id(answer: &Value) -> String {
    answer["syncId"].as_str().expect("an id").to_owned()
}
