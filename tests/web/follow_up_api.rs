//! What follows a finished run through the JSON API: undo, removals, applied previews and a paused schedule.

use chrono::{TimeDelta, Utc};
use lockstep::domain::account::Role;
use lockstep::domain::location::SourceLocation;
use lockstep::domain::schedule::StoredSchedule;
use lockstep::domain::source::Source;
use serde_json::Value;

use super::site::{SiteClient, TestSite};
use crate::support::memory_kind::{MemoryKind, MemoryTable};
use crate::support::test_engine::source_draft;

/// A site with the source `labels` in memory, which holds 30 items after its first sync.
struct LabelSite {
    site: TestSite,
    memory: MemoryKind,
    labels: Source,
}

impl LabelSite {
    fn new() -> Self {
        let memory = MemoryKind::default();
        memory.set_table("labels", MemoryTable::albums(30, "Title"));
        let site = TestSite::with_kind(Box::new(memory.clone()));
        let mut draft = source_draft("labels", MemoryKind::KIND, SourceLocation::Url("labels".to_owned()));
        draft.schedule = Some(StoredSchedule::in_utc("0 6 * * *"));
        let tomorrow = (Utc::now() + TimeDelta::days(1)).naive_utc();
        let labels = site.store.add_source(&draft, Some(tomorrow)).expect("a source");
        site.sync_source(&labels);
        Self { site, memory, labels }
    }

    fn set_albums(&self, count: usize, wording: &str) {
        self.memory.set_table("labels", MemoryTable::albums(count, wording));
    }

    /// Starts a run with a request that must be accepted, and runs it to its end. Returns its last status.
    fn run(&self, client: &SiteClient<'_>, path: &str, body: &str) -> Value {
        let started = client.post_json(path, body);
        assert_eq!(started.status, 202, "{}", started.body);
        assert_eq!(started.json()["status"], "started");
        let id = started.json()["syncId"].as_str().expect("an id").to_owned();
        self.site.run_queued(&id);
        client.get(&format!("/api/sync/status/{id}")).json()
    }

