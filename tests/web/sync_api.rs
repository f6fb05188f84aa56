//! Starting, polling and cancelling runs through the JSON API.

use lockstep::domain::account::Role;

use super::site::TestSite;

const START: &str = r#"{"source":"albums"}"#;

#[test]
fn a_start_is_answered_202_then_409_naming_it_then_429() {
    let site = TestSite::new();
    let admin = site.add_program("robot", Role::Admin);
    let started = admin.post_json("/api/sync", r#"{"source":"albums","type":"full","options":null,"more":[]}"#);
    assert_eq!(started.status, 202);
    let started = started.json();
    assert_eq!(started["status"], "started");
    assert_eq!(started["message"], "The sync of The albums has started.");
    let id = started["syncId"].as_str().expect("an id").to_owned();

    let status = admin.get(&format!("/api/sync/status/{id}"));
    assert_eq!((status.status, &status.json()["status"]), (200, &"pending".into()), "answerable at once");
    let second = admin.post_json("/api/sync", START);
    assert_eq!(second.expect_refusal(), (409, "already_running".to_owned()));
    assert_eq!(second.json()["syncId"], *id);

    site.run_queued(&id);
    let status = admin.get(&format!("/api/sync/status/{id}")).json();
    assert_eq!((&status["status"], &status["progress"]), (&"completed".into(), &100.into()), "{status}");
    assert_eq!(status["stats"]["added"], 3);
    let soon = admin.post_json("/api/sync", START);
    assert_eq!(soon.expect_refusal(), (429, "cooling_down".to_owned()));
    let wait: u64 = soon.header("retry-after").expect("a wait").parse().expect("seconds");
    assert!((1..=3).contains(&wait), "{wait}");
    let preview = admin.post_json("/api/sync", r#"{"source":"albums","options":{"preview":true}}"#);
    assert_eq!(preview.status, 202, "another kind of run does not cool down");
    assert_eq!(preview.json()["message"], "The preview of The albums has started.");
}

#[test]
fn an_unknown_source_or_sync_is_404() {
    let site = TestSite::new();
    let admin = site.add_program("robot", Role::Admin);
    for source in ["nothing", "", "Not A Slug", "../etc"] {
        let reply = admin.post_json("/api/sync", &serde_json::json!({ "source": source }).to_string());
        assert_eq!(reply.expect_refusal(), (404, "not_found".to_owned()), "{source:?}");
    }
    for id in ["sync_0199d0a0-0000-7000-8000-000000000000", "nonsense", "..%2F..%2Fetc%2Fpasswd"] {
        assert_eq!(
            admin.get(&format!("/api/sync/status/{id}")).expect_refusal(),
            (404, "not_found".to_owned()),
            "{id}"
        );
        assert_eq!(
            admin.post(&format!("/api/sync/{id}/cancel")).expect_refusal(),
            (404, "not_found".to_owned()),
            "{id}"
        );
    }
    assert_eq!(admin.get("/api/catalog/nothing/items").expect_refusal(), (404, "not_found".to_owned()));
}

#[test]
fn a_visitor_reads_the_status_of_public_catalogs_only() {
    let site = TestSite::new();
    let (open, hidden) = (site.begin_sync(&site.albums), site.begin_sync(&site.drafts));
    let (visitor, viewer) = (site.visitor(), site.add_program("reader", Role::Viewer));
    let path = |id| format!("/api/sync/status/{id}");
    assert_eq!(visitor.get(&path(open)).json()["source"], "albums");
    assert_eq!(visitor.get(&path(hidden)).expect_refusal(), (404, "not_found".to_owned()));
    assert_eq!(viewer.get(&path(hidden)).json()["source"], "drafts");
    let bad = visitor.with_header("Authorization", "Bearer nonsense").get(&path(open));
    assert_eq!(bad.expect_refusal(), (401, "bad_token".to_owned()));

    let admin = site.add_program("robot", Role::Admin);
    assert_eq!(admin.post(&format!("/api/sync/{open}/cancel")).status, 202);
    assert!(viewer.get(&path(open)).body.contains("robot"), "signed-in users see who cancelled it");
    let reported = visitor.get(&path(open));
    assert_eq!(reported.json()["status"], "cancelled");
    assert!(!reported.body.contains("robot"), "{}", reported.body);
}

#[test]
fn a_waiting_run_is_cancelled_once() {
    let site = TestSite::new();
    let admin = site.add_program("robot", Role::Admin);
    let id = site.begin_sync(&site.albums).to_string();
    let cancel = format!("/api/sync/{id}/cancel");
    let reply = admin.post(&cancel);
    assert_eq!((reply.status, &reply.json()["status"]), (202, &"cancelled".into()));
    assert_eq!(reply.json()["syncId"], *id);
    let again = admin.post(&cancel);
    assert_eq!(again.expect_refusal(), (409, "already_ended".to_owned()));
    assert_eq!(again.json()["syncId"], *id);
}

#[test]
fn the_database_answers_when_the_status_file_is_lost() {
    let site = TestSite::new();
    let id = site.begin_sync(&site.albums);
    // A pending run has no status file; the database answers.
    site.run_queued(&id.to_string());
    let path = format!("/api/sync/status/{id}");
    let before = site.visitor().get(&path).json();
    std::fs::remove_dir_all(site.data_dir().join("status")).expect("removed");
    assert_eq!(site.visitor().get(&path).json(), before);
}
