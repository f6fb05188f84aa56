//! Past runs, in JSON.

use lockstep::domain::account::Role;
use lockstep::domain::sync_id::SyncId;
use serde_json::{Value, json};

use super::site::TestSite;
use crate::support::{TestDatabase, on_both_databases};

on_both_databases![
    history_lists_what_has_ended_newest_first,
    an_entry_has_all_details_of_a_run,
    a_run_that_was_just_accepted_has_an_entry,
    changes_show_both_sides_in_column_order,
    issues_are_listed_with_row_and_column,
];

fn open_site(db: &TestDatabase) -> TestSite {
    TestSite::on_store(db.store(), tempfile::tempdir().expect("a folder"))
}

/// The ids of the runs in a list.
pub(super) fn list_ids(list: &Value) -> Vec<&str> {
    list["items"].as_array().expect("items").iter().map(|entry| entry["syncId"].as_str().expect("an id")).collect()
}

/// Replaces the file of a source that [`TestSite::fill_csv`] added, syncs it, and returns the id of the run.
pub(super) fn sync_again(site: &TestSite, source: &lockstep::domain::source::Source, text: &str) -> String {
    std::fs::write(site.data_dir().join(format!("{}.csv", source.slug)), text).expect("a file");
    let id = site.begin_sync(source).to_string();
    site.run_queued(&id);
    id
}

/// The id of the newest run of a source.
pub(super) fn latest_run(site: &TestSite, source: &lockstep::domain::source::Source) -> String {
    site.store.latest_run(source.id, None).expect("an answer").expect("a run").to_string()
}

fn history_lists_what_has_ended_newest_first(db: &TestDatabase) {
    let site = open_site(db);
    site.sync_source(&site.albums);
    site.sync_source(&site.drafts);
    let (first, second) = (latest_run(&site, &site.albums), latest_run(&site, &site.drafts));
    let cancelled = site.begin_sync(&site.albums);
    let reader = site.add_program("reader", Role::Viewer);
    site.add_program("robot", Role::Admin).post(&format!("/api/sync/{cancelled}/cancel"));
    let cancelled = cancelled.to_string();
    let get = |query: &str| reader.get(&format!("/api/history{query}")).json();
    let all = get("");
    assert_eq!(list_ids(&all), [&*cancelled, &*second, &*first]);
    assert_eq!((&all["page"], &all["per"], &all["total"]), (&1.into(), &50.into(), &3.into()));
    assert_eq!(list_ids(&get("?source=albums")), [&*cancelled, &*first]);
    assert_eq!(list_ids(&get("?source=albums&status=completed")), [&*first]);
    assert_eq!(list_ids(&get("?status=failed")), [""; 0]);
    assert_eq!(list_ids(&get("?source=&status=")), list_ids(&all));
    let page = get("?per=2&page=2");
    assert_eq!((list_ids(&page), &page["per"], &page["total"]), (vec![&*first], &2.into(), &3.into()));
    for (query, field) in [("status=running", "status"), ("status=x", "status"), ("page=0", "page"), ("per=a", "per")] {
        let reply = reader.get(&format!("/api/history?{query}"));
        assert_eq!(reply.expect_refusal(), (400, "bad_request".to_owned()), "{query}");
        assert_eq!(reply.json()["field"], field);
    }
    for slug in ["nothing", "Not%20a%20slug"] {
        assert_eq!(reader.get(&format!("/api/history?source={slug}")).expect_refusal(), (404, "not_found".to_owned()));
    }
}

fn an_entry_has_all_details_of_a_run(db: &TestDatabase) {
    let site = open_site(db);
    site.sync_source(&site.albums);
    let id = latest_run(&site, &site.albums);
    let reader = site.add_program("reader", Role::Viewer);
    let entry = reader.get(&format!("/api/history/{id}")).json();
    assert_eq!(entry, reader.get("/api/history").json()["items"][0]);
    let mut rest = entry.as_object().expect("an object").clone();
    for time in ["startTime", "endTime"] {
        let text = rest.remove(time).expect("a time");
        assert!(text.as_str().is_some_and(|text| text.len() == 20 && text.ends_with('Z')), "{text}");
    }
    let duration = rest.remove("duration").and_then(|seconds| seconds.as_f64()).expect("seconds");
    let timings = rest.remove("timings").expect("timings");
    let names: Vec<&String> = timings.as_object().expect("an object").keys().collect();
    assert_eq!(names, ["fetching", "finalizing", "processing", "waiting"]);
    let stages: f64 =
        ["fetching", "processing", "finalizing"].iter().map(|stage| timings[stage].as_f64().expect("seconds")).sum();
    assert!((stages - duration).abs() < 0.0015, "{timings} of {duration}");
    assert_eq!(rest.remove("stats").expect("stats")["added"], 3);
    let expected = json!({
        "syncId": id, "source": "albums", "kind": "sync", "mode": "full", "status": "completed", "error": null,
        "code": null, "message": "3 added, 0 updated, 0 removed.", "progress": 100, "requestedBy": "ada",
        "attempt": 1, "retryOf": null, "successor": null, "issues": 0, "withheldRemovals": 0,
        "target": null, "retriesBefore": null, "retryAt": null,
    });
    assert_eq!(Value::Object(rest), expected);
}

