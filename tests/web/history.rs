//! Past runs, in JSON and as pages.

use lockstep::domain::account::Role;
use lockstep::domain::sync_id::SyncId;
use serde_json::{Value, json};

use super::site::Site;
use crate::support::{Database, on_both_databases};

on_both_databases![
    history_lists_what_has_ended_newest_first,
    an_entry_tells_everything_of_a_run,
    a_run_that_was_just_accepted_has_an_entry,
    changes_show_both_sides_in_column_order,
    issues_are_told_with_their_places,
];

fn site(db: &Database) -> Site {
    Site::on(db.store(), tempfile::tempdir().expect("a folder"))
}

fn ids(list: &Value) -> Vec<&str> {
    list["items"].as_array().expect("items").iter().map(|entry| entry["syncId"].as_str().expect("an id")).collect()
}

/// Gives the file of a source added by [`Site::fill_csv`] another content, and syncs it.
fn refill(site: &Site, source: &lockstep::domain::source::Source, text: &str) -> String {
    std::fs::write(site.data_dir().join(format!("{}.csv", source.slug)), text).expect("a file");
    let id = site.begin(source).to_string();
    site.run(&id);
    id
}

fn latest(site: &Site, source: &lockstep::domain::source::Source) -> String {
    site.store.latest_run(source.id).expect("an answer").expect("a run").to_string()
}

fn history_lists_what_has_ended_newest_first(db: &Database) {
    let site = site(db);
    site.fill(&site.albums);
    site.fill(&site.drafts);
    let (first, second) = (latest(&site, &site.albums), latest(&site, &site.drafts));
    let cancelled = site.begin(&site.albums);
    let reader = site.program("reader", Role::Viewer);
    site.program("robot", Role::Admin).post(&format!("/api/sync/{cancelled}/cancel"));
    let cancelled = cancelled.to_string();
    let get = |query: &str| reader.get(&format!("/api/history{query}")).json();
    let all = get("");
    assert_eq!(ids(&all), [&*cancelled, &*second, &*first]);
    assert_eq!((&all["page"], &all["per"], &all["total"]), (&1.into(), &50.into(), &3.into()));
    assert_eq!(ids(&get("?source=albums")), [&*cancelled, &*first]);
    assert_eq!(ids(&get("?source=albums&status=completed")), [&*first]);
    assert_eq!(ids(&get("?status=failed")), [""; 0]);
    assert_eq!(ids(&get("?source=&status=")), ids(&all));
    let page = get("?per=2&page=2");
    assert_eq!((ids(&page), &page["per"], &page["total"]), (vec![&*first], &2.into(), &3.into()));
    for (query, field) in [("status=running", "status"), ("status=x", "status"), ("page=0", "page"), ("per=a", "per")] {
        let reply = reader.get(&format!("/api/history?{query}"));
        assert_eq!(reply.refusal(), (400, "bad_request".to_owned()), "{query}");
        assert_eq!(reply.json()["field"], field);
    }
    for slug in ["nothing", "Not%20a%20slug"] {
        assert_eq!(reader.get(&format!("/api/history?source={slug}")).refusal(), (404, "not_found".to_owned()));
    }
}

fn an_entry_tells_everything_of_a_run(db: &Database) {
    let site = site(db);
    site.fill(&site.albums);
    let id = latest(&site, &site.albums);
    let reader = site.program("reader", Role::Viewer);
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
    });
    assert_eq!(Value::Object(rest), expected);
}

fn a_run_that_was_just_accepted_has_an_entry(db: &Database) {
    let site = site(db);
    let admin = site.program("robot", Role::Admin);
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
    site.run(id);
    assert_eq!(admin.get(&format!("/api/history/{id}")).json()["status"], "completed");
}

fn changes_show_both_sides_in_column_order(db: &Database) {
    let site = site(db);
    let source = site.fill_csv("books", "year,id,title\n1959,a1,One\n1957,a2,Two\n1960,a3,Three\n");
    let first = latest(&site, &source);
    let second = refill(&site, &source, "year,id,title\n1959,a1,Other\n1957,a2,Two\n1999,a4,<b>Four</b>\n");
    let reader = site.program("reader", Role::Viewer);
    let get = |id: &str, query: &str| reader.get(&format!("/api/history/{id}/changes{query}"));
    let updated = get(&second, "?kind=updated");
    let expected = r#""items":[{"key":"a1","kind":"updated","before":{"year":"1959","id":"a1","title":"One"},"after":{"year":"1959","id":"a1","title":"Other"}}]"#;
    assert!(updated.body.contains(expected), "{}", updated.body);
    assert_eq!(get(&second, "?kind=removed").json()["items"][0]["after"], Value::Null);
    assert_eq!(get(&second, "?kind=added").json()["items"][0]["before"], Value::Null);
    let then = get(&first, "?kind=added&per=2").json();
    assert_eq!((&then["total"], &then["items"][0]["after"]["title"]), (&3.into(), &"One".into()));
    assert_eq!(get(&first, "?kind=added&per=2&page=2").json()["items"][0]["key"], "a3");
    for (query, field) in [("", "kind"), ("?kind=changed", "kind"), ("?kind=added&page=x", "page")] {
        let reply = get(&first, query);
        assert_eq!((reply.refusal(), &reply.json()["field"]), ((400, "bad_request".to_owned()), &field.into()));
    }
}

