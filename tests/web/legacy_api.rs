//! The paths of an older program.

use chrono::{DateTime, TimeDelta, Utc};
use lockstep::domain::account::Role;
use lockstep::domain::location::SourceLocation;
use lockstep::domain::operation::{Lease, Stage, Status};
use lockstep::domain::progress::RunStats;
use lockstep::domain::source::Source;
use lockstep::store::lease::RunProgress;
use serde_json::{Value, json};

use super::site::{SiteClient, TestSite};
use crate::store::worker_steps::{LEASE_TERM, claim_run, expired_claim, progress_at, run_ending};
use crate::support::test_engine::source_draft;
use crate::support::{TestDatabase, on_both_databases};

on_both_databases![
    a_start_is_answered_in_the_legacy_format,
    each_stage_has_its_legacy_name,
    an_interrupted_run_is_reported_as_its_successor,
];

const BACKGROUND: &str = "/api/sync-sheets-bg";

/// A server with two sheets; the second comes first by name.
fn open_site(db: &TestDatabase) -> (TestSite, Source) {
    let site = TestSite::on_store(db.store(), tempfile::tempdir().expect("a folder"));
    let first = add_sheet(&site, "second-by-name", false);
    add_sheet(&site, "a-later-one", true);
    (site, first)
}

fn add_sheet(site: &TestSite, slug: &str, public: bool) -> Source {
    let location = SourceLocation::Url("1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms".to_owned());
    let draft = lockstep::domain::source::SourceDraft { public, ..source_draft(slug, "sheet", location) };
    site.store.add_source(&draft, None).expect("a source")
}

fn get_status(client: &SiteClient<'_>, path: &str) -> (String, Value) {
    let status = client.get(path).json();
    assert_eq!(status["success"], true, "{status}");
    (status["status"].as_str().expect("a word").to_owned(), status)
}

