//! The answers of a server are as the description says: each operation with success, and with every error that can be
//! brought about here.

use std::time::Duration;

use lockstep::domain::account::Role;
use lockstep::domain::location::SourceLocation;
use serde_json::{Value, json};

use super::answer_recorder::{AnswerRecorder, PathValues};
use super::refusals::record_refusals;
use super::sample_site::{LABELS, SampleSite, about_run, run_id};
use crate::support::TestDatabase;
use crate::support::stub_server::{StubReply, StubServer};
use crate::support::test_engine::source_draft;
use crate::web::site::{SiteClient, TestSite};

const ITEMS: &str = "/api/catalog/{slug}/items";
const SYNC_LABELS: &str = r#"{"source":"labels","type":"full"}"#;
const SYNC_ALBUMS: &str = r#"{"source":"albums","type":"full"}"#;

#[test]
fn the_answers_are_as_described() {
    let sample = SampleSite::new();
    let mut recorder = AnswerRecorder::new(&sample.site);
    let admin = sample.site.add_program("robot", Role::Admin);
    let synced = record_runs(&mut recorder, &sample, &admin);
    record_decisions(&mut recorder, &sample, &admin);
    let item = record_lists(&mut recorder, &sample, &admin);
    record_files(&mut recorder, &sample, &admin);
    record_feeds(&mut recorder, &sample, &admin);
    record_older_clients(&mut recorder, &sample.site, &admin);
    let values = PathValues { slug: LABELS, run: &synced, item: &item };
    record_refusals(&mut recorder, &sample.site, &admin, values);
    record_cooldowns(&mut recorder);

    assert_eq!(recorder.find_differences(), "");
    let unseen: Vec<String> = recorder.list_unseen().into_iter().filter(|known| !is_an_outage(known)).collect();
    assert_eq!(unseen, Vec::<String>::new(), "described, but never answered here");
}