fn issues_are_told_with_their_places(db: &Database) {
    let site = site(db);
    let source = site.fill_csv("books", "id,title\na,One\n,Two\na,Three\n");
    let path = format!("/api/history/{}/issues", latest(&site, &source));
    let reader = site.program("reader", Role::Viewer);
    let all = reader.get(&path).json();
    assert_eq!(
        (&all["total"], &all["items"][0]["row"], &all["items"][0]["kind"]),
        (&2.into(), &3.into(), &"refused".into())
    );
    let names: Vec<&String> = all["items"][1].as_object().expect("an object").keys().collect();
    assert_eq!(names, ["column", "kind", "reason", "row"]);
    assert_eq!(reader.get(&format!("{path}?per=1&page=2")).json()["items"][0]["row"], 4);
}

#[test]
fn history_is_for_those_who_have_an_account() {
    let site = Site::new();
    site.fill(&site.albums);
    let id = latest(&site, &site.albums);
    let paths = ["", &*format!("/{id}"), &*format!("/{id}/changes?kind=added"), &*format!("/{id}/issues")];
    let (program, person) = (site.program("reader", Role::Viewer), site.person("bob", Role::Viewer));
    for path in paths {
        let path = format!("/api/history{path}");
        assert_eq!(site.visitor().get(&path).refusal(), (401, "sign_in".to_owned()), "{path}");
        assert_eq!((program.get(&path).status, person.get(&path).status), (200, 200), "{path}");
    }
    for id in [&*SyncId::new().to_string(), "nonsense", "..%2F..%2Fetc"] {
        for rest in ["", "/changes?kind=added", "/issues"] {
            let path = format!("/api/history/{id}{rest}");
            assert_eq!(program.get(&path).refusal(), (404, "not_found".to_owned()), "{path}");
            assert_eq!(site.visitor().get(&path).refusal(), (401, "sign_in".to_owned()), "{path}");
        }
    }
}