fn a_run_that_was_just_accepted_has_an_entry(db: &TestDatabase) {
    let site = open_site(db);
    let admin = site.add_program("robot", Role::Admin);
    let started = admin.post_json("/api/sync", r#"{"source":"albums"}"#).json();
    let id = started["syncId"].as_str().expect("an id");
    let entry = admin.get(&format!("/api/history/{id}")).json();
    assert_eq!((&entry["status"], &entry["requestedBy"]), (&"pending".into(), &"robot".into()));
    assert_eq!((&entry["endTime"], &entry["duration"]), (&Value::Null, &Value::Null));
    let nothing = json!({ "waiting": null, "fetching": null, "processing": null, "finalizing": null });
    assert_eq!(entry["timings"], nothing);
    for list in ["changes?kind=added", "issues"] {
        assert_eq!(admin.get(&format!("/api/history/{id}/{list}")).json()["total"], 0, "{list}");
    }
    assert_eq!(admin.get("/api/history").json()["total"], 0, "the list is of what has ended");
    site.run_queued(id);
    assert_eq!(admin.get(&format!("/api/history/{id}")).json()["status"], "completed");
}

fn changes_show_both_sides_in_column_order(db: &TestDatabase) {
    let site = open_site(db);
    let source = site.fill_csv("books", "year,id,title\n1959,a1,One\n1957,a2,Two\n1960,a3,Three\n");
    let first = latest_run(&site, &source);
    let second = sync_again(&site, &source, "year,id,title\n1959,a1,Other\n1957,a2,Two\n1999,a4,<b>Four</b>\n");
    let reader = site.add_program("reader", Role::Viewer);
    let get = |id: &str, query: &str| reader.get(&format!("/api/history/{id}/changes{query}"));
    let updated = get(&second, "?kind=updated");
    let expected = r#""items":[{"key":"a1","kind":"updated","before":{"year":"1959","id":"a1","title":"One"},"after":{"year":"1959","id":"a1","title":"Other"}}]"#;
    assert!(updated.body.contains(expected), "{}", updated.body);
    assert_eq!(get(&second, "?kind=removed").json()["items"][0]["after"], Value::Null);
    assert_eq!(get(&second, "?kind=added").json()["items"][0]["before"], Value::Null);
    let then = get(&first, "?kind=added&per=2").json();
    assert_eq!((&then["total"], &then["items"][0]["after"]["title"]), (&3.into(), &"One".into()));
    assert_eq!(get(&first, "?kind=added&per=2&page=2").json()["items"][0]["key"], "a3");
    for (query, field) in [("?kind=changed", "kind"), ("?kind=added&page=x", "page")] {
        let reply = get(&first, query);
        assert_eq!((reply.expect_refusal(), &reply.json()["field"]), ((400, "bad_request".to_owned()), &field.into()));
    }
}

fn issues_are_listed_with_row_and_column(db: &TestDatabase) {
    let site = open_site(db);
    let source = site.fill_csv("books", "id,title\na,One\n,Two\na,Three\n");
    let path = format!("/api/history/{}/issues", latest_run(&site, &source));
    let reader = site.add_program("reader", Role::Viewer);
    let all = reader.get(&path).json();
    assert_eq!(
        (&all["total"], &all["items"][0]["row"], &all["items"][0]["kind"]),
        (&2.into(), &3.into(), &"refused".into())
    );
    let names: Vec<&String> = all["items"][1].as_object().expect("an object").keys().collect();
    assert_eq!(names, ["cells", "column", "kind", "reason", "row"]);
    assert_eq!(all["items"][0]["cells"], json!({ "id": "", "title": "Two" }));
    assert_eq!(all["items"][1]["cells"], json!({ "id": "a", "title": "Three" }));
    assert_eq!(reader.get(&format!("{path}?per=1&page=2")).json()["items"][0]["row"], 4);
}

#[test]
fn history_needs_an_account() {
    let site = TestSite::new();
    site.sync_source(&site.albums);
    let id = latest_run(&site, &site.albums);
    let paths = ["", &*format!("/{id}"), &*format!("/{id}/changes?kind=added"), &*format!("/{id}/issues")];
    let (program, person) = (site.add_program("reader", Role::Viewer), site.add_person("bob", Role::Viewer));
    for path in paths {
        let path = format!("/api/history{path}");
        assert_eq!(site.visitor().get(&path).expect_refusal(), (401, "sign_in".to_owned()), "{path}");
        assert_eq!((program.get(&path).status, person.get(&path).status), (200, 200), "{path}");
    }
    for id in [&*SyncId::new().to_string(), "nonsense", "..%2F..%2Fetc"] {
        for rest in ["", "/changes?kind=added", "/issues"] {
            let path = format!("/api/history/{id}{rest}");
            assert_eq!(program.get(&path).expect_refusal(), (404, "not_found".to_owned()), "{path}");
            assert_eq!(site.visitor().get(&path).expect_refusal(), (401, "sign_in".to_owned()), "{path}");
        }
    }
}