    fn sync(&self, client: &SiteClient<'_>) -> Value {
        self.run(client, "/api/sync", r#"{"source":"labels","type":"full"}"#)
    }

    fn item_count(&self) -> u64 {
        self.site.store.find_catalog(self.labels.id).expect("an answer").expect("a catalog").item_count
    }
}

fn sync_path(status: &Value, action: &str) -> String {
    format!("/api/sync/{}/{action}", status["syncId"].as_str().expect("an id"))
}

#[test]
fn a_sync_is_undone_and_the_undo_too_and_the_schedule_waits() {
    let labels = LabelSite::new();
    let admin = labels.site.add_program("robot", Role::Admin);
    labels.set_albums(28, "Other");
    let synced = labels.sync(&admin);
    assert_eq!((&synced["stats"]["updated"], &synced["stats"]["removed"]), (&28.into(), &2.into()));

    let pending = admin.post(&sync_path(&synced, "undo")).json();
    let is_paused =
        || labels.site.store.find_source("labels").expect("an answer").expect("a source").paused_at.is_some();
    assert!(is_paused(), "a scheduled sync must not come first");
    assert_eq!(admin.post(&sync_path(&pending, "cancel")).json()["status"], "cancelled");
    assert!(!is_paused(), "nothing was changed");

    let forecast = admin.get(&sync_path(&synced, "undo")).json();
    assert_eq!(forecast["message"], "Returns 2 albums, restores 28.");
    let undone = labels.run(&admin, &sync_path(&synced, "undo"), "");
    assert_eq!((&undone["kind"], &undone["status"]), (&"undo".into(), &"completed".into()), "{undone}");
    assert_eq!(undone["message"], "2 albums returned, 28 restored. Schedule paused. Fix the source, then sync.");
    assert_eq!((&undone["stats"]["added"], &undone["stats"]["updated"]), (&2.into(), &28.into()));
    assert_eq!(labels.item_count(), 30);
    let again = admin.post(&sync_path(&synced, "undo"));
    assert_eq!(again.expect_refusal(), (409, "nothing_to_undo".to_owned()));

    let redone = labels.run(&admin, &sync_path(&undone, "undo"), "");
    assert_eq!((&redone["stats"]["removed"], &redone["stats"]["updated"]), (&2.into(), &28.into()), "{redone}");
    assert_eq!(labels.item_count(), 28);

    let paused = labels.site.store.find_source("labels").expect("an answer").expect("a source");
    assert!(paused.has_paused_schedule());
    assert_eq!(admin.post("/api/sources/labels/resume").json()["status"], "resumed");
    assert_eq!(admin.post("/api/sources/labels/resume").expect_refusal(), (409, "not_paused".to_owned()));
}

#[test]
fn withheld_removals_are_listed_kept_or_removed() {
    let labels = LabelSite::new();
    let admin = labels.site.add_program("robot", Role::Admin);
    labels.set_albums(5, "Title");
    let withheld = labels.sync(&admin);
    let entry = admin.get(&format!("/api/history/{}", withheld["syncId"].as_str().expect("an id"))).json();
    assert_eq!((&entry["withheldRemovals"], labels.item_count()), (&25.into(), 30));

    let id = withheld["syncId"].as_str().expect("an id");
    let listed = admin.get(&format!("/api/history/{id}/changes?kind=withheld&per=2&page=2")).json();
    assert_eq!((&listed["total"], listed["items"].as_array().map(Vec::len)), (&25.into(), Some(2)), "{listed}");
    assert_eq!((&listed["items"][0]["kind"], &listed["items"][0]["after"]), (&"withheld".into(), &Value::Null));

    let kept = admin.post(&sync_path(&withheld, "removals/keep"));
    assert_eq!((kept.status, &kept.json()["status"]), (200, &"kept".into()), "{}", kept.body);
    let same = labels.sync(&admin);
    assert!(same["message"].as_str().expect("a message").contains("as an admin decided"), "{same}");

    let started = admin.post(&sync_path(&same, "removals"));
    let too_late = admin.post(&sync_path(&same, "removals/keep"));
    assert_eq!(too_late.expect_refusal(), (409, "already_running".to_owned()), "its removal was started");
    let removal = started.json()["syncId"].as_str().expect("an id").to_owned();
    labels.site.run_queued(&removal);
    let removed = admin.get(&format!("/api/sync/status/{removal}")).json();
    assert_eq!((&removed["kind"], &removed["stats"]["removed"]), (&"removal".into(), &25.into()), "{removed}");
    assert_eq!(removed["message"], "25 albums removed.");
    assert_eq!(labels.item_count(), 5);
    let decided = admin.post(&sync_path(&same, "removals"));
    assert_eq!(decided.expect_refusal(), (409, "list_outdated".to_owned()));
    let nothing = admin.post(&sync_path(&removed, "removals"));
    assert_eq!(nothing.expect_refusal(), (409, "nothing_withheld".to_owned()));
}

#[test]
fn an_emptied_source_and_a_changed_key_have_their_second_step() {
    let labels = LabelSite::new();
    let admin = labels.site.add_program("robot", Role::Admin);
    labels.memory.set_table("labels", MemoryTable::numbered_albums(101..=130, "Title"));
    let rekeyed = labels.sync(&admin);
    assert_eq!((&rekeyed["status"], &rekeyed["code"]), (&"failed".into(), &"key_changed".into()));
    let keep = admin.post(&sync_path(&rekeyed, "removals/keep"));
    assert_eq!(keep.expect_refusal(), (409, "cannot_keep".to_owned()));
    let accepted = labels.run(&admin, &sync_path(&rekeyed, "removals"), "");
    assert_eq!((&accepted["kind"], &accepted["status"]), (&"sync".into(), &"completed".into()), "{accepted}");
    assert_eq!((&accepted["stats"]["added"], &accepted["stats"]["removed"]), (&30.into(), &30.into()));

    labels.set_albums(0, "Title");
    let emptied = labels.sync(&admin);
    assert_eq!((&emptied["code"], labels.item_count()), (&"empty_source".into(), 30));
    let removed = labels.run(&admin, &sync_path(&emptied, "removals"), "");
    assert_eq!((&removed["stats"]["removed"], labels.item_count()), (&30.into(), 0), "{removed}");
    let undone = labels.run(&admin, &sync_path(&removed, "undo"), "");
    assert_eq!((&undone["stats"]["added"], labels.item_count()), (&30.into(), 30), "{undone}");
}

#[test]
fn a_preview_is_applied_as_it_was_shown_or_not_at_all() {
    let labels = LabelSite::new();
    let admin = labels.site.add_program("robot", Role::Admin);
    labels.set_albums(32, "Other");
    let preview = labels.run(&admin, "/api/sync", r#"{"source":"labels","options":{"preview":true}}"#);
    let id = preview["syncId"].as_str().expect("an id");
    let apply = format!(r#"{{"source":"labels","options":{{"applyPreview":"{id}"}}}}"#);

    labels.set_albums(33, "Other");
    let outdated = labels.run(&admin, "/api/sync", &apply);
    assert_eq!((&outdated["status"], &outdated["code"]), (&"failed".into(), &"preview_outdated".into()));
    assert_eq!(labels.item_count(), 30, "nothing is written");
    let next = outdated["successor"].as_str().expect("a new preview").to_owned();
    labels.site.run_queued(&next);
    let next_status = admin.get(&format!("/api/sync/status/{next}")).json();
    assert_eq!((&next_status["kind"], &next_status["stats"]["added"]), (&"preview".into(), &3.into()));

    labels.set_albums(32, "Other");
    let applied = labels.run(&admin, "/api/sync", &apply);
    assert_eq!((&applied["status"], &applied["kind"]), (&"completed".into(), &"sync".into()), "{applied}");
    assert_eq!((&applied["stats"]["added"], &applied["stats"]["updated"]), (&2.into(), &30.into()));
    let repeated = labels.run(&admin, "/api/sync", &apply);
    assert_eq!(repeated["code"], "preview_outdated", "its changes are applied already");
    labels.site.run_queued(repeated["successor"].as_str().expect("a new preview"));

    let of_sync = format!(r#"{{"source":"labels","options":{{"applyPreview":{}}}}}"#, applied["syncId"]);
    assert_eq!(admin.post_json("/api/sync", &of_sync).expect_refusal(), (409, "nothing_to_apply".to_owned()));
    let of_other = format!(r#"{{"source":"albums","options":{{"applyPreview":"{id}"}}}}"#);
    assert_eq!(admin.post_json("/api/sync", &of_other).expect_refusal(), (404, "not_found".to_owned()));
    let both = format!(r#"{{"source":"labels","options":{{"preview":true,"applyPreview":"{id}"}}}}"#);
    assert_eq!(admin.post_json("/api/sync", &both).status, 400);
    let wrong = r#"{"source":"labels","options":{"applyPreview":"latest"}}"#;
    assert_eq!(admin.post_json("/api/sync", wrong).json()["field"], "options.applyPreview");
}

#[test]
fn only_admins_decide_and_an_unknown_or_active_run_is_refused() {
    let labels = LabelSite::new();
    let (admin, viewer) =
        (labels.site.add_program("robot", Role::Admin), labels.site.add_program("reader", Role::Viewer));
    let active = labels.site.begin_sync(&labels.labels);
    for action in ["undo", "removals", "removals/keep"] {
        let path = format!("/api/sync/{active}/{action}");
        assert_eq!(admin.post(&path).expect_refusal(), (409, "still_active".to_owned()), "{action}");
        assert_eq!(viewer.post(&path).status, 403, "{action}");
        assert_eq!(labels.site.visitor().post(&path).status, 401, "{action}");
        for unknown in ["sync_0199d0a0-0000-7000-8000-000000000000", "nonsense"] {
            let path = format!("/api/sync/{unknown}/{action}");
            assert_eq!(admin.post(&path).expect_refusal(), (404, "not_found".to_owned()), "{path}");
        }
    }
    assert_eq!(viewer.get(&format!("/api/sync/{active}/undo")).status, 403);
    assert_eq!(viewer.post("/api/sources/labels/resume").status, 403);
    assert_eq!(admin.post("/api/sources/nothing/resume").status, 404);
    let preview = labels.site.add_program("other", Role::Admin);
    assert_eq!(preview.post(&format!("/api/sync/{active}/cancel")).status, 202);
    let undo = admin.post(&format!("/api/sync/{active}/undo"));
    assert_eq!(undo.expect_refusal(), (409, "nothing_to_undo".to_owned()), "it was cancelled before it started");
}
