//! The log lines of a run on its page.

use chrono::{SecondsFormat, TimeDelta, Utc};
use lockstep::domain::account::Role;
use lockstep::domain::sync_id::SyncId;
use serde_json::{Value, json};

use super::history::latest_run;
use super::site::TestSite;
use crate::support::{TestDatabase, on_both_databases};

on_both_databases![the_log_of_a_run_has_its_lines_of_all_files_in_order];

fn line(seconds: i64, id: &str, mut fields: Value) -> String {
    fields["syncId"] = id.into();
    let time = (Utc::now() + TimeDelta::seconds(seconds)).to_rfc3339_opts(SecondsFormat::Millis, true);
    let rest = fields.to_string();
    format!("{{\"time\":\"{time}\",{}\n", &rest[1..])
}

fn write_log(site: &TestSite, name: &str, text: &str) {
    let folder = site.data_dir().join("logs");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join(name), text).expect("written");
}

fn the_log_of_a_run_has_its_lines_of_all_files_in_order(db: &TestDatabase) {
    let site = TestSite::on_store(db.store(), tempfile::tempdir().expect("a folder"));
    site.sync_source(&site.albums);
    let id = latest_run(&site, &site.albums);
    let other = SyncId::new().to_string();
    write_log(&site, "sync.jsonl.1", &line(-3, &id, json!({ "event": "accepted", "message": "first <b>" })));
    let ended = json!({ "event": "ended", "level": "warn", "message": "fourth", "durationMs": 1500, "added": 48000 });
    let strange = line(-1, &other, json!({ "event": "started", "message": format!("it names {id}") }));
    let stage = json!({ "event": "stage", "stage": "processing", "message": "third" });
    let sync = [&*line(-1, &id, stage), &strange, "{\"time\":\"20", "\n", &line(0, &id, ended)].concat();
    write_log(&site, "sync.jsonl", &sync);
    let fetched =
        json!({ "event": "fetched", "host": "example.org", "path": "/a.csv", "status": 200, "message": "second" });
    write_log(&site, "fetch.jsonl", &line(-2, &id, fetched));
    write_log(&site, "health.jsonl", &line(-2, &id, json!({ "event": "health", "message": "of the server" })));

    let admin = site.add_person("ada", Role::Admin);
    let page = admin.get(&format!("/history/{id}/log")).body;
    let messages =
        ["first &#60;b&#62;", ">Fetched<", "message\">second", ">Stage begun<", ">Processing<", "third", "fourth"];
    let places: Vec<Option<usize>> = messages.iter().map(|text| page.find(text)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?}: {page}");
    for text in
        ["<i>took</i> 1.5 s", "<i>added</i> 48,000", "<i>host</i> example.org", "<i>status</i> 200", "UTC</relative"]
    {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(page.contains("log lines of this server only"), "{page}");
    assert!(!page.contains("it names") && !page.contains("of the server</"), "{page}");

    let run = admin.get(&format!("/history/{id}")).body;
    let link = format!("href=\"/history/{id}/log\"");
    assert!(run.contains("<details id=\"run-log\"") && run.contains(&link) && !run.contains("fourth"), "{run}");
    let viewed = site.add_person("bob", Role::Viewer).get(&format!("/history/{id}")).body;
    assert!(!viewed.contains("run-log"), "{viewed}");
}

#[test]
fn a_log_shows_the_newest_200_lines_and_never_fails() {
    let site = TestSite::new();
    site.sync_source(&site.albums);
    let id = latest_run(&site, &site.albums);
    let admin = site.add_person("ada", Role::Admin);
    let log = || admin.get(&format!("/history/{id}/log"));
    let nothing = log();
    assert!(nothing.status == 200 && nothing.body.contains("No lines."), "{}", nothing.body);
    let lines: String = (0..500)
        .map(|number| line(0, &id, json!({ "event": "trouble", "message": format!("number {number}.") })))
        .collect();
    write_log(&site, "sync.jsonl", &lines);
    let page = log().body;
    assert!(page.contains("number 499.") && page.contains("number 300.") && !page.contains("number 299."), "{page}");
    assert!(page.contains("these are its last 200"), "{page}");
    // Neither a folder in the place of a file nor bytes that are no text are an error.
    std::fs::write(site.data_dir().join("logs/fetch.jsonl"), [0xff, b'\n', 0xfe]).expect("written");
    std::fs::remove_file(site.data_dir().join("logs/sync.jsonl")).expect("removed");
    std::fs::create_dir(site.data_dir().join("logs/sync.jsonl")).expect("a folder");
    assert_eq!(log().status, 200);
    let active = site.begin_sync(&site.albums);
    assert_eq!(admin.get(&format!("/history/{active}/log")).status, 200);
    for unknown in [&*SyncId::new().to_string(), "..%2F..%2Fetc"] {
        assert_eq!(admin.get(&format!("/history/{unknown}/log")).status, 404, "{unknown}");
    }
}