fn a_start_is_answered_in_the_legacy_format(db: &TestDatabase) {
    let (site, sheet) = open_site(db);
    let admin = site.add_program("robot", Role::Admin);
    let idle = get_status(&admin, BACKGROUND).1;
    assert_eq!((&idle["status"], &idle["syncId"], &idle["progress"]), (&"idle".into(), &Value::Null, &0.into()));
    assert_eq!((&idle["lastUpdated"], &idle["stats"]), (&Value::Null, &json!({ "size": 0, "lines": 0 })));
    let started = admin.post_json(BACKGROUND, r#"{"anything":[1]}"#);
    assert_eq!((started.status, &started.json()["success"]), (202, &true.into()));
    assert_eq!(started.json()["message"], "The sync of second-by-name has started.");
    let id = started.json()["syncId"].as_str().expect("an id").to_owned();
    assert_eq!(site.store.active_run(sheet.id).expect("an answer").map(|id| id.to_string()), Some(id.clone()));
    let again = admin.post("/api/sync-sheets");
    assert_eq!(
        (again.status, &again.json()["success"], &again.json()["syncId"]),
        (409, &false.into(), &Value::from(id))
    );

    let (_, lease) = claim_run(&site.store, 1, LEASE_TERM).expect("a run");
    site.store.finish_run(lease, &run_ending(Status::Completed)).expect("finished");
    let soon = admin.post("/api/sync-sheets");
    assert_eq!(soon.expect_refusal(), (429, "cooling_down".to_owned()));
    assert!(soon.header("retry-after").is_some_and(|wait| wait.parse::<u64>().is_ok()), "{}", soon.body);
}

fn each_stage_has_its_legacy_name(db: &TestDatabase) {
    let (site, sheet) = open_site(db);
    let id = site.begin_sync(&sheet);
    let reader = site.add_program("reader", Role::Viewer);
    let named = format!("{BACKGROUND}?syncId={id}");
    let word = || {
        let (word, status) = get_status(&reader, &named);
        assert_eq!((status["syncId"].as_str(), &status), (Some(&*id.to_string()), &get_status(&reader, BACKGROUND).1));
        word
    };
    assert_eq!(word(), "downloading", "it waits");
    let (_, lease): (_, Lease) = claim_run(&site.store, 1, LEASE_TERM).expect("a run");
    for (stage, expected) in
        [(Stage::Fetching, "downloading"), (Stage::Processing, "processing"), (Stage::Finalizing, "saving")]
    {
        let stats = RunStats { bytes: 52, lines: 3, ..RunStats::default() };
        site.store.save_progress(lease, LEASE_TERM, &RunProgress { stage, stats, ..progress_at(45) }).expect("kept");
        assert_eq!(word(), expected);
    }
    let running = get_status(&reader, BACKGROUND).1;
    assert_eq!(running["progress"], 45);
    assert_eq!(running["stats"], json!({ "size": 52, "lines": 3 }));
    let updated = running["lastUpdated"].as_str().expect("a time").parse::<DateTime<Utc>>().expect("RFC 3339");
    assert!((Utc::now() - updated).abs() < TimeDelta::minutes(1), "{updated}");
    site.store.finish_run(lease, &run_ending(Status::Completed)).expect("finished");
    assert_eq!(word(), "complete");

    let cancelled = site.begin_sync(&sheet);
    site.add_program("robot", Role::Admin).post(&format!("/api/sync/{cancelled}/cancel"));
    let (word, status) = get_status(&reader, BACKGROUND);
    assert_eq!((word.as_str(), &status["error"]), ("error", &status["message"]));
    assert!(status["error"].as_str().is_some_and(|error| error.contains("robot")), "{status}");
    for unknown in [site.begin_sync(&site.albums).to_string(), "nonsense".to_owned()] {
        let reply = reader.get(&format!("{BACKGROUND}?syncId={unknown}"));
        assert_eq!(reply.expect_refusal(), (404, "not_found".to_owned()), "no run of the sheet: {unknown}");
    }
}

fn an_interrupted_run_is_reported_as_its_successor(db: &TestDatabase) {
    let (site, sheet) = open_site(db);
    let first = site.begin_sync(&sheet);
    let lease = expired_claim(&site.store, 1);
    let next = site.store.take_over(lease).expect("an answer").and_then(|taken| taken.successor).expect("a successor");
    let reader = site.add_program("reader", Role::Viewer);
    let (word, status) = get_status(&reader, &format!("{BACKGROUND}?syncId={first}"));
    assert_eq!((word.as_str(), status["syncId"].as_str()), ("downloading", Some(&*next.to_string())));
    let lease = expired_claim(&site.store, 2);
    site.store.take_over(lease).expect("an answer").expect("taken over");
    let (word, status) = get_status(&reader, &format!("{BACKGROUND}?syncId={first}"));
    assert_eq!((word.as_str(), status["syncId"].as_str()), ("error", Some(&*next.to_string())));
}

#[test]
fn the_legacy_panel_of_a_sheet_is_a_fragment_or_json() {
    let db = TestDatabase::sqlite();
    let (site, sheet) = open_site(&db);
    let id = site.begin_sync(&sheet);
    let reader = site.add_person("bob", Role::Viewer);
    for path in ["/catalog/sync-status", "/catalog/sync-status/"] {
        for query in [String::new(), format!("?sync={id}"), format!("?syncId={id}&seen=3")] {
            let panel = reader.get(&format!("{path}{query}"));
            assert_eq!(panel.status, 200, "{path}{query}");
            assert!(
                panel.body.starts_with("<section id=\"panel\"") && panel.body.contains(&id.to_string()),
                "{}",
                panel.body
            );
        }
        let program = reader.with_header("Accept", "application/json").get(path).json();
        assert_eq!((&program["status"], &program["syncId"]), (&"downloading".into(), &id.to_string().into()));
        let anything = reader.with_header("Accept", "application/json, text/plain, */*").get(path);
        assert!(anything.body.starts_with("<section"), "{}", anything.body);
        assert_eq!(reader.get(&format!("{path}?sync=nonsense")).status, 404);
    }
    let program = site.add_program("robot", Role::Viewer).with_header("Accept", "application/json");
    assert_eq!(program.get("/catalog/sync-status/").json()["syncId"], id.to_string());
}

#[test]
fn legacy_paths_have_the_permissions_of_the_new_ones() {
    let db = TestDatabase::sqlite();
    let (site, _) = open_site(&db);
    let (visitor, viewer) = (site.visitor(), site.add_program("reader", Role::Viewer));
    for path in [BACKGROUND, "/api/sync-sheets"] {
        assert_eq!(visitor.post(path).expect_refusal(), (401, "sign_in".to_owned()), "{path}");
        assert_eq!(viewer.post(path).expect_refusal(), (403, "admins_only".to_owned()), "{path}");
        let elsewhere = site.visitor().with_header("Sec-Fetch-Site", "cross-site").post(path);
        assert_eq!(elsewhere.expect_refusal(), (403, "cross_site".to_owned()), "{path}");
    }
    assert_eq!(site.store.active_run_ids().expect("an answer"), []);
    assert_eq!(visitor.get(BACKGROUND).expect_refusal(), (401, "sign_in".to_owned()));
    for path in ["/catalog/sync-status", "/catalog/sync-status/"] {
        assert_eq!((visitor.get(path).status, &*visitor.get(path).body), (401, "Log in first."), "{path}");
        let program = visitor.with_header("Accept", "application/json").get(path);
        assert_eq!(program.expect_refusal(), (401, "sign_in".to_owned()), "{path}");
    }

    let open = TestSite::new();
    assert_eq!(
        open.visitor().get(BACKGROUND).expect_refusal(),
        (401, "sign_in".to_owned()),
        "nor is it told that there is none"
    );
    let admin = open.add_program("robot", Role::Admin);
    assert_eq!(admin.get(BACKGROUND).expect_refusal(), (404, "not_found".to_owned()));
    assert_eq!(admin.post(BACKGROUND).expect_refusal(), (404, "not_found".to_owned()));
    let sheet = add_sheet(&open, "sheet", true);
    let id = open.begin_sync(&sheet);
    admin.post(&format!("/api/sync/{id}/cancel"));
    let (word, status) = get_status(&open.visitor(), BACKGROUND);
    assert_eq!(word, "error");
    assert!(!status.to_string().contains("robot"), "visitors are not told who: {status}");
}