#[test]
fn an_answer_that_differs_is_found() {
    let site = TestSite::new();
    let wrong = site.visitor().with_header("Authorization", "Bearer wrong");
    let difference = |change: fn(&mut Value)| {
        let mut recorder = AnswerRecorder::new(&site);
        recorder.send(&wrong, "GET", "/api/sources", "/api/sources", None);
        assert_eq!(recorder.find_differences(), "");
        recorder.spoil_last(change);
        recorder.find_differences()
    };
    assert!(difference(|answer| answer["status"] = json!(418)).contains("the status is not described"));
    assert!(difference(|answer| answer["headers"] = json!([])).contains("the header www-authenticate is missing"));
    let found = difference(|answer| answer["headers"].as_array_mut().expect("a list").push(json!(["etag", "x"])));
    assert!(found.contains("the header etag is not described"), "{found}");
    let found = difference(|answer| answer["body"] = json!(r#"{"error":"No.","code":"bad_token","new":1}"#));
    assert!(found.contains("'new'"), "{found}");
    let found = difference(|answer| answer["body"] = json!(r#"{"error":"No.","code":"other"}"#));
    assert!(found.contains("other"), "{found}");
}

/// The test `outage` has the answers with 503, `rate_limit` those with 429, and `slow_clients` those with 408. Nothing
/// is known to be answered with 500.
fn is_an_outage(known: &str) -> bool {
    [" 408", " 429", " 500", " 503"].iter().any(|status| known.ends_with(status))
}

/// Starts, cancels and undoes runs. Returns the id of a sync that updated and removed items.
fn record_runs(recorder: &mut AnswerRecorder, sample: &SampleSite, admin: &SiteClient<'_>) -> String {
    let status = "/api/sync/status/{id}";
    let pending = run_id(&recorder.send(admin, "POST", "/api/sync", "/api/sync", Some(SYNC_LABELS)).json());
    assert_eq!(recorder.send(admin, "POST", "/api/sync", "/api/sync", Some(SYNC_LABELS)).status, 409);
    recorder.get(admin, "/api/history/{id}", about_run(&pending), "");
    recorder.get(admin, status, about_run(&pending), "");
    let forecast = "/api/sync/{id}/undo";
    assert_eq!(recorder.send(admin, "GET", forecast, &about_run(&pending).fill_in(forecast), None).status, 409);
    for path in [forecast, "/api/sync/{id}/removals", "/api/sync/{id}/removals/keep"] {
        recorder.post(admin, path, about_run(&pending), 409);
    }
    let cancel = "/api/sync/{id}/cancel";
    recorder.post(admin, cancel, about_run(&pending), 202);
    recorder.post(admin, cancel, about_run(&pending), 409);

    sample.set_albums(28, "Other");
    let preview = sample.start_and_run(recorder, admin, r#"{"source":"labels","options":{"preview":true}}"#);
    recorder.get(admin, "/api/history/{id}", about_run(&preview), "");
    recorder.get(admin, "/api/history/{id}/changes", about_run(&preview), "?kind=added&q=Title");
    recorder.get(admin, "/history/{id}/changes.csv", about_run(&preview), "?kind=updated&raw=1");
    recorder.get(admin, "/history/{id}/changes.json", about_run(&preview), "");
    let apply = json!({ "source": LABELS, "type": "full", "options": { "applyPreview": preview } }).to_string();
    let synced = sample.start_and_run(recorder, admin, &apply);
    recorder.get(admin, status, about_run(&synced), "");
    recorder.get(&sample.site.visitor(), status, about_run(&synced), "");
    recorder.get(admin, "/api/history/{id}", about_run(&synced), "");
    recorder.get(admin, "/api/history/{id}/changes", about_run(&synced), "?per=7&page=2");

    recorder.get(admin, forecast, about_run(&synced), "");
    let undone = sample.post_and_run(recorder, admin, forecast, &synced);
    recorder.get(admin, status, about_run(&undone), "");
    recorder.post(admin, "/api/sources/{slug}/resume", about_run(&undone), 200);
    recorder.post(admin, "/api/sources/{slug}/resume", about_run(&undone), 409);
    recorder.post(admin, "/api/sources/{slug}/pause", about_run(&undone), 200);
    recorder.post(admin, "/api/sources/{slug}/pause", about_run(&undone), 409);
    synced
}

/// Lists, keeps and removes what a sync withheld.
fn record_decisions(recorder: &mut AnswerRecorder, sample: &SampleSite, admin: &SiteClient<'_>) {
    sample.set_albums(5, "Title");
    let withheld = sample.start_and_run(recorder, admin, SYNC_LABELS);
    recorder.get(admin, "/api/history/{id}", about_run(&withheld), "");
    recorder.get(admin, "/api/history/{id}/changes", about_run(&withheld), "?kind=withheld");
    let preview = sample.start_and_run(recorder, admin, r#"{"source":"labels","options":{"preview":true}}"#);
    recorder.get(admin, "/api/history/{id}/changes", about_run(&preview), "?kind=withheld");
    recorder.get(admin, "/catalog/{slug}/sync/removals.csv", about_run(&withheld), &format!("?sync={withheld}"));
    recorder.post(admin, "/api/sync/{id}/removals/keep", about_run(&withheld), 200);
    let removed = sample.post_and_run(recorder, admin, "/api/sync/{id}/removals", &withheld);
    recorder.get(admin, "/api/sync/status/{id}", about_run(&removed), "");
}

/// Reads lists in all their forms. Returns the id of an item.
fn record_lists(recorder: &mut AnswerRecorder, sample: &SampleSite, admin: &SiteClient<'_>) -> String {
    let visitor = sample.site.visitor();
    let values = about_run("");
    let items = recorder.get(&visitor, ITEMS, values, "?per=2");
    assert_eq!(items["items"].as_array().map(Vec::len), Some(2));
    for query in [
        "?types=1&fields=title&sort=-title",
        "?facet=title&facet=id&q=Title",
        "?changedSince=2020-01-01&per=1",
        "?filter[id][gte]=3&filter[title][contains]=title&filter=",
        "?page=18446744073709551615&per=18446744073709551615",
    ] {
        recorder.get(&visitor, ITEMS, values, query);
    }
    let id = items["items"][0]["id"].as_str().expect("an id").to_owned();
    recorder.get(admin, "/api/catalog/{slug}/items/{id}/history", PathValues { item: &id, ..values }, "");
    for client in [&visitor, admin] {
        recorder.get(client, "/api/sources", values, "?per=2");
        recorder.get(client, "/api/health", values, "");
        recorder.get(client, "/api/health/sync", values, "");
        recorder.get(client, "/api/openapi.json", values, "");
    }
    recorder.get(admin, "/api/history", values, "?source=labels&status=completed");
    recorder.get(admin, "/api/history", values, "?status=&source=");
    recorder.get(admin, "/api/audit", values, "?per=100");
    id
}

/// Downloads files and feeds, and the issues of a run that skipped rows, and of one that failed.
fn record_files(recorder: &mut AnswerRecorder, sample: &SampleSite, admin: &SiteClient<'_>) {
    let (site, visitor) = (&sample.site, sample.site.visitor());
    for extension in ["csv", "json", "ndjson", "xlsx", "atom", "feed.json"] {
        recorder.get(&visitor, &format!("/catalog/{{slug}}.{extension}"), about_run(""), "");
    }
    recorder.get(&visitor, "/catalog/{slug}.csv", about_run(""), "?raw=1&fields=title&filter[id][lt]=3");
    let source = site.fill_csv("skips", "id,title\n1,One\n,None\n2,Two\n2,Twice\n");
    let skipped = recorder.get(admin, "/api/history", about_run(""), "?source=skips")["items"][0]["syncId"].clone();
    let skipped = skipped.as_str().expect("an id");
    recorder.get(admin, "/api/history/{id}/issues", about_run(skipped), "");
    recorder.get(admin, "/history/{id}/issues.csv", about_run(skipped), "");
    recorder.get(admin, "/history/{id}/issues.csv", about_run(skipped), "?all=1&raw=1");
    std::fs::remove_file(site.data_dir().join("skips.csv")).expect("a file");
    site.sync_source(&source);
    let failed = recorder.get(admin, "/api/history", about_run(""), "?status=failed")["items"][0].clone();
    assert!(failed["code"].is_string(), "{failed}");
    recorder.get(admin, "/api/sync/status/{id}", about_run(&run_id(&failed)), "");
    recorder.get(&visitor, "/api/sync/status/{id}", about_run(&run_id(&failed)), "");
}

/// Follows a source of two feeds, one of which fails.
fn record_feeds(recorder: &mut AnswerRecorder, sample: &SampleSite, admin: &SiteClient<'_>) {
    let outside = StubServer::start();
    outside.set_reply("/news.xml", StubReply::feed("News", &["1", "2"]));
    outside.set_reply("/list.opml", StubReply::opml(&[outside.url("/news.xml"), outside.url("/gone.xml")]));
    let news = source_draft("news", "feeds", SourceLocation::Url(outside.url("/list.opml")));
    let news = sample.site.store.add_source(&news, None).expect("a source");
    sample.site.sync_source(&news);
    let run = recorder.get(admin, "/api/history", about_run(""), "?source=news")["items"][0].clone();
    let stats = &run["stats"];
    assert!(["feeds", "articles", "failedFeeds"].iter().all(|name| stats[name].is_object()), "{run}");
    recorder.get(admin, "/api/sync/status/{id}", about_run(&run_id(&run)), "");
    recorder.get(admin, "/api/history/{id}/issues", about_run(&run_id(&run)), "");
    let sources = recorder.get(admin, "/api/sources", about_run(""), "");
    let entries = sources["items"].as_array().expect("a list");
    assert!(entries.iter().any(|source| source["feeds"]["failing"] == 1), "{sources}");
}

/// What older clients ask for.
fn record_older_clients(recorder: &mut AnswerRecorder, site: &TestSite, admin: &SiteClient<'_>) {
    let values = about_run("");
    recorder.get(admin, "/api/sync-sheets-bg", values, "");
    for path in ["/api/sync-sheets-bg", "/api/sync-sheets"] {
        let started = run_id(&recorder.post(admin, path, values, 202));
        assert_eq!(run_id(&recorder.post(admin, path, values, 409)), started);
        for query in [String::new(), format!("?syncId={started}"), format!("?sync={started}")] {
            recorder.get(admin, "/api/sync-sheets-bg", values, &query);
        }
        for path in ["/catalog/sync-status", "/catalog/sync-status/"] {
            recorder.get(&site.visitor(), path, values, "");
            recorder.get(&site.visitor().with_header("Accept", "application/json"), path, values, "");
        }
        recorder.post(admin, "/api/sync/{id}/cancel", about_run(&started), 202);
    }
}

/// Asks for a sheet before there is one, and repeats starts at once, on a site with a long cooldown.
fn record_cooldowns(recorder: &mut AnswerRecorder) {
    let db = TestDatabase::sqlite();
    let data = tempfile::tempdir().expect("a folder");
    let site = TestSite::with_cooldown(db.store(), data, Duration::from_secs(600));
    let admin = site.add_program("robot", Role::Admin);
    let paths = ["/api/sync-sheets", "/api/sync-sheets-bg"];
    for path in paths {
        recorder.post(&admin, path, about_run(""), 404);
    }
    // Its runs fail at once, because there is no such file.
    let sheet = SourceLocation::File(site.data_dir().join("missing.csv"));
    site.store.add_source(&source_draft("sheet", "sheet", sheet), None).expect("a source");
    let started = run_id(&recorder.post(&admin, "/api/sync-sheets", about_run(""), 202));
    site.run_queued(&started);
    for path in paths {
        recorder.post(&admin, path, about_run(""), 429);
    }
    let sync =
        |recorder: &mut AnswerRecorder| recorder.send(&admin, "POST", "/api/sync", "/api/sync", Some(SYNC_ALBUMS));
    let synced = run_id(&sync(recorder).json());
    site.run_queued(&synced);
    assert_eq!(sync(recorder).status, 429);
    let undo = "/api/sync/{id}/undo";
    let undone = run_id(&recorder.post(&admin, undo, about_run(&synced), 202));
    site.run_queued(&undone);
    recorder.post(&admin, undo, about_run(&undone), 429);

    // Two lists of withheld removals, one after the other.
    let rows = |count: usize| (0..count).fold("id\n".to_owned(), |text, row| format!("{text}{row}\n"));
    let many = site.fill_csv("many", &rows(100));
    let mut withhold = |count, status| {
        std::fs::write(site.data_dir().join("many.csv"), rows(count)).expect("a file");
        let sync = site.begin_sync(&many).to_string();
        site.run_queued(&sync);
        recorder.post(&admin, "/api/sync/{id}/removals", about_run(&sync), status)
    };
    site.run_queued(&run_id(&withhold(40, 202)));
    withhold(15, 429);
}
