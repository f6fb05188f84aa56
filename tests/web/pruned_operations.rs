//! A run whose operation was deleted is reported from its record as before, everywhere and on both databases.

use std::time::Duration;

use lockstep::domain::account::Role;
use lockstep::domain::source::SourceDraft;
use lockstep::store::sources::SourceChange;

use super::site::TestSite;
use crate::support::{TestDatabase, on_both_databases};

on_both_databases![
    no_report_of_an_ended_run_changes_when_its_operation_is_deleted,
    a_renamed_source_is_reported_as_before,
    a_public_source_with_the_former_name_of_a_private_one_shows_none_of_its_runs,
];

fn no_report_of_an_ended_run_changes_when_its_operation_is_deleted(db: &TestDatabase) {
    let site = TestSite::on_store(db.store(), tempfile::tempdir().expect("a folder"));
    let (visitor, person, api_client) =
        (site.visitor(), site.add_person("ada", Role::Admin), site.add_program("robot", Role::Admin));
    let id = site.begin_sync(&site.albums).to_string();
    site.run_queued(&id);
    let status = format!("/api/sync/status/{id}");
    let panel = format!("/catalog/albums/sync-status?sync={id}&seen=40");
    let pages =
        ["/", "/catalog/albums", "/catalog/albums/sync-status", "/sync-badge", "/api/health/sync", &status, &panel];
    std::fs::remove_dir_all(site.data_dir().join("status")).expect("no file answers");
    let tell = || {
        pages.map(|path| {
            [&visitor, &person].map(|who| {
                let reply = who.get(path);
                assert_eq!(reply.status, 200, "{path}: {}", reply.body);
                reply.body
            })
        })
    };
    let before = tell();
    std::thread::sleep(Duration::from_millis(10));
    assert_eq!(site.store.clear_operations(Duration::from_millis(1)).expect("cleared"), 1);
    assert_eq!(db.count_rows("sync_operations", "1 = 1"), 0);
    for ((path, before), after) in pages.iter().zip(before).zip(tell()) {
        assert_eq!(after, before, "{path}");
    }

    let late = api_client.post(&format!("/api/sync/{id}/cancel"));
    assert_eq!(late.expect_refusal(), (409, "already_ended".to_owned()));
    assert_eq!(late.json()["syncId"], *id);
    let htmx = person.with_header("HX-Request", "true").post_form("/catalog/albums/sync/cancel", &[("sync", &id)]);
    assert_eq!(htmx.status, 200, "the panel says how it ended: {}", htmx.body);
    let again = api_client.post_json("/api/sync", r#"{"source":"albums"}"#);
    assert_eq!(again.status, 202, "{}", again.body);
    site.run_queued(again.json()["syncId"].as_str().expect("an id"));
    assert_eq!(api_client.get(&status).json()["status"], "completed");
}

fn a_renamed_source_is_reported_as_before(db: &TestDatabase) {
    let site = TestSite::on_store(db.store(), tempfile::tempdir().expect("a folder"));
    let id = site.begin_sync(&site.albums).to_string();
    site.run_queued(&id);
    let was = site.albums.clone();
    let draft = SourceDraft {
        slug: "records".parse().expect("a slug"),
        name: was.name,
        noun: was.noun,
        kind: was.kind,
        location: was.location,
        key_column: was.key_column,
        schedule: was.schedule,
        public: was.public,
        read_options: lockstep::domain::read_options::ReadOptions::default(),
        stale_after: None,
    };
    assert_eq!(site.store.change_source(was.id, &draft, None).expect("an answer"), SourceChange::Done);
    let (visitor, person) = (site.visitor(), site.add_person("ada", Role::Admin));
    let htmx = person.with_header("HX-Request", "true");
    // With the status file, which has the old name, and without it.
    for _ in 0..2 {
        for who in [&visitor, &person] {
            let panel = who.get(&format!("/catalog/records/sync-status?sync={id}"));
            assert!(panel.status == 200 && panel.body.contains("Sync completed"), "{}", panel.body);
        }
        assert!(person.get("/catalog/records").body.contains(&id), "the page shows it as well");
        assert_eq!(visitor.get(&format!("/api/sync/status/{id}")).json()["source"], "records");
        assert_eq!(person.get(&format!("/catalog/drafts/sync-status?sync={id}")).status, 404, "it is not of this one");
        assert_eq!(htmx.post_form("/catalog/records/sync/cancel", &[("sync", &id)]).status, 200, "it has ended");
        std::fs::remove_dir_all(site.data_dir().join("status")).expect("files");
        std::fs::create_dir(site.data_dir().join("status")).expect("a folder");
    }
}

fn a_public_source_with_the_former_name_of_a_private_one_shows_none_of_its_runs(db: &TestDatabase) {
    let site = TestSite::on_store(db.store(), tempfile::tempdir().expect("a folder"));
    let id = site.begin_sync(&site.drafts).to_string();
    site.run_queued(&id);
    site.store.remove_source(site.drafts.id).expect("removed");
    site.fill_csv("drafts", "id\n1\n");
    let (visitor, reader) = (site.visitor(), site.add_person("ada", Role::Viewer));
    for path in [format!("/api/sync/status/{id}"), format!("/catalog/drafts/sync-status?sync={id}")] {
        assert_eq!(visitor.get(&path).status, 404, "{path}");
        assert_eq!(reader.get(&path).status, 200, "{path}");
    }
}