/// The start tag of the form that begins the run again, where there is one.
fn again(page: &str) -> Option<&str> {
    let (_, rest) = page.split_once(r#"<form method="post" action="/catalog/"#)?;
    rest.split_once("</form>").map(|(form, _)| form)
}

#[test]
fn the_page_lists_runs_and_what_they_came_to() {
    let site = Site::new();
    let reader = site.person("bob", Role::Viewer);
    let nothing = reader.get("/history");
    assert!(nothing.status == 200 && nothing.body.contains("Nothing has run yet."), "{}", nothing.body);
    let source = site.fill_csv("books", "id,title\na,One\n,Two\n");
    refill(&site, &source, "title\nOne\n");
    site.fill(&site.albums);
    let waiting = site.begin(&site.drafts);
    let page = reader.get("/history").body;
    for said in ["There is no column", "<b>1</b> added", "<b>1</b> refused", "by ada", "1–3 of 3"] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(page.contains(&format!("/history/{waiting}")) && page.contains("Waiting"), "{page}");
    let count = |query: &str| reader.get(&format!("/history{query}")).body.matches("<h2><a href=\"/history/").count();
    assert_eq!(
        (count(""), count("?source=books"), count("?status=failed"), count("?page=2")),
        (4, 2, 1, 4),
        "a page too far is the last"
    );
    assert_eq!((count("?source=drafts"), count("?source=drafts&status=failed"), count("?source=nothing")), (1, 0, 0));
    assert!(reader.get("/history?source=nothing").body.contains("No such run."));
    assert!(reader.get("/catalog/books").body.contains("/history?source=books"));
    assert!(!site.visitor().get("/catalog/albums").body.contains("/history"), "visitors are not led to a closed door");
}

#[test]
fn the_page_of_a_run_tells_it_in_full() {
    let site = Site::new();
    let source = site.fill_csv("books", "id,title\na,One\nb,Two\n,Three\n");
    let first = latest(&site, &source);
    let second = refill(&site, &source, "id,title\na,<i>Other</i>\nc,New\n");
    let admin = site.person("ada", Role::Admin);
    let page = admin.get(&format!("/history/{second}?kind=updated")).body;
    for said in [
        "Sync completed",
        "&#60;i&#62;Other&#60;/i&#62;",
        "<del>One</del>",
        "Where the time went",
        "Processing",
        &second,
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(again(&page).is_none(), "it completed: {page}");
    let page = admin.get(&format!("/history/{first}")).body;
    assert!(page.contains("Row 4, id") && page.contains(&format!("/history/{first}/issues.csv")), "{page}");
    let panel = admin.get(&format!("/catalog/books/sync-status?sync={first}")).body;
    assert!(panel.contains(&format!("href=\"/history/{first}\"")), "{panel}");
    let visited = site.visitor().get(&format!("/catalog/books/sync-status?sync={first}")).body;
    assert!(!visited.contains("/history/"), "{visited}");
}

#[test]
fn only_admins_are_offered_to_try_again_and_only_where_it_makes_sense() {
    let site = Site::new();
    let source = site.fill_csv("books", "id,title\na,One\n");
    let failed = refill(&site, &source, "title\nOne\n");
    let (admin, viewer) = (site.person("ada", Role::Admin), site.person("bob", Role::Viewer));
    let path = format!("/history/{failed}");
    let page = admin.get(&path).body;
    let form = again(&page).expect("a form");
    assert!(form.starts_with("books/sync") && form.contains("value=\"full\""), "{form}");
    assert!(again(&viewer.get(&path).body).is_none());
    // The answer without JavaScript leads to the catalog, which shows the run.
    let pressed = admin.post_form("/catalog/books/sync", &[("action", "full")]);
    assert_eq!((pressed.status, pressed.header("location")), (303, Some("/catalog/books")));
    assert!(again(&admin.get(&path).body).is_none(), "one is active");
    let waiting = latest(&site, &source);
    let page = admin.get(&format!("/history/{waiting}")).body;
    assert!(page.contains("Waiting") && page.contains("Follow it in the catalog") && again(&page).is_none(), "{page}");
    admin.post_form("/catalog/books/sync/cancel", &[]);
    assert!(again(&admin.get(&format!("/history/{waiting}")).body).is_some());
}

#[test]
fn a_cancelled_preview_is_not_said_to_have_committed_anything() {
    let site = Site::new();
    site.fill(&site.albums);
    let admin = site.person("ada", Role::Admin);
    admin.post_form("/catalog/albums/sync", &[("action", "preview")]);
    let panel = admin.with("HX-Request", "true").post("/catalog/albums/sync/cancel").body;
    assert!(panel.contains("Nothing was written.") && !panel.contains("committed"), "{panel}");
}

#[test]
fn issues_are_downloaded_and_no_cell_is_a_formula() {
    let site = Site::new();
    let source = site.fill_csv("films", "id,=title\n,One\na,Two\na,Three\nb,Fo\0ur\n");
    let id = latest(&site, &source);
    let path = format!("/history/{id}/issues.csv");
    let reply = site.program("reader", Role::Viewer).get(&path);
    assert_eq!(reply.header("content-type"), Some("text/csv; charset=utf-8"));
    let disposition = format!("attachment; filename=\"films-issues-{id}.csv\"");
    assert_eq!(reply.header("content-disposition"), Some(&*disposition));
    let mut lines = reply.body.lines();
    assert_eq!(lines.next(), Some("row,column,kind,reason"));
    let begins = ["2,id,refused,", "4,id,refused,", "5,'=title,noted,"];
    assert!(
        lines.clone().count() == 3 && lines.zip(begins).all(|(line, begin)| line.starts_with(begin)),
        "{}",
        reply.body
    );
    assert_eq!(site.visitor().get(&path).refusal(), (401, "sign_in".to_owned()));
    assert_eq!(site.person("bob", Role::Viewer).get(&path).status, 200);
    let unknown = format!("/history/{}/issues.csv", SyncId::new());
    assert_eq!(site.program("other", Role::Viewer).get(&unknown).refusal(), (404, "not_found".to_owned()));
}

#[test]
fn visitors_are_sent_to_sign_in_and_an_unknown_run_is_a_page_of_its_own() {
    let site = Site::new();
    site.fill(&site.albums);
    let id = latest(&site, &site.albums);
    for path in ["/history".to_owned(), format!("/history/{id}"), "/history/nonsense".to_owned()] {
        let reply = site.visitor().get(&path);
        let there = format!("/login?next={}", path.replace('/', "%2F"));
        assert_eq!((reply.status, reply.header("location")), (303, Some(&*there)), "{path}");
    }
    let reader = site.person("bob", Role::Viewer);
    for id in ["nonsense", &SyncId::new().to_string()] {
        let reply = reader.get(&format!("/history/{id}"));
        assert!(reply.status == 404 && reply.body.contains("There is no such sync"), "{}", reply.body);
    }
}
